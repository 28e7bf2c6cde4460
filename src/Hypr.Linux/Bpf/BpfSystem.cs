using System.Runtime.InteropServices;
using System.Text;
using Hypr.Linux.Libc;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Bpf;

/// <summary>Where in the kernel a program of a control group sees a socket's address (enum bpf_attach_type).</summary>
public enum SocketAddressHook
{
    Connect4 = 10,
    Connect6 = 11,
    SendMessage4 = 14,
    ReceiveMessage4 = 19,
    ReceiveMessage6 = 20,
    PeerName4 = 29,
    PeerName6 = 30,
}

/// <summary>bpf(2).</summary>
internal static unsafe class BpfSystem
{
    private static readonly int Call = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 280 : 321;

    /// <summary>The kernel reads and writes only within the attributes and what they point to, for the length of the call; new descriptors are close-on-exec.</summary>
    public static nint Do(int command, void* attributes, int size) => LibC.Syscall(Call, command, (nint)attributes, size, 0, 0);
}

/// <summary>A table that programs and this process share. It lives as long as a program that uses it or this descriptor.</summary>
public sealed unsafe class BpfMap : IDisposable
{
    private const int Create = 0;
    private const int Update = 2;
    private const int TypeArray = 2;
    private const int TypeRecent = 9;
    private readonly SafeFileHandle _fd;

    private BpfMap(int type, int key, int value, int entries)
    {
        var attributes = stackalloc int[] { type, key, value, entries, 0 };
        var fd = BpfSystem.Do(Create, attributes, 20);
        _fd = fd < 0 ? throw LinuxException.Last("make", "a BPF map") : new SafeFileHandle(fd, ownsHandle: true);
    }

    internal int Number => (int)_fd.DangerousGetHandle();

    /// <summary>Entries of 32 bits by their index.</summary>
    public static BpfMap Array(int entries) => new(TypeArray, 4, 4, entries);

    /// <summary>Entries of 32 bits by a number of 64; the one used the longest ago makes room.</summary>
    public static BpfMap Recent(int entries) => new(TypeRecent, 8, 4, entries);

    /// <summary>Sets an entry of an array.</summary>
    public void Set(int index, uint value)
    {
        var attributes = stackalloc ulong[] { (ulong)Number, (ulong)&index, (ulong)&value, 0 };
        if (BpfSystem.Do(Update, attributes, 32) < 0)
            throw LinuxException.Last("change", "a BPF map");
    }

    public void Dispose() => _fd.Dispose();
}

/// <summary>A program for sockets' addresses, checked by the kernel.</summary>
public sealed unsafe class BpfProgram : IDisposable
{
    private const int Load = 5;
    private const int Attach = 8;
    private const int TypeSocketAddress = 18;

    /// <summary>BPF_F_ALLOW_MULTI: control groups below may have programs of their own beside it.</summary>
    private const int AllowMulti = 2;
    private readonly SafeFileHandle _fd;
    private readonly SocketAddressHook _hook;

    /// <exception cref="LinuxException">The kernel has no such programs (EINVAL), or its verifier refuses it (EACCES): the message ends with its last words.</exception>
    public BpfProgram(SocketAddressHook hook, BpfCode code)
    {
        _hook = hook;
        var words = new byte[16384];
        var instructions = code.Instructions.ToArray();
        fixed (ulong* start = instructions)
        fixed (byte* license = "GPL\0"u8, log = words)
        {
            // type, count, code, license, log level, log size, log, kernel version, flags, name (16), device, hook: include/uapi/linux/bpf.h, union bpf_attr
            var attributes = stackalloc ulong[9];
            new Span<ulong>(attributes, 9).Clear();
            attributes[0] = TypeSocketAddress | ((ulong)instructions.Length << 32);
            attributes[1] = (ulong)start;
            attributes[2] = (ulong)license;
            attributes[8] = (ulong)hook << 32;
            var fd = BpfSystem.Do(Load, attributes, 72);
            if (fd < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                attributes[3] = 1 | ((ulong)words.Length << 32);
                attributes[4] = (ulong)log;
                fd = BpfSystem.Do(Load, attributes, 72);
                if (fd < 0)
                    throw new LinuxException("load", $"a BPF program for {hook}: {Encoding.UTF8.GetString(words).TrimEnd('\0')}", error);
            }

            _fd = new SafeFileHandle(fd, ownsHandle: true);
        }
    }

    /// <summary>From now on it sees what the processes of a control group (and those below) do; it stays when this object is closed.</summary>
    public void AttachTo(SafeHandle controlGroup)
    {
        var held = false;
        try
        {
            controlGroup.DangerousAddRef(ref held);
            var attributes = stackalloc int[] { (int)controlGroup.DangerousGetHandle(), (int)_fd.DangerousGetHandle(), (int)_hook, AllowMulti };
            if (BpfSystem.Do(Attach, attributes, 16) < 0)
                throw LinuxException.Last("attach", $"a BPF program for {_hook}");
        }
        finally
        {
            if (held)
                controlGroup.DangerousRelease();
        }
    }

    public void Dispose() => _fd.Dispose();
}
