using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hypr.Dns.Sockets;
using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns.Server;

/// <summary>
/// A connection (RFC 7766): questions one after the other, each answered as soon as its answer is there, whatever the order. It holds memory
/// only while part of a question or of an answer waits. Whoever asks without reading is not read from, and in the end closed.
/// </summary>
internal sealed unsafe partial class TcpConnection : IoSource
{
    /// <summary>Questions at the upstreams before no more is read.</summary>
    private const int MostForwarded = 128;

    /// <summary>Octets of answers that wait for a slow reader.</summary>
    private const int MostWaiting = 4 * (Limits.Message + 2);

    private readonly byte[] address;
    private readonly int incoming;

    /// <summary>Read and not answered yet: the start of a question, or whole ones beyond those that may be outstanding.</summary>
    private KeptOctets partial;

    /// <summary>Answers that could not be sent yet.</summary>
    private KeptOctets waiting;
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

        if ((events & Epoll.Out) != 0)
        {
            if (!Flush())
            {
                return;
            }

            AnswerLeft(now);
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
        Worker.Counts.Answered(output.AsSpan(2, length));
        Worker.Counts.Took(request.Began, 1);
        BinaryPrimitives.WriteUInt16BigEndian(output, (ushort)length);
        if (Send(output.AsSpan(0, length + 2)))
        {
            AnswerLeft(now);
            Settle();
        }
    }

    public override void Closed()
    {
        Worker.Tcp.Remove(this);
        partial.Clear();
        waiting.Clear();
    }

    /// <summary>Questions that were left for the number outstanding, or because answers waited for their reader: no event tells of them again.</summary>
    private void AnswerLeft(in Moment now)
    {
        if (!IsClosed && partial.Length >= Frame.Head && forwarded < MostForwarded && waiting.Length == 0)
        {
            Answer(partial.MoveTo(Worker.Tcp.Input), now);
        }
    }

    private void Read(in Moment now)
    {
        var input = Worker.Tcp.Input;
        var have = partial.MoveTo(input);
        nint got;
        fixed (byte* start = input)
        {
            got = Libc.recv(Socket.Number, start + have, (nuint)(input.Length - have), Libc.MsgDontWait);
        }

        if (got < 0 && Marshal.GetLastPInvokeError() is Libc.EAgain or Libc.EIntr)
        {
            partial.Append(input.AsSpan(0, have));
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

    /// <returns>False: the connection was closed.</returns>
    private bool Send(ReadOnlySpan<byte> answers)
    {
        if (waiting.Length == 0)
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

        if (waiting.Length + answers.Length > MostWaiting)
        {
            Worker.Close(this);
            return false;
        }

        waiting.Append(answers);
        return true;
    }

    private bool Flush()
    {
        if (waiting.Length == 0)
        {
            return true;
        }

        nint sent;
        fixed (byte* start = waiting.Octets)
        {
            sent = Libc.send(Socket.Number, start, (nuint)waiting.Length, Libc.MsgDontWait | Libc.MsgNoSignal);
        }

        if (sent < 0 && Marshal.GetLastPInvokeError() is not (Libc.EAgain or Libc.EIntr))
        {
            Worker.Close(this);
            return false;
        }

        waiting.Drop((int)Math.Max(0, sent));
        return true;
    }

    /// <summary>What the connection waits for now. Finished and with nothing to come, it is closed.</summary>
    private void Settle()
    {
        if (IsClosed)
        {
            return;
        }

        if (finished && waiting.Length == 0 && forwarded == 0)
        {
            Worker.Close(this);
            return;
        }

        var wanted = waiting.Length > 0 ? Epoll.Out : finished || forwarded >= MostForwarded ? 0 : Epoll.In;
        if (wanted != interest)
        {
            interest = wanted;
            Worker.Change(this, wanted);
        }
    }
}
