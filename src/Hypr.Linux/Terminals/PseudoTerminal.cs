using System.Globalization;
using Hypr.Linux.Files;
using Hypr.Linux.Libc;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Terminals;

/// <summary>A pair of terminals (pty(7)).</summary>
/// <param name="Master">Non-blocking.</param>
/// <param name="Number">The N of /dev/pts/N.</param>
public sealed unsafe record PseudoTerminal(SafeFileHandle Master, SafeFileHandle Slave, int Number)
{
    // include/uapi/asm-generic/ioctls.h
    private const nuint TiocSctty = 0x540E;
    private const nuint TiocSwinsz = 0x5414;
    private const nuint TiocGptn = 0x80045430;
    private const nuint TiocSptlck = 0x40045431;
    private const nuint TiocGptPeer = 0x5441;

    /// <summary>Makes a pair in the devpts that is mounted at a folder.</summary>
    public static PseudoTerminal Open(string devpts)
    {
        var master = Descriptor.Open(devpts + "/ptmx", Descriptor.ReadWrite | Descriptor.NonBlocking | Descriptor.NoControllingTerminal);
        int unlocked = 0, number = 0;
        if (LibC.Ioctl(master, TiocSptlck, &unlocked) != 0 || LibC.Ioctl(master, TiocGptn, &number) != 0)
            throw LinuxException.Last("unlock", "a terminal");
        // TIOCGPTPEER, Linux 4.13: by the master, so no path can lead elsewhere.
        var slave = LibC.Ioctl(master, TiocGptPeer, (nint)(Descriptor.ReadWrite | Descriptor.NoControllingTerminal | LibC.O_CLOEXEC));
        return slave >= 0
            ? new PseudoTerminal(master, new SafeFileHandle(slave, ownsHandle: true), number)
            : throw LinuxException.Last("open terminal", number.ToString(CultureInfo.InvariantCulture));
    }

    public static void Resize(SafeFileHandle master, ushort rows, ushort columns)
    {
        var size = stackalloc ushort[4] { rows, columns, 0, 0 };
        if (LibC.Ioctl(master, TiocSwinsz, size) != 0)
            throw LinuxException.Last("resize", "a terminal");
    }

    /// <summary>The terminal at a descriptor becomes that of the calling process's session, which it leads.</summary>
    public static void MakeControlling(int fd)
    {
        if (LibC.Ioctl(fd, TiocSctty, 0) != 0)
            throw LinuxException.Last("take", "the terminal");
    }
}
