using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hypr.Linux.Libc;

namespace Hypr.Linux.Sockets;

/// <summary>Sockets of protocols that System.Net.Sockets has no name for and refuses (ConvertProtocolTypePalToPlatform in its native part), SCTP among them.</summary>
public static class ProtocolSocket
{
    private const int CloseOnExec = 0x80000;

    /// <summary>socket(2), of the calling thread's network namespace.</summary>
    /// <param name="protocol">IANA's number: 132 is SCTP.</param>
    /// <exception cref="SocketException">ProtocolNotSupported: the kernel has none of it.</exception>
    public static Socket Open(AddressFamily family, SocketType type, int protocol)
    {
        // AF_INET, AF_INET6 (include/linux/socket.h); SOCK_STREAM 1, SOCK_RAW 3 are .NET's numbers too.
        using var fd = LibC.Socket(family == AddressFamily.InterNetworkV6 ? 10 : 2, (int)type | CloseOnExec, protocol);
        if (fd.IsInvalid)
        {
            var errno = Marshal.GetLastPInvokeError();
            throw errno is Errno.EPROTONOSUPPORT or Errno.EAFNOSUPPORT
                ? new SocketException((int)SocketError.ProtocolNotSupported)
                : new LinuxException("open socket of protocol", $"{protocol}", errno);
        }

        // The descriptor changes its owner: closed once, by the socket.
        var socket = new Socket(new SafeSocketHandle(fd.DangerousGetHandle(), ownsHandle: true));
        fd.SetHandleAsInvalid();
        return socket;
    }
}
