using System.Globalization;
using Hypr.Primitives;

namespace Hypr.Daemon.Hosting;

/// <summary>
/// One hyprd a folder: .NET takes flock(2) on a file that is opened for itself alone, and the kernel gives it back when the process ends, however it ends. The
/// descriptor is close-on-exec, so no VMM inherits it. Who holds it stands in <c>hyprd.pid</c> beside it, for .NET asks for a lock even to read.
/// </summary>
internal sealed class InstanceLock : IDisposable
{
    private readonly FileStream _file;
    private readonly string _pidFile;

    private InstanceLock(FileStream file, string pidFile)
    {
        (_file, _pidFile) = (file, pidFile);
        File.WriteAllText(pidFile, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n"));
    }

    /// <param name="what">For the message: whose folder it is.</param>
    public static InstanceLock Take(string folder, string what)
    {
        var pidFile = Path.Combine(folder, "hyprd.pid");
        FileStream file;
        try
        {
            file = new FileStream(Path.Combine(folder, "hyprd.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw HyprException.Unavailable($"cannot write to {folder}: {e.Message}. hyprd runs as root, or with HYPR_DATA_DIR and HYPR_RUNTIME_DIR of its own", e);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException))
        {
            throw HyprException.Conflict(
                $"another hyprd{Holder(pidFile)} runs with {what} {folder}: stop it, or give this one folders of its own with HYPR_RUNTIME_DIR and HYPR_DATA_DIR");
        }

        return new InstanceLock(file, pidFile);
    }

    public void Dispose()
    {
        File.Delete(_pidFile);
        _file.Dispose();
    }

    private static string Holder(string pidFile)
    {
        try
        {
            return int.TryParse(File.ReadAllText(pidFile), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var pid) ? $" (pid {pid})" : "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
