using System.Diagnostics;
using System.Runtime.InteropServices;
using Hypr.Dns.Sockets;
using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns.Server;

/// <summary>A UDP socket: a batch in, its answers out in one call.</summary>
/// <param name="isBound">To one address, from which the kernel answers of itself: no control message need be read again for each answer.</param>
internal sealed unsafe class UdpPort(Worker worker, Descriptor socket, bool isBound) : IoSource(worker, socket)
{
    /// <summary>Batches in a row before another socket has its turn.</summary>
    private const int Turns = 16;

    public override void Ready(uint events, in Moment now)
    {
        var zone = Worker.Parts.Zones.Current;
        for (var turn = 0; turn < Turns; turn++)
        {
            var count = Worker.Udp.Receive(Socket.Number);
            if (count <= 0)
            {
                return;
            }

            Answer(zone, count, turn > 0 && count == UdpBatch.Size, now);
            if (count < UdpBatch.Size)
            {
                return;
            }
        }
    }

    public override void Complete(ForwardRequest request, in Moment now)
    {
        var length = request.Write(Worker.Udp.Output(0), now, Worker.Parts.Responder.Cookies);
        Worker.Udp.Answer(0, request, length);
        Worker.Udp.Send(Socket.Number);
        Worker.Counts.Answered(Worker.Udp.Output(0)[..length]);
        Worker.Counts.Took(request.Began, 1);
    }

    public override void Closed()
    {
    }

    private void Answer(Zone zone, int count, bool pressed, in Moment now)
    {
        var batch = Worker.Udp;
        var (began, answers) = (Stopwatch.GetTimestamp(), 0);
        Worker.Fairness.Begin(now.Milliseconds, pressed);
        for (var i = 0; i < count; i++)
        {
            var length = AnswerOne(zone, i, now);
            if (length > 0)
            {
                Worker.Counts.Answered(batch.Output(i)[..length]);
                answers++;
                batch.Answer(i, length);
            }
        }

        batch.Send(Socket.Number);
        Worker.Counts.Took(began, answers);
        for (var i = 0; i < count; i++)
        {
            batch.Reset(i);
        }
    }

    private int AnswerOne(Zone zone, int index, in Moment now)
    {
        ref var head = ref Worker.Udp.Head(index);
        if ((head.Flags & Libc.MsgTrunc) != 0 || !TryTakeRoute(head, out var incoming))
        {
            return 0;
        }

        head.ControlLength = isBound ? 0 : head.ControlLength;
        var source = SocketAddress.Address(head.Name);
        if (!Worker.Admission.TryIdentify(zone, Socket.Number, incoming, source, now.Milliseconds, out var asker))
        {
            return 0;
        }

        var quota = asker.Machine?.Quota ?? Worker.Fairness.Host;
        if (!Worker.Fairness.Admit(quota))
        {
            Worker.Counts.Dropped();
            return 0;
        }

        var kind = Query.Parse(Worker.Udp.Input(index), stream: false, Worker.Name, Worker.Labels, out var query);
        var verdict = Worker.Parts.Responder.Respond(
            zone, asker, kind, query, Worker.Udp.Output(index), now, ref Worker.Rotation, SocketAddress.AddressBytes(head.Name),
                out var length);
        if (verdict == Verdict.Silent)
        {
            Worker.Counts.Dropped();
        }

        return verdict switch
        {
            Verdict.Answered => length,
            Verdict.Forward => Forward(asker, query, quota, head, index),
            _ => 0,
        };
    }

    private int Forward(in Asker asker, in Query query, Quota quota, in Message head, int index)
    {
        if (!quota.TryForward())
        {
            Worker.Counts.Dropped();
            return 0;
        }

        if (Worker.Parts.Requests.Rent() is not { } request)
        {
            quota.Forwarded();
            Worker.Counts.Dropped();
            return 0;
        }

        request.Set(
            this, query, Worker.Parts.Responder.UpstreamsOf(asker), quota, head.Name, (int)head.NameLength, head.Control,
                (int)head.ControlLength);
        Worker.Parts.Forwarder.Ask(request);
        return 0;
    }

    /// <summary>
    /// Reads the interface from the control message and makes of it the one for the answer: from the address asked, by whichever way leads
    /// to the asker.
    /// A question to a broadcast or multicast address has another address to answer from, and gets none.
    /// </summary>
    private static bool TryTakeRoute(in Message head, out int incoming)
    {
        var control = head.Control;
        incoming = 0;
        if (head.ControlLength < 28 || *(ushort*)head.Name is not (Libc.AfInet or Libc.AfInet6))
        {
            return false;
        }

        // struct cmsghdr is 16 octets; then in_pktinfo (index, local address, header's address) or in6_pktinfo (address, index).
        if (*(int*)(control + 12) == Libc.IpPktInfo)
        {
            incoming = *(int*)(control + 16);
            *(int*)(control + 16) = 0;
            return *(uint*)(control + 20) == *(uint*)(control + 24);
        }

        incoming = *(int*)(control + 32);

        // Link-local addresses need their link, others follow the routes.
        if (control[16] != 0xfe || (control[17] & 0xc0) != 0x80)
        {
            *(int*)(control + 32) = 0;
        }

        return control[16] != 0xff;
    }
}
