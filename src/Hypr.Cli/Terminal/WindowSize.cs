namespace Hypr.Cli.Terminal;

internal readonly record struct WindowSize(int Rows, int Columns)
{
    /// <summary>The size of the terminal behind the descriptor; null when it is none or has no size.</summary>
    public static unsafe WindowSize? Of(int fd)
    {
        Libc.WinSize size;
        return Libc.Ioctl(fd, Libc.GetWindowSizeRequest, &size) == 0 && size is { Rows: > 0, Columns: > 0 }
            ? new WindowSize(size.Rows, size.Columns)
            : null;
    }
}
