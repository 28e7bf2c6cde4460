using System.Buffers.Binary;
using System.Text;
using Hypr.Linux.Files;
using Hypr.Linux.Libc;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Power;

/// <summary>What an init does to the machine that it runs.</summary>
public static unsafe class ThisMachine
{
    private const int SysFinitModule = 313;
    private const int SysFinitModuleArm64 = 273;

    /// <summary>CLOCK_REALTIME, nanoseconds since 1970.</summary>
    public static long UnixNanoseconds => (DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks) * 100;

    /// <summary>Writes all file systems to their disks.</summary>
    public static void Sync() => LibC.Sync();

    /// <summary>reboot(2), LINUX_REBOOT_CMD_POWER_OFF. Returns only when it failed.</summary>
    public static void PowerOff() => LibC.Reboot(0x4321FEDC);

    /// <summary>reboot(2), LINUX_REBOOT_CMD_RESTART: ends a VMM that runs with -no-reboot.</summary>
    public static void Restart() => LibC.Reboot(0x1234567);

    public static void SetHostName(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        fixed (byte* p = bytes)
        {
            if (LibC.SetHostName(p, (nuint)bytes.Length) != 0)
                throw LinuxException.Last("set host name", name);
        }
    }

    public static void SetDomainName(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        fixed (byte* p = bytes)
        {
            if (LibC.SetDomainName(p, (nuint)bytes.Length) != 0)
                throw LinuxException.Last("set domain name", name);
        }
    }

    /// <summary>CLOCK_REALTIME.</summary>
    public static void SetClock(long unixNanoseconds)
    {
        var time = stackalloc long[2] { unixNanoseconds / 1_000_000_000, unixNanoseconds % 1_000_000_000 };
        if (LibC.SetClock(0, time) != 0)
            throw LinuxException.Last("set", "the clock");
    }

    /// <summary>Gives the kernel random bytes that nobody else knows, counted in full, and has it reseed (random(4)).</summary>
    /// <param name="bytes">At most 512.</param>
    public static void AddEntropy(ReadOnlySpan<byte> bytes)
    {
        const nuint rndAddEntropy = 0x40085203;
        const nuint rndReseedCrng = 0x5207;
        bytes = bytes[..Math.Min(512, bytes.Length)];
        Span<byte> pool = stackalloc byte[8 + 512];
        BinaryPrimitives.WriteInt32LittleEndian(pool, bytes.Length * 8);
        BinaryPrimitives.WriteInt32LittleEndian(pool[4..], bytes.Length);
        bytes.CopyTo(pool[8..]);
        using var random = Descriptor.Open("/dev/urandom", Descriptor.ReadWrite);
        fixed (byte* p = pool)
        {
            if (LibC.Ioctl(random, rndAddEntropy, p) != 0 || LibC.Ioctl(random, rndReseedCrng, 0) != 0)
                throw LinuxException.Last("add to", "the kernel's entropy");
        }
    }

    /// <summary>Inserts a module (finit_module(2)). One that is in already is fine.</summary>
    public static void InsertModule(string path)
    {
        using var file = Descriptor.Open(path, Descriptor.ReadOnly);
        var number = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64
            ? SysFinitModuleArm64 : SysFinitModule;
        fixed (byte* none = "\0"u8)
        {
            if (LibC.Syscall(number, file.DangerousGetHandle(), (nint)none, 0, 0, 0) != 0 && LinuxException.Last("insert module", path) is { Errno: not Errno.EEXIST } e)
                throw e;
        }
    }

    /// <summary>For use before anything else is set up: a line on the console.</summary>
    public static void Console(SafeFileHandle console, string line) => Descriptor.Write(console, Encoding.UTF8.GetBytes(line + "\n"));
}
