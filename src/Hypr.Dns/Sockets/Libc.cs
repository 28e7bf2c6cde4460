using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Dns.Sockets;

/// <summary>
/// The C library's socket calls with the layouts of 64-bit Linux (x86-64 and arm64 agree on them, epoll_event apart: <see cref="Epoll"/>).
/// All pointers are to memory that the caller holds for the length of the call; the kernel keeps none.
/// </summary>
internal static unsafe partial class Libc
{
    public const int AfInet = 2;
    public const int AfInet6 = 10;
    public const int SockStream = 1;
    public const int SockDgram = 2;
    public const int NonBlockCloseExec = 0x80800;
    public const int SolSocket = 1;
    public const int SolIp = 0;
    public const int SolTcp = 6;
    public const int SolIpv6 = 41;
    public const int SoReuseAddr = 2;
    public const int SoError = 4;
    public const int SoRcvBuf = 8;
    public const int SoReusePort = 15;
    public const int SoRcvBufForce = 33;
    public const int IpPktInfo = 8;
    public const int IpPktOptions = 9;
    public const int IpMtuDiscover = 10;
    public const int IpFreeBind = 15;
    public const int Ipv6PktOptions = 6;
    public const int Ipv6MtuDiscover = 23;
    public const int Ipv6V6Only = 26;
    public const int Ipv6RecvPktInfo = 49;
    public const int Ipv6PktInfo = 50;
    public const int Ipv6FreeBind = 78;

    /// <summary>IP_PMTUDISC_OMIT: ignore path MTU claims, which anyone may forge to have answers fragmented (RFC 9715).</summary>
    public const int PmtuDiscOmit = 5;
    public const int TcpNoDelay = 1;
    public const int MsgDontWait = 0x40;
    public const int MsgTrunc = 0x20;
    public const int MsgNoSignal = 0x4000;
    public const int EIntr = 4;
    public const int EAgain = 11;
    public const int EMFile = 24;
    public const int ENFile = 23;
    public const int EInProgress = 115;

    /// <summary>SIOCGIFNAME: the name of an interface by its index.</summary>
    public const nuint GetInterfaceName = 0x8910;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int bind(int socket, byte* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int connect(int socket, byte* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int listen(int socket, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int accept4(int socket, byte* address, int* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setsockopt(int socket, int level, int name, void* value, int length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getsockopt(int socket, int level, int name, void* value, int* length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getsockname(int socket, byte* address, int* length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int recvmmsg(int socket, MultiMessage* messages, uint count, int flags, void* timeout);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int sendmmsg(int socket, MultiMessage* messages, uint count, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint recv(int socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint send(int socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int descriptor, void* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(int descriptor, void* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(int descriptor, nuint request, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_ctl(int epoll, int operation, int descriptor, byte* change);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_wait(int epoll, byte* events, int count, int timeout);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int statx(int folder, string path, int flags, uint mask, byte* buffer);
}

/// <summary>struct msghdr.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Message
{
    public byte* Name;
    public uint NameLength;
    public IoVector* Vectors;
    public nuint VectorCount;
    public byte* Control;
    public nuint ControlLength;
    public int Flags;
}

/// <summary>struct mmsghdr.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MultiMessage
{
    public Message Header;
    public uint Length;
}

/// <summary>struct iovec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    public byte* Base;
    public nuint Length;
}

/// <summary>A descriptor that is closed once. The number is used directly only by the thread that also closes it.</summary>
internal sealed class Descriptor : SafeHandleMinusOneIsInvalid
{
    public Descriptor(int number)
        : base(ownsHandle: true) => SetHandle(number);

    public int Number => (int)handle;

    protected override bool ReleaseHandle() => Libc.close((int)handle) == 0;
}
