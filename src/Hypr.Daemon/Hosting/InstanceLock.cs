using System.Globalization;
using System.Text;
using Hypr.Primitives;

namespace Hypr.Daemon.Hosting;

/// <summary>
/// One hyprd a folder: .NET takes flock(2) on a file that is opened for itself alone, and the kernel gives it back when the process ends, however it ends. The
/// descriptor is close-on-exec, so no VMM inherits it.
/// </summary>
internal sealed class InstanceLock : IDisposable
{
    private readonly FileStream _file;

    private InstanceLock(FileStream file) => _file = file;

    /// <param name="what">For the message: whose folder it is.</param>
    public static InstanceLock Take(string folder, string what)
    {
        var path = Path.Combine(folder, "hyprd.lock");
        try
        {
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            file.SetLength(0);
            file.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n")));
            file.Flush();
            return new InstanceLock(file);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException))
        {
            throw HyprException.Conflict(
                $"another hyprd{Holder(path)} runs with {what} {folder}: stop it, or give this one folders of its own with HYPR_RUNTIME_DIR and HYPR_DATA_DIR");
        }
    }

    public void Dispose() => _file.Dispose();

    private static string Holder(string path)
    {
        try
        {
            // Shared for writing, .NET asks for no lock of its own.
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return int.TryParse(reader.ReadLine(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? $" (pid {pid})" : "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
