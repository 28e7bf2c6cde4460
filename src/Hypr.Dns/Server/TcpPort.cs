using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hypr.Dns.Sockets;

namespace Hypr.Dns.Server;

/// <summary>A listener. A connection of nobody that is answered is closed at once.</summary>
internal sealed unsafe class TcpPort(Worker worker, Descriptor socket, bool v6) : IoSource(worker, socket)
{
    /// <summary>Connections taken before other sockets have their turn.</summary>
    private const int Turns = 64;

    public override void Ready(uint events, in Moment now)
    {
        var address = stackalloc byte[SocketAddress.Size];
        for (var turn = 0; turn < Turns; turn++)
        {
            var length = SocketAddress.Size;
            var number = Libc.accept4(Socket.Number, address, &length, Libc.NonBlockCloseExec);
            if (number < 0)
            {
                // No descriptors left: the one idle the longest makes room, and the waiting one is taken at the next turn.
                if (Marshal.GetLastPInvokeError() is Libc.EMFile or Libc.ENFile && Worker.Tcp.CloseOldest())
                {
                    continue;
                }

                return;
            }

            Accept(new Descriptor(number), address, now);
        }
    }

    public override void Complete(ForwardRequest request, in Moment now) => throw new InvalidOperationException("A listener asks nothing.");

    public override void Closed()
    {
    }

    private void Accept(Descriptor socket, byte* address, in Moment now)
    {
        var incoming = SocketFactory.IncomingInterface(socket, v6);
        var source = SocketAddress.Address(address);
        if (!Worker.Admission.TryIdentify(Worker.Parts.Zones.Current, socket.Number, incoming, source, now.Milliseconds, out _))
        {
            socket.Dispose();
            return;
        }

        SocketFactory.Set(socket, Libc.SolTcp, Libc.TcpNoDelay, 1);
        Worker.Tcp.Add(new TcpConnection(Worker, socket, incoming, new ReadOnlySpan<byte>(address, SocketAddress.Size)), now);
    }
}
