using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Machines.Vmm;

/// <summary>
/// Unix sockets that are listened on here and served by a child that gets the descriptor: a connection made before the child exists waits
/// in the backlog, and the
/// path stays after this process's end. .NET's own socket removes the path when it is closed, and knows no descriptor passing.
/// </summary>
internal static unsafe partial class LocalSocket
{
    private const int AfUnix = 1;
    private const int SockStream = 1;
    private const int SockCloexec = 0x80000;
    private const int OPath = 0x200000;
    private const int ODirectory = 0x10000;
    private const int OCloexec = 0x80000;
    private const int SolSocket = 1;
    private const int ScmRights = 1;
    private const int MsgNosignal = 0x4000;
    private const int Eintr = 4;
    private const int Eagain = 11;

    // sizeof(sockaddr_un.sun_path) less the final zero (unix(7)).
    private const int MaxPath = 107;

    /// <summary>Makes the socket, with only its owner allowed, in place of one that may be there.</summary>
    public static SafeFileHandle Listen(string path)
    {
        File.Delete(path);
        using var folder = OpenFolder(path);
        var address = Address(path, folder);
        var fd = Socket(AfUnix, SockStream | SockCloexec, 0);
        try
        {
            fixed (byte* p = address)
            {
                if (fd.IsInvalid || Bind(fd, p, (uint)address.Length) != 0 || Listen(fd, 1) != 0)
                    throw Failed($"listen on {path}");
            }

            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return fd;
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    /// <summary>Connects; does not wait for an accept.</summary>
    /// <exception cref="IOException">Nobody listens, or has accepted those before.</exception>
    public static Socket Connect(string path)
    {
        using var folder = OpenFolder(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // Where a backlog is full a connect waits for as long as nobody accepts (unix_stream_connect, net/unix/af_unix.c): of a VMM that stands still, for ever.
            socket.Blocking = false;
            socket.Connect(new UnixDomainSocketEndPoint(Encoding.UTF8.GetByteCount(path) <= MaxPath ? path : Through(folder, path)));
            socket.Blocking = true;
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException($"cannot connect to {path}: {e.Message}", e);
        }
    }

    /// <summary>Sends bytes with a descriptor (unix(7), SCM_RIGHTS); the receiver gets a copy of it.</summary>
    public static void SendDescriptor(Socket socket, ReadOnlySpan<byte> bytes, SafeHandle descriptor)
    {
        var added = false;
        descriptor.DangerousAddRef(ref added);
        try
        {
            // CMSG_SPACE(sizeof(int)) on 64 bit: cmsghdr of 16 bytes (length, level, type), the descriptor, padding to 8.
            var control = stackalloc byte[24];
            *(ulong*)control = 20;
            *(int*)(control + 8) = SolSocket;
            *(int*)(control + 12) = ScmRights;
            *(int*)(control + 16) = (int)descriptor.DangerousGetHandle();
            fixed (byte* data = bytes)
            {
                // Both are on this frame and outlive the call; the kernel keeps no pointer.
                var vector = new IoVector { Base = data, Length = (nuint)bytes.Length };
                var message = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = 24 };
                nint sent;
                while ((sent = SendMsg(socket.SafeHandle, &message, MsgNosignal)) < 0)
                {
                    switch (Marshal.GetLastPInvokeError())
                    {
                        case Eintr: continue;
                        case Eagain when socket.Poll(TimeSpan.FromSeconds(5), SelectMode.SelectWrite): continue;
                        default: throw Failed("send a descriptor");
                    }
                }

                // The descriptor went with the first byte.
                while (sent < bytes.Length)
                    sent += socket.Send(bytes[(int)sent..]);
            }
        }
        finally
        {
            descriptor.DangerousRelease();
        }
    }

    /// <summary>A path too long for an address is reached through its folder's descriptor.</summary>
    private static SafeFileHandle OpenFolder(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        var handle = Open(folder, OPath | ODirectory | OCloexec, 0);
        return handle.IsInvalid ? throw Failed($"open {folder}") : handle;
    }

    private static string Through(SafeFileHandle folder, string path) =>
        $"/proc/self/fd/{folder.DangerousGetHandle()}/{Path.GetFileName(path)}";

    private static byte[] Address(string path, SafeFileHandle folder)
    {
        var name = Encoding.UTF8.GetByteCount(path) <= MaxPath ? path : Through(folder, path);
        return [AfUnix, 0, .. Encoding.UTF8.GetBytes(name), 0];
    }

    private static IOException Failed(string what) =>
        new($"cannot {what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [StructLayout(LayoutKind.Sequential)]
    private struct IoVector
    {
        public void* Base;
        public nuint Length;
    }

    /// <summary>struct msghdr of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial SafeFileHandle Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(SafeFileHandle fd, byte* address, uint length);

    [LibraryImport("libc", EntryPoint = "listen", SetLastError = true)]
    private static partial int Listen(SafeFileHandle fd, int backlog);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMsg(SafeHandle fd, MessageHeader* message, int flags);
}
