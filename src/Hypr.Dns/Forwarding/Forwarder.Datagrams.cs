using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Hypr.Dns.Server;
using Hypr.Dns.Sockets;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Forwarding;

/// <content>Asking over UDP.</content>
internal sealed unsafe partial class Forwarder
{
    private bool Send(Exchange exchange, Upstream upstream, bool edns, long now)
    {
        ref var attempt = ref exchange.Attempts[exchange.AttemptCount++];
        attempt = new Attempt(upstream, null, null, 0, now, edns);
        if (!TryOpen(upstream, now, out var socket))
        {
            return false;
        }

        attempt.Id = socket.Add(exchange, ids);
        attempt.Socket = socket;
        var length = UpstreamMessage.WriteQuery(buffer, attempt.Id, exchange.Name, exchange.Kind, edns);
        fixed (byte* start = buffer)
        {
            if (Libc.send(socket.Socket.Number, start, (nuint)length, Libc.MsgDontWait | Libc.MsgNoSignal) == length)
            {
                return true;
            }
        }

        Close(ref attempt);
        Fault(upstream, now);
        return false;
    }

    private bool TryOpen(Upstream upstream, long now, out UpstreamSocket socket)
    {
        socket = upstream.Socket!;
        if (socket is not null && !socket.IsSpent(now))
        {
            return true;
        }

        if (socket is not null)
        {
            upstream.Socket = null;
            retired.Add(socket);
        }

        try
        {
            socket = new UpstreamSocket
            {
                Socket = SocketFactory.Connect(upstream.EndPoint, stream: false),
                Upstream = upstream,
                OpenedAt = now
            };
        }
        catch (Win32Exception)
        {
            // No route to it, or no descriptor left.
            Fault(upstream, now);
            return false;
        }

        upstream.Socket = socket;
        Watch(socket, Epoll.In);
        return true;
    }

    private void Receive(UpstreamSocket socket, long now)
    {
        while (true)
        {
            nint length;
            fixed (byte* start = buffer)
            {
                length = Libc.recv(socket.Socket.Number, start, (nuint)buffer.Length, Libc.MsgDontWait);
            }

            if (length < 0)
            {
                if (Marshal.GetLastPInvokeError() is not (Libc.EAgain or Libc.EIntr))
                {
                    Refused(socket, now);
                }

                return;
            }

            // An answer of a wrong id, or to another question, is somebody's guess: it changes nothing (RFC 5452 section 9.1).
            var message = buffer.AsSpan(0, (int)length);
            if (length < Limits.Header || socket.Find(BinaryPrimitives.ReadUInt16BigEndian(message)) is not { } exchange)
            {
                continue;
            }

            var id = BinaryPrimitives.ReadUInt16BigEndian(message);
            if (UpstreamMessage.Answers(message, id, exchange.Name, exchange.Kind.Type))
            {
                Answered(exchange, Find(exchange, socket, id), message, now);
            }
        }
    }

    private static int Find(Exchange exchange, UpstreamSource source, ushort id)
    {
        for (var i = 0; i < exchange.AttemptCount; i++)
        {
            ref var attempt = ref exchange.Attempts[i];
            if (attempt.Id == id && (ReferenceEquals(attempt.Socket, source) || ReferenceEquals(attempt.Stream, source)))
            {
                return i;
            }
        }

        throw new InvalidOperationException("An answer found its exchange, but no attempt of it.");
    }

    /// <summary>The kernel says that nobody is there (ICMP): all who wait on this socket turn to the next at once.</summary>
    private void Refused(UpstreamSocket socket, long now)
    {
        Fault(socket.Upstream, now);
        foreach (var exchange in socket.Waiting)
        {
            var open = false;
            for (var i = 0; i < exchange.AttemptCount; i++)
            {
                if (exchange.Attempts[i].Socket == socket)
                {
                    Close(ref exchange.Attempts[i]);
                }

                open |= exchange.Attempts[i].IsOpen;
            }

            if (!open)
            {
                AskNext(exchange, now);
            }
        }
    }

    private void Fault(Upstream upstream, long now)
    {
        if (upstream.Failed(now))
        {
            logger.UpstreamDown(upstream.EndPoint);
        }

        if (upstream.Socket is { } socket && loops.TryBegin(upstream, now))
        {
            var length = loops.WriteQuery(buffer, ids.Next(), upstream);
            fixed (byte* start = buffer)
            {
                _ = Libc.send(socket.Socket.Number, start, (nuint)length, Libc.MsgDontWait | Libc.MsgNoSignal);
            }
        }
    }

    private void Watch(UpstreamSource source, uint interest)
    {
        source.Slot = freeSlots.TryPop(out var slot) ? slot : sources.Count;
        if (source.Slot == sources.Count)
        {
            sources.Add(null);
        }

        sources[source.Slot] = source;
        epoll.Add(source.Socket, interest, source.Slot);
    }

    private void Unwatch(UpstreamSource source)
    {
        epoll.Remove(source.Socket);
        source.Socket.Dispose();
        sources[source.Slot] = null;
        freeSlots.Push(source.Slot);
    }
}
