using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Messages;

/// <summary>How far a guest is.</summary>
public enum GuestState : byte
{
    /// <summary>Booted, knows nothing: wants its configuration.</summary>
    Fresh = 0,

    /// <summary>Configured, the image's process was not started.</summary>
    Configured = 1,

    /// <summary>The image's process runs.</summary>
    Running = 2,

    /// <summary>It has ended.</summary>
    Ended = 3,
}

/// <summary>How the image's process ended.</summary>
/// <param name="Code">0 to 255; 128 + number for a signal.</param>
/// <param name="OomKilled">The kernel killed a process of the guest for want of memory, and this one ended by SIGKILL.</param>
/// <param name="UnixTimeNanoseconds">By the guest's clock.</param>
public readonly record struct MainExit(int Code, bool OomKilled, long UnixTimeNanoseconds)
{
    public DateTimeOffset Time => DateTimeOffset.UnixEpoch.AddTicks(UnixTimeNanoseconds / 100);

    public void Encode(WireWriter w)
    {
        w.U8((byte)Code);
        w.Bool(OomKilled);
        w.I64(UnixTimeNanoseconds);
    }

    public static MainExit Decode(ref WireReader r) => new(r.U8(), r.Bool(), r.I64());
}

/// <summary>The agent's first word on every connection.</summary>
public sealed record Hello
{
    /// <summary>Of this protocol; a change that an older side cannot ignore raises it.</summary>
    public const ushort CurrentProtocol = 1;

    /// <summary>The first field in every version; of another one it is all that is read.</summary>
    public ushort Protocol { get; init; } = CurrentProtocol;
    public required string AgentVersion { get; init; }

    /// <summary>uname -r.</summary>
    public required string Kernel { get; init; }
    public required GuestState State { get; init; }

    /// <summary>Of the image's process, while it runs; else 0.</summary>
    public int Pid { get; init; }

    /// <summary>Present when it has ended.</summary>
    public MainExit? Exit { get; init; }

    /// <summary>All bytes of the image's process's output before this position are lost to the agent.</summary>
    public ulong OutputStart { get; init; }

    /// <summary>Bytes of output so far.</summary>
    public ulong OutputEnd { get; init; }

    public void Encode(WireWriter w)
    {
        w.U16(Protocol);
        w.Text(AgentVersion);
        w.Text(Kernel);
        w.U8((byte)State);
        w.I32(Pid);
        w.Bool(Exit is not null);
        Exit?.Encode(w);
        w.U64(OutputStart);
        w.U64(OutputEnd);
    }

    public static Hello Decode(ref WireReader r)
    {
        var protocol = r.U16();
        if (protocol != CurrentProtocol)
            return new Hello { Protocol = protocol, AgentVersion = "", Kernel = "", State = GuestState.Fresh };
        var version = r.Text();
        var kernel = r.Text();
        var state = (GuestState)r.U8();
        if (state > GuestState.Ended)
            throw new ProtocolException($"guest state {(byte)state} is unknown");
        return new Hello
        {
            Protocol = protocol,
            AgentVersion = version,
            Kernel = kernel,
            State = state,
            Pid = r.I32(),
            Exit = r.Bool() ? MainExit.Decode(ref r) : null,
            OutputStart = r.U64(),
            OutputEnd = r.U64(),
        };
    }
}
