using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Hypr.Dns.Sockets;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Forwarding;

/// <content>Asking over TCP.</content>
internal sealed unsafe partial class Forwarder
{
    /// <summary>RFC 7766 section 5: a truncated answer is asked for again over TCP.</summary>
    private bool TryStream(Exchange exchange, ref Attempt attempt, long now)
    {
        if (streams >= MostStreams)
        {
            return false;
        }

        try
        {
            var question = new byte[2 + UpstreamMessage.MostQuery];
            var id = ids.Next();
            var length = UpstreamMessage.WriteQuery(question.AsSpan(2), id, exchange.Name, exchange.Kind, attempt.Edns);
            BinaryPrimitives.WriteUInt16BigEndian(question, (ushort)length);
            var stream = new UpstreamStream
            {
                Socket = SocketFactory.Connect(attempt.Upstream.EndPoint, stream: true),
                Upstream = attempt.Upstream,
                Exchange = exchange,
                Id = id,
                Buffer = question,
                Length = length + 2,
                StartedAt = now,
            };
            streams++;
            Watch(stream, Epoll.Out);
            attempt.Stream = stream;
            attempt.Id = id;
            attempt.At = now;
            exchange.NextAt = now + 1000;
            return true;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private void Continue(UpstreamStream stream, long now)
    {
        var index = Find(stream.Exchange, stream, stream.Id);
        switch (stream.IsSent ? ReadStream(stream) : WriteStream(stream))
        {
            case StreamState.Waiting:
                return;
            case StreamState.Done when UpstreamMessage.Answers(stream.Buffer.AsSpan(2), stream.Id, stream.Exchange.Name,
                stream.Exchange.Kind.Type):
                Answered(stream.Exchange, index, stream.Buffer.AsSpan(2), now);
                return;
            default:
                Close(ref stream.Exchange.Attempts[index]);
                AskNext(stream.Exchange, now);
                return;
        }
    }

    private StreamState WriteStream(UpstreamStream stream)
    {
        fixed (byte* start = stream.Buffer)
        {
            var sent = Libc.send(stream.Socket.Number, start + stream.Done, (nuint)(stream.Length - stream.Done),
                Libc.MsgDontWait | Libc.MsgNoSignal);
            if (sent < 0)
            {
                return Marshal.GetLastPInvokeError() is Libc.EAgain or Libc.EIntr ? StreamState.Waiting : StreamState.Broken;
            }

            stream.Done += (int)sent;
        }

        if (stream.Done == stream.Length)
        {
            stream.IsSent = true;
            stream.Done = 0;
            stream.Length = 2;
            epoll.Change(stream.Socket, Epoll.In, stream.Slot);
        }

        return StreamState.Waiting;
    }

    private static StreamState ReadStream(UpstreamStream stream)
    {
        while (true)
        {
            nint got;
            fixed (byte* start = stream.Buffer)
            {
                got = Libc.recv(stream.Socket.Number, start + stream.Done, (nuint)(stream.Length - stream.Done), Libc.MsgDontWait);
            }

            if (got <= 0)
            {
                return got < 0 && Marshal.GetLastPInvokeError() is Libc.EAgain or Libc.EIntr ? StreamState.Waiting : StreamState.Broken;
            }

            stream.Done += (int)got;
            if (stream.Done < stream.Length)
            {
                continue;
            }

            if (stream.Length > 2)
            {
                return StreamState.Done;
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(stream.Buffer);
            if (length < Limits.Header)
            {
                return StreamState.Broken;
            }

            var whole = new byte[2 + length];
            stream.Buffer.AsSpan(0, 2).CopyTo(whole);
            stream.Buffer = whole;
            stream.Length = whole.Length;
        }
    }

    private enum StreamState
    {
        Waiting,
        Done,
        Broken,
    }
}
