using System.Runtime.InteropServices;

namespace Hypr.Cli.Terminal;

/// <summary>
/// The C library's functions for the standard descriptors and the terminal. Every pointer is to memory that the caller holds for the call;
/// none is kept.
/// </summary>
internal static unsafe partial class Libc
{
    public const int EINTR = 4;
    public const int EAGAIN = 11;
    public const int EPIPE = 32;
    public const short POLLIN = 1;
    public const short POLLOUT = 4;
    public const int TCSANOW = 0;
    public const int TCSAFLUSH = 2;

    public const byte ECHO = 8;

    /// <summary>glibc's struct termios has 60 bytes and macOS's 72: but for the echo, its content is only handed from tcgetattr to tcsetattr.</summary>
    public const int TermiosBytes = 128;

    /// <summary>Of c_lflag: the fourth field, of 4 bytes with glibc and 8 on macOS, little-endian.</summary>
    public static int LocalFlagsOffset => OperatingSystem.IsMacOS() ? 24 : 12;

    [StructLayout(LayoutKind.Sequential)]
    public struct PollFd
    {
        public int Fd;
        public short Events;
        public short Revents;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct WinSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort PixelWidth;
        public ushort PixelHeight;
    }

    /// <summary>TIOCGWINSZ: asm-generic/ioctls.h, and sys/ttycom.h on macOS.</summary>
    public static nuint GetWindowSizeRequest => OperatingSystem.IsMacOS() ? 0x40087468u : 0x5413u;

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int fd, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollFd* fds, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "isatty")]
    public static partial int IsATty(int fd);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(int fd, nuint request, WinSize* size);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    public static partial int TcGetAttr(int fd, byte* termios);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    public static partial int TcSetAttr(int fd, int when, byte* termios);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    public static partial void CfMakeRaw(byte* termios);

    [LibraryImport("libc", EntryPoint = "getuid")]
    public static partial uint GetUid();
}
