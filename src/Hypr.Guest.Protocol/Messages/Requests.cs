using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Messages;

/// <summary>A further process. The host chooses the session's number and those of its streams; a number is never used twice on a connection.</summary>
/// <param name="Session">Not 0: that is the image's process.</param>
/// <param name="Stdin">Host to guest; 0: none.</param>
/// <param name="Stderr">0 with a tty.</param>
public sealed record ExecRequest(uint Session, uint Stdin, uint Stdout, uint Stderr, ProcessSpecification Process)
{
    public void Encode(WireWriter w)
    {
        w.U32(Session);
        w.U32(Stdin);
        w.U32(Stdout);
        w.U32(Stderr);
        w.Nested(Process.Encode);
    }

    public static ExecRequest Decode(ref WireReader r)
    {
        var (session, stdin, stdout, stderr) = (r.U32(), r.U32(), r.U32(), r.U32());
        var process = new WireReader(r.Bytes());
        return new ExecRequest(session, stdin, stdout, stderr, ProcessSpecification.Decode(ref process));
    }
}

/// <param name="Session">0: the image's process.</param>
public readonly record struct SignalRequest(uint Session, int Signal)
{
    public void Encode(WireWriter w)
    {
        w.U32(Session);
        w.I32(Signal);
    }

    public static SignalRequest Decode(ref WireReader r) => new(r.U32(), r.I32());
}

/// <param name="Session">0: the image's process.</param>
public readonly record struct ResizeRequest(uint Session, ushort Rows, ushort Columns)
{
    public void Encode(WireWriter w)
    {
        w.U32(Session);
        w.U16(Rows);
        w.U16(Columns);
    }

    public static ResizeRequest Decode(ref WireReader r) => new(r.U32(), r.U16(), r.U16());
}

/// <summary>The image's process's output, from a position on, as records (<see cref="OutputRecord"/>) on a stream.</summary>
public readonly record struct OpenOutputRequest(uint Stream, ulong From)
{
    public void Encode(WireWriter w)
    {
        w.U32(Stream);
        w.U64(From);
    }

    public static OpenOutputRequest Decode(ref WireReader r) => new(r.U32(), r.U64());
}

/// <summary>
/// Disks that every machine has, bound to their driver before the machine is known: what is behind them then has nothing to say but that it is there.
/// </summary>
public sealed record BindDisksRequest(IReadOnlyList<DeviceSlot> Slots)
{
    public void Encode(WireWriter w)
    {
        w.U32((uint)Slots.Count);
        foreach (var slot in Slots)
            slot.Encode(w);
    }

    public static BindDisksRequest Decode(ref WireReader r)
    {
        var slots = new DeviceSlot[r.Count(3)];
        for (var i = 0; i < slots.Length; i++)
            slots[i] = DeviceSlot.Decode(ref r);
        return new BindDisksRequest(slots);
    }
}

/// <summary>How an exec ended; its output streams may have bytes still to come.</summary>
public readonly record struct ExecExit(uint Session, int Code)
{
    public void Encode(WireWriter w)
    {
        w.U32(Session);
        w.U8((byte)Code);
    }

    public static ExecExit Decode(ref WireReader r) => new(r.U32(), r.U8());
}

/// <summary>Why a request was not done.</summary>
/// <param name="Code">126 or 127 for a program that cannot be run or is not there, as Docker has it; else 0.</param>
/// <param name="Message">Docker's words where Docker has some.</param>
public readonly record struct Failure(int Code, string Message)
{
    public void Encode(WireWriter w)
    {
        w.U8((byte)Code);
        w.Text(Message);
    }

    public static Failure Decode(ref WireReader r) => new(r.U8(), r.Text());
}
