using System.Runtime.InteropServices;
using Hypr.Linux.Libc;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Files;

/// <summary>
/// Memory as a file without a name (memfd_create(2)) that can be closed to every change: who gets its descriptor may open it for writing and map it privately, and
/// still alters nothing that others see (fcntl(2), F_SEAL_WRITE).
/// </summary>
public static unsafe class SealedMemory
{
    private const int SysMemfdCreate = 319;
    private const int SysMemfdCreateArm64 = 279;
    private const int CloseOnExec = 1;
    private const int AllowSealing = 2;
    private const int AddSeals = 1033;

    // F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE
    private const int AllSeals = 15;

    /// <summary>All holes; open to changes until it is sealed.</summary>
    public static SafeFileHandle Make(long bytes)
    {
        var number = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? SysMemfdCreateArm64 : SysMemfdCreate;
        nint fd;
        fixed (byte* name = "template\0"u8)
            fd = LibC.Syscall(number, (nint)name, CloseOnExec | AllowSealing, 0, 0, 0);
        if (fd < 0)
            throw LinuxException.Last("make", "a file in memory");
        var file = new SafeFileHandle(fd, ownsHandle: true);
        RandomAccess.SetLength(file, bytes);
        return file;
    }

    /// <summary>For good. EBUSY while somebody has it mapped for writing.</summary>
    public static void Seal(SafeFileHandle file)
    {
        if (LibC.Fcntl((int)file.DangerousGetHandle(), AddSeals, AllSeals) != 0)
            throw LinuxException.Last("seal", "a file in memory");
    }
}
