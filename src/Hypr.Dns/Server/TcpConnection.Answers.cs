using System.Buffers.Binary;
using System.Diagnostics;
using Hypr.Dns.Sockets;
using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns.Server;

/// <summary>What was read is answered, here or by the forwarder.</summary>
internal sealed unsafe partial class TcpConnection
{
    /// <summary>Answers the whole frames at the start of the shared input.</summary>
    private void Answer(int have, in Moment now)
    {
        ReadOnlySpan<byte> input = Worker.Tcp.Input.AsSpan(0, have);
        var output = Worker.Tcp.Output;
        var filled = 0;
        while (forwarded < MostForwarded)
        {
            var state = Frame.Take(ref input, out var message);
            if (state == FrameState.Broken)
            {
                Worker.Close(this);
                return;
            }

            if (state == FrameState.Partial)
            {
                break;
            }

            if (!AnswerOne(message, output.AsSpan(filled + 2, Limits.Message), now, out var answer))
            {
                Worker.Close(this);
                return;
            }

            if (answer > 0)
            {
                BinaryPrimitives.WriteUInt16BigEndian(output.AsSpan(filled), (ushort)answer);
                filled += 2 + answer;
            }

            if (filled > Limits.Message)
            {
                if (!Send(output.AsSpan(0, filled)))
                {
                    return;
                }

                filled = 0;
            }
        }

        partial.Append(input);
        if (filled > 0)
        {
            _ = Send(output.AsSpan(0, filled));
        }
    }

    /// <returns>False: it is nobody's any more.</returns>
    private bool AnswerOne(ReadOnlySpan<byte> message, Span<byte> output, in Moment now, out int length)
    {
        length = 0;
        var began = Stopwatch.GetTimestamp();
        var zone = Worker.Parts.Zones.Current;
        fixed (byte* source = address)
        {
            if (!Worker.Admission.TryIdentify(zone, Socket.Number, incoming, SocketAddress.Address(source), now.Milliseconds,
                out var asker))
            {
                return false;
            }

            Worker.Tcp.Touch(this, now.Milliseconds);
            var kind = Query.Parse(message, stream: true, Worker.Name, Worker.Labels, out var query);
            var verdict = Worker.Parts.Responder.Respond(
                zone, asker, kind, query, output, now, ref Worker.Rotation, SocketAddress.AddressBytes(source), out length);
            if (verdict == Verdict.Forward && !Forward(asker, query, source))
            {
                // Over a stream nobody asks again of his own accord, as one does over UDP.
                length = new AnswerContext(Worker.Parts.Responder.Cookies, now.Seconds, SocketAddress.AddressBytes(source), output)
                    .Refuse(query, ResponseCode.ServFail);
            }

            if (length > 0)
            {
                Worker.Counts.Answered(output[..length]);
                Worker.Counts.Took(began, 1);
            }
            else if (verdict == Verdict.Silent)
            {
                Worker.Counts.Dropped();
            }

            return true;
        }
    }

    private bool Forward(in Asker asker, in Query query, byte* source)
    {
        var quota = asker.Machine?.Quota ?? Worker.Fairness.Host;
        if (!quota.TryForward())
        {
            return false;
        }

        if (Worker.Parts.Requests.Rent() is not { } request)
        {
            quota.Forwarded();
            return false;
        }

        forwarded++;
        request.Set(this, query, Worker.Parts.Responder.UpstreamsOf(asker), quota, source, SocketAddress.Size, null, 0);
        Worker.Parts.Forwarder.Ask(request);
        return true;
    }
}
