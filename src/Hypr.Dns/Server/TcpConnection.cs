using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hypr.Dns.Sockets;
using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns.Server;

/// <summary>
/// A connection (RFC 7766): questions one after the other, each answered as soon as its answer is there, whatever the order. It holds
/// memory only
/// while part of a question or of an answer waits. Whoever asks without reading is not read from, and in the end closed.
/// </summary>
internal sealed unsafe class TcpConnection : IoSource
{
    /// <summary>A question that is longer is none.</summary>
    private const int MostQuestion = 4096;

    /// <summary>Questions at the upstreams before no more is read.</summary>
    private const int MostForwarded = 128;

    /// <summary>Octets of answers that wait for a slow reader.</summary>
    private const int MostWaiting = 4 * (Limits.Message + 2);

    private readonly byte[] address;
    private readonly int incoming;
    private byte[]? partial;
    private int partialLength;
    private byte[]? waiting;
    private int waitingLength;
    private int forwarded;
    private bool finished;
    private uint interest = Epoll.In;

    public TcpConnection(Worker worker, Descriptor socket, int incoming, ReadOnlySpan<byte> address)
        : base(worker, socket)
    {
        this.incoming = incoming;
        this.address = address.ToArray();
        Node = new LinkedListNode<TcpConnection>(this);
    }

    public LinkedListNode<TcpConnection> Node { get; }

    /// <summary>When it last asked.</summary>
    public long Used { get; set; }

    public override void Ready(uint events, in Moment now)
    {
        if ((events & (Epoll.HangUp | Epoll.Error)) != 0)
        {
            Worker.Close(this);
            return;
        }

        if ((events & Epoll.Out) != 0 && !Flush())
        {
            return;
        }

        if ((events & Epoll.In) != 0 && !finished)
        {
            Read(now);
        }

        Settle();
    }

    public override void Complete(ForwardRequest request, in Moment now)
    {
        forwarded--;
        var output = Worker.Tcp.Output;
        var length = request.Write(output.AsSpan(2, Limits.Message), now, Worker.Parts.Responder.Cookies);
        BinaryPrimitives.WriteUInt16BigEndian(output, (ushort)length);
        if (Send(output.AsSpan(0, length + 2)))
        {
            // Questions that were left unread for the number outstanding.
            if (partialLength >= 2 && forwarded < MostForwarded && waitingLength == 0)
            {
                Answer(TakePartial(), now);
            }

            Settle();
        }
    }

    public override void Closed()
    {
        Worker.Tcp.Remove(this);
        Release(ref partial);
        Release(ref waiting);
    }

    private void Read(in Moment now)
    {
        var input = Worker.Tcp.Input;
        var have = TakePartial();
        nint got;
        fixed (byte* start = input)
        {
            got = Libc.recv(Socket.Number, start + have, (nuint)(input.Length - have), Libc.MsgDontWait);
        }

        if (got < 0 && Marshal.GetLastPInvokeError() is Libc.EAgain or Libc.EIntr)
        {
            Keep(input.AsSpan(0, have));
            return;
        }

        if (got < 0)
        {
            Worker.Close(this);
            return;
        }

        // A half-closed connection still gets what it asked for.
        finished = got == 0;
        Answer(have + (int)got, now);
    }

    /// <summary>Answers the whole frames at the start of the shared input.</summary>
    private void Answer(int have, in Moment now)
    {
        ReadOnlySpan<byte> input = Worker.Tcp.Input.AsSpan(0, have);
        var output = Worker.Tcp.Output;
        var filled = 0;
        while (input.Length >= 2 && forwarded < MostForwarded)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(input);
            if (length is < Limits.Header or > MostQuestion)
            {
                Worker.Close(this);
                return;
            }

            if (input.Length < 2 + length)
            {
                break;
            }

            if (!AnswerOne(input.Slice(2, length), output.AsSpan(filled + 2, Limits.Message), now, out var answer))
            {
                Worker.Close(this);
                return;
            }

            input = input[(2 + length)..];
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

        Keep(input);
        if (filled > 0)
        {
            _ = Send(output.AsSpan(0, filled));
        }
    }

    /// <returns>False: it is nobody's any more.</returns>
    private bool AnswerOne(ReadOnlySpan<byte> message, Span<byte> output, in Moment now, out int length)
    {
        length = 0;
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

    /// <returns>False: the connection was closed.</returns>
    private bool Send(ReadOnlySpan<byte> answers)
    {
        if (waitingLength == 0)
        {
            fixed (byte* start = answers)
            {
                var sent = Libc.send(Socket.Number, start, (nuint)answers.Length, Libc.MsgDontWait | Libc.MsgNoSignal);
                if (sent < 0 && Marshal.GetLastPInvokeError() is not (Libc.EAgain or Libc.EIntr))
                {
                    Worker.Close(this);
                    return false;
                }

                answers = answers[(int)Math.Max(0, sent)..];
            }
        }

        if (answers.Length == 0)
        {
            return true;
        }

        if (waitingLength + answers.Length > MostWaiting)
        {
            Worker.Close(this);
            return false;
        }

        Append(ref waiting, ref waitingLength, answers);
        return true;
    }

    private bool Flush()
    {
        if (waitingLength == 0)
        {
            return true;
        }

        fixed (byte* start = waiting)
        {
            var sent = (int)Libc.send(Socket.Number, start, (nuint)waitingLength, Libc.MsgDontWait | Libc.MsgNoSignal);
            if (sent < 0)
            {
                if (Marshal.GetLastPInvokeError() is Libc.EAgain or Libc.EIntr)
                {
                    return true;
                }

                Worker.Close(this);
                return false;
            }

            waiting.AsSpan(sent, waitingLength - sent).CopyTo(waiting);
            waitingLength -= sent;
        }

        if (waitingLength == 0)
        {
            Release(ref waiting);
        }

        return true;
    }

    /// <summary>What the connection waits for now. Finished and with nothing to come, it is closed.</summary>
    private void Settle()
    {
        if (IsClosed)
        {
            return;
        }

        if (finished && waitingLength == 0 && forwarded == 0)
        {
            Worker.Close(this);
            return;
        }

        var wanted = waitingLength > 0 ? Epoll.Out : finished || forwarded >= MostForwarded ? 0 : Epoll.In;
        if (wanted != interest)
        {
            interest = wanted;
            Worker.Change(this, wanted);
        }
    }

    /// <summary>Puts the octets kept of the last read at the start of the shared input.</summary>
    private int TakePartial()
    {
        var length = partialLength;
        partial.AsSpan(0, length).CopyTo(Worker.Tcp.Input);
        Release(ref partial);
        partialLength = 0;
        return length;
    }

    private void Keep(ReadOnlySpan<byte> rest)
    {
        if (rest.Length > 0 && !IsClosed)
        {
            Append(ref partial, ref partialLength, rest);
        }
    }

    private static void Append(ref byte[]? buffer, ref int length, ReadOnlySpan<byte> data)
    {
        if (buffer is null || buffer.Length < length + data.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(length + data.Length);
            buffer.AsSpan(0, length).CopyTo(larger);
            Release(ref buffer);
            buffer = larger;
        }

        data.CopyTo(buffer.AsSpan(length));
        length += data.Length;
    }

    private static void Release(ref byte[]? buffer)
    {
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = null;
        }
    }
}
