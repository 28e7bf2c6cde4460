using System.Runtime.InteropServices;
using Hypr.Linux.Libc;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Files;

/// <summary>Reading and writing descriptors as the kernel has it: short counts, errno as a negative count, nothing in between.</summary>
public static unsafe class Descriptor
{
    public const int ReadOnly = LibC.O_RDONLY;
    public const int WriteOnly = LibC.O_WRONLY;
    public const int ReadWrite = LibC.O_RDWR;
    public const int NonBlocking = LibC.O_NONBLOCK;

    /// <summary>O_NOCTTY: a terminal does not become the session's.</summary>
    public const int NoControllingTerminal = 0x100;

    /// <summary>Opens close-on-exec.</summary>
    /// <exception cref="LinuxException">As open(2).</exception>
    public static SafeFileHandle Open(string path, int flags)
    {
        var fd = LibC.Open(path, flags | LibC.O_CLOEXEC, 0);
        return fd.IsInvalid ? throw LinuxException.Last("open", path) : fd;
    }

    /// <summary>A pipe, both ends close-on-exec and blocking.</summary>
    public static (SafeFileHandle Reader, SafeFileHandle Writer) Pipe()
    {
        var fds = stackalloc int[2];
        return LibC.Pipe2(fds, LibC.O_CLOEXEC) == 0
            ? (new SafeFileHandle(fds[0], ownsHandle: true), new SafeFileHandle(fds[1], ownsHandle: true))
            : throw LinuxException.Last("make", "a pipe");
    }

    /// <summary>A file in memory without a name (memfd_create(2)), at its start.</summary>
    public static SafeFileHandle MemoryFile(ReadOnlySpan<byte> content)
    {
        const int sysMemfdCreate = 319;
        const int sysMemfdCreateArm64 = 279;
        var number = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? sysMemfdCreateArm64 : sysMemfdCreate;
        nint fd;
        fixed (byte* name = "memory\0"u8)
            fd = LibC.Syscall(number, (nint)name, 1, 0, 0, 0);
        if (fd < 0)
            throw LinuxException.Last("make", "a file in memory");
        var file = new SafeFileHandle(fd, ownsHandle: true);
        WriteAll(file, content);
        RandomAccess.SetLength(file, content.Length);
        return file;
    }

    public static void SetNonBlocking(SafeFileHandle fd)
    {
        var raw = (int)fd.DangerousGetHandle();
        var flags = LibC.Fcntl(raw, LibC.F_GETFL, 0);
        if (flags < 0 || LibC.Fcntl(raw, LibC.F_SETFL, flags | LibC.O_NONBLOCK) < 0)
            throw LinuxException.Last("make non-blocking", "a descriptor");
    }

    /// <summary>For descriptors that this process was given by number: they do not outlive the next exec.</summary>
    public static void SetCloseOnExec(int fd) => _ = LibC.Fcntl(fd, LibC.F_SETFD, LibC.FD_CLOEXEC);

    /// <summary>The count, 0 at the end, or a negative errno.</summary>
    public static int Read(SafeFileHandle fd, Span<byte> to)
    {
        fixed (byte* p = to)
        {
            while (true)
            {
                var count = LibC.Read(fd, p, (nuint)to.Length);
                if (count >= 0)
                    return (int)count;
                if (Marshal.GetLastPInvokeError() is var errno && errno != Errno.EINTR)
                    return -errno;
            }
        }
    }

    /// <summary>The count, or a negative errno.</summary>
    public static int Write(SafeFileHandle fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            while (true)
            {
                var count = LibC.Write(fd, p, (nuint)bytes.Length);
                if (count >= 0)
                    return (int)count;
                if (Marshal.GetLastPInvokeError() is var errno && errno != Errno.EINTR)
                    return -errno;
            }
        }
    }

    /// <summary>For blocking descriptors.</summary>
    public static void WriteAll(SafeFileHandle fd, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var count = Write(fd, bytes);
            if (count < 0)
                throw new LinuxException("write", "a descriptor", -count);
            bytes = bytes[count..];
        }
    }
}
