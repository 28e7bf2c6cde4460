using Hypr.Linux.Namespaces;
using Hypr.Linux.Netlink;

namespace Hypr.Linux.Nftables;

/// <summary>What a step of a traced packet is (enum nft_trace_types).</summary>
public enum NftTraceType : uint
{
    /// <summary>The base chain's end was reached: its policy decides.</summary>
    Policy = 1,

    /// <summary>The end of a chain that was jumped to.</summary>
    Return = 2,

    /// <summary>A rule that matched.</summary>
    Rule = 3,
}

/// <summary>A step of a traced packet through the rules.</summary>
/// <param name="Rule">The rule's handle; 0 where the step is none.</param>
/// <param name="IsDrop">The packet ends here.</param>
public readonly record struct NftTraceStep(uint Packet, NftTable Table, string Chain, NftTraceType Type, ulong Rule, bool IsDrop);

/// <summary>Hears of every traced packet in one network namespace, its own and those that others trace (<c>nft monitor trace</c>).</summary>
public sealed class NftTraceListener : IDisposable
{
    // enum nfnetlink_groups, include/uapi/linux/netfilter/nfnetlink.h
    private const int TraceGroup = 9;
    private const int ReceiveBuffer = 1024 * 1024;
    private const int VerdictDrop = 0;
    private readonly NetlinkSocket _socket;

    private NftTraceListener(NetlinkSocket socket) => _socket = socket;

    /// <summary>Every step after this returns is told.</summary>
    public static NftTraceListener Open(NetworkNamespace where) => where.Run(static () =>
    {
        var socket = NetlinkSocket.Open(NetlinkSocket.Netfilter);
        socket.ReceiveBuffer(ReceiveBuffer);
        socket.Join(TraceGroup);
        return new NftTraceListener(socket);
    });

    /// <summary>What has happened since the last call; does not wait.</summary>
    public List<NftTraceStep> Take()
    {
        var steps = new List<NftTraceStep>();
        while (true)
        {
            var datagram = _socket.ReceiveNotifications("nftables traces", out var overrun);
            if (datagram.IsEmpty && !overrun)
                return steps;
            while (NetlinkMessage.TryTake(ref datagram, out var m))
            {
                if (m.Type == (NftMessage.Subsystem | NftMessage.Trace) && m.Payload.Length >= 4)
                    steps.Add(Parse(m));
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    internal static NftTraceStep Parse(NetlinkMessage m)
    {
        string table = "", chain = "";
        uint id = 0, type = 0;
        ulong rule = 0;
        int verdict = -1;
        uint? policy = null;
        for (var a = m.Attributes(4); a.Next();)
        {
            switch (a.Type)
            {
                case Nfta.TraceTable: table = a.Text(); break;
                case Nfta.TraceChain: chain = a.Text(); break;
                case Nfta.TraceRuleHandle: rule = a.U64Be(); break;
                case Nfta.TraceType: type = a.U32Be(); break;
                case Nfta.TraceId: id = a.U32Be(); break;
                case Nfta.TracePolicy: policy = a.U32Be(); break;
                case Nfta.TraceVerdict:
                    for (var v = a.Nested(); v.Next();)
                    {
                        if (v.Type == Nfta.VerdictCode)
                            verdict = (int)v.U32Be();
                    }

                    break;
            }
        }

        var isDrop = (NftTraceType)type == NftTraceType.Policy ? policy == VerdictDrop : verdict == VerdictDrop;
        return new NftTraceStep(id, new NftTable(m.Payload.IsEmpty ? default : (NftFamily)m.Payload[0], table), chain, (NftTraceType)type, rule, isDrop);
    }
}
