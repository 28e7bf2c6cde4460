namespace Hypr.Linux.Sysctl;

/// <summary>
/// Kernel settings by their dotted names (<c>net.ipv4.ip_forward</c>). Those of <c>net</c> are of the calling thread's network namespace. A link's name with
/// a dot in it is written with a slash, as sysctl(8) does: <c>net.ipv4.conf.eth0/5.forwarding</c>.
/// </summary>
public static class KernelSetting
{
    /// <summary>The value without its newline. <c>sysctl -n NAME</c></summary>
    /// <exception cref="LinuxException">ENOENT: this kernel has no such setting.</exception>
    public static string Read(string name)
    {
        try
        {
            return File.ReadAllText(PathOf(name)).TrimEnd('\n');
        }
        catch (Exception e) when (Translate(e) is { } errno)
        {
            throw new LinuxException("read", name, errno);
        }
    }

    /// <summary>Null when this kernel has no such setting (a module is missing, IPv6 is off).</summary>
    public static string? TryRead(string name) => File.Exists(PathOf(name)) ? Read(name) : null;

    /// <summary><c>sysctl -w NAME=VALUE</c></summary>
    public static void Write(string name, string value)
    {
        try
        {
            using var file = new FileStream(PathOf(name), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            file.Write(System.Text.Encoding.UTF8.GetBytes(value + "\n"));
        }
        catch (Exception e) when (Translate(e) is { } errno)
        {
            throw new LinuxException($"write {value} to", name, errno);
        }
    }

    /// <summary>Writes only what differs, and tells whether it did.</summary>
    public static bool Ensure(string name, string value)
    {
        if (Read(name) == value)
            return false;
        Write(name, value);
        return true;
    }

    internal static string PathOf(string name)
    {
        var path = string.Create(name.Length, name, static (to, from) =>
        {
            for (var i = 0; i < from.Length; i++)
                to[i] = from[i] switch { '.' => '/', '/' => '.', var c => c };
        });
        return path.Split('/').Any(p => p is "" or ".." or ".")
            ? throw new ArgumentException($"'{name}' is no name of a kernel setting", nameof(name))
            : "/proc/sys/" + path;
    }

    private static int? Translate(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => Errno.ENOENT,
        UnauthorizedAccessException => Errno.EACCES,
        // .NET keeps errno in HResult for what it has no exception of its own for.
        IOException io => io.HResult is > 0 and < 4096 ? io.HResult : Errno.EINVAL,
        _ => null,
    };
}
