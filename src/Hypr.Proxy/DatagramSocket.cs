using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Hypr.Proxy;

/// <summary>Which of the host's own addresses a datagram was sent to; an answer must come from there, or the client takes it for a stranger's.</summary>
/// <param name="Link">The link's index, where the address alone does not say it: a link-local one.</param>
internal readonly record struct AskedAddress(UInt128 Address, int Link);

/// <summary>
/// A bound UDP socket of many addresses: recvmsg(2) and sendmsg(2) with IP_PKTINFO or IPV6_PKTINFO (RFC 3542), which .NET has for receiving only. Elsewhere than
/// on Linux answers leave from the address that the kernel prefers.
/// </summary>
internal sealed partial class DatagramSocket : IDisposable
{
    private const int IpLevel = 0;
    private const int IpPacketInfo = 8;
    private const int IPv6Level = 41;
    private const int IPv6ReceivePacketInfo = 49;
    private const int IPv6PacketInfo = 50;
    private const int DontWait = 0x40;
    private const int Again = 11;
    private const int HeaderSize = 16;
    private readonly bool _isIPv6;

    /// <param name="socket">Bound; owned from here on.</param>
    public DatagramSocket(Socket socket)
    {
        Socket = socket;
        _isIPv6 = socket.AddressFamily == AddressFamily.InterNetworkV6;
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption(_isIPv6 ? IPv6Level : IpLevel, _isIPv6 ? IPv6ReceivePacketInfo : IpPacketInfo, BitConverter.GetBytes(1));
    }

    public Socket Socket { get; }

    /// <summary>Waits for a datagram and leaves it there: who waits holds no buffer.</summary>
    public async ValueTask WaitAsync(CancellationToken cancel) => await Socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.Peek, cancel);

    /// <summary>The datagram's length; -1 when none is there (any more).</summary>
    /// <param name="from">Gets the sender.</param>
    public unsafe int Receive(Span<byte> buffer, SocketAddress from, out AskedAddress asked)
    {
        asked = default;
        if (!OperatingSystem.IsLinux())
            return Socket.ReceiveFrom(buffer, SocketFlags.None, from);
        var control = stackalloc byte[64];
        fixed (byte* data = buffer, name = from.Buffer.Span)
        {
            var vector = new Vector { Base = data, Length = (nuint)buffer.Length };
            var message = new Message { Name = name, NameLength = from.Buffer.Length, Vectors = &vector, Count = 1, Control = control, ControlLength = 64 };
            var got = ReceiveMessage((int)Socket.Handle, &message, DontWait);
            if (got < 0)
                return Marshal.GetLastPInvokeError() == Again ? -1 : throw new SocketException(Error());
            from.Size = message.NameLength;
            asked = Asked(control, message.ControlLength);
            return (int)got;
        }
    }

    /// <summary>Sends from the address that was asked; what does not fit in the send buffer is lost, as UDP's datagrams are.</summary>
    public unsafe void Send(ReadOnlySpan<byte> datagram, SocketAddress to, AskedAddress from)
    {
        if (!OperatingSystem.IsLinux())
        {
            Socket.SendTo(datagram, SocketFlags.None, to);
            return;
        }

        var control = stackalloc byte[40];
        fixed (byte* data = datagram, name = to.Buffer.Span)
        {
            var vector = new Vector { Base = data, Length = (nuint)datagram.Length };
            var message = new Message { Name = name, NameLength = to.Size, Vectors = &vector, Count = 1, Control = control, ControlLength = Write(control, from) };
            if (SendMessage((int)Socket.Handle, &message, DontWait) < 0 && Marshal.GetLastPInvokeError() != Again)
                throw new SocketException(Error());
        }
    }

    public void Dispose() => Socket.Dispose();

    /// <summary>struct cmsghdr is length, level, type; then in6_pktinfo (address, link) or in_pktinfo (link, local address, header's address).</summary>
    private unsafe AskedAddress Asked(byte* control, nuint length)
    {
        if (length < HeaderSize + 12)
            return default;
        var (level, type) = (*(int*)(control + 8), *(int*)(control + 12));
        var data = control + HeaderSize;
        if (_isIPv6 && level == IPv6Level && type == IPv6PacketInfo)
            return new AskedAddress(*(UInt128*)data, data[0] == 0xfe && (data[1] & 0xc0) == 0x80 ? *(int*)(data + 16) : 0);
        return level == IpLevel && type == IpPacketInfo ? new AskedAddress(*(uint*)(data + 4), 0) : default;
    }

    private unsafe nuint Write(byte* control, AskedAddress from)
    {
        new Span<byte>(control, 40).Clear();
        var data = control + HeaderSize;
        *(nuint*)control = (nuint)(HeaderSize + (_isIPv6 ? 20 : 12));
        *(int*)(control + 8) = _isIPv6 ? IPv6Level : IpLevel;
        *(int*)(control + 12) = _isIPv6 ? IPv6PacketInfo : IpPacketInfo;
        if (_isIPv6)
        {
            *(UInt128*)data = from.Address;
            *(int*)(data + 16) = from.Link;
            return 40;
        }

        *(uint*)(data + 4) = (uint)from.Address;
        return 32;
    }

    private static int Error() => Marshal.GetLastPInvokeError() switch
    {
        // Their numbers in .NET are Winsock's.
        111 => (int)SocketError.ConnectionRefused,
        90 => (int)SocketError.MessageSize,
        9 => (int)SocketError.OperationAborted,
        _ => (int)SocketError.SocketError,
    };

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    private static unsafe partial nint ReceiveMessage(int socket, Message* message, int flags);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static unsafe partial nint SendMessage(int socket, Message* message, int flags);

    /// <summary>struct iovec.</summary>
    private unsafe struct Vector
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary>struct msghdr of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Message
    {
        public byte* Name;
        public int NameLength;
        public Vector* Vectors;
        public nuint Count;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }
}
