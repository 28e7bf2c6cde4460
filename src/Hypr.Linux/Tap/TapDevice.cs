using System.Buffers.Binary;
using System.Text;
using Hypr.Linux.Libc;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Tap;

/// <summary>TAP interfaces (Documentation/networking/tuntap.rst).</summary>
public static unsafe class TapDevice
{
    // include/uapi/linux/if_tun.h
    private const nuint TunSetIff = 0x400454ca;
    private const nuint TunSetOwner = 0x400454cc;
    private const ushort IffTap = 0x0002;
    private const ushort IffNoPi = 0x1000;
    private const ushort IffVnetHdr = 0x4000;
    private const ushort IffTunExcl = 0x8000;
    private const int IfNameSize = 16;
    private const int IfReqSize = 40;

    /// <summary>
    /// Makes a TAP in the calling thread's network namespace that lives as long as the descriptor, or a copy of it that a VMM has, is open. The flags are what
    /// QEMU expects behind <c>-netdev tap,fd=</c>: it finds IFF_VNET_HDR by TUNGETIFF and sets header size and offloads itself (net/tap-linux.c), which an
    /// attached descriptor may do without privilege. Non-blocking, close-on-exec.
    /// </summary>
    /// <param name="name">At most 15 bytes. EBUSY (LinuxException) when a link has it.</param>
    /// <param name="owner">The uid that may attach to it beside root; null: root only.</param>
    public static SafeFileHandle Create(string name, int? owner = null)
    {
        var length = Encoding.ASCII.GetByteCount(name);
        if (length is 0 or >= IfNameSize)
            throw new ArgumentException($"'{name}' is no link name: 1 to {IfNameSize - 1} characters are", nameof(name));

        // ip tuntap add dev NAME mode tap vnet_hdr [user UID]
        var tap = LibC.Open("/dev/net/tun", LibC.O_RDWR | LibC.O_CLOEXEC | LibC.O_NONBLOCK, 0);
        try
        {
            if (tap.IsInvalid)
                throw LinuxException.Last("open", "/dev/net/tun");

            // IFF_TUN_EXCL: a persistent TAP of this name that somebody left is not attached to but refused.
            Span<byte> request = stackalloc byte[IfReqSize];
            request.Clear();
            Encoding.ASCII.GetBytes(name, request);
            BinaryPrimitives.WriteUInt16LittleEndian(request[IfNameSize..], IffTap | IffNoPi | IffVnetHdr | IffTunExcl);
            fixed (byte* p = request)
            {
                if (LibC.Ioctl(tap, TunSetIff, p) < 0)
                    throw LinuxException.Last("create TAP", name);
            }

            if (owner is { } uid && LibC.Ioctl(tap, TunSetOwner, (nint)uid) < 0)
                throw LinuxException.Last("give an owner to TAP", name);
            return tap;
        }
        catch
        {
            tap.Dispose();
            throw;
        }
    }
}
