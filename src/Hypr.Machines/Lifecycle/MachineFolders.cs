namespace Hypr.Machines.Lifecycle;

/// <summary>Where a machine's files are.</summary>
internal sealed class MachineFolders(MachineHostSettings settings)
{
    /// <summary>What stays until the machine is removed: disk, console, log, last exit.</summary>
    public string AllData { get; } = Path.Combine(Path.GetFullPath(settings.DataDirectory), "machines");

    /// <summary>What is there while it runs: sockets.</summary>
    public string AllRuntime { get; } = Path.Combine(Path.GetFullPath(settings.RuntimeDirectory), "machines");

    /// <summary>Saved guests.</summary>
    public string Templates { get; } = Path.GetFullPath(settings.TemplateDirectory ?? Path.Combine(settings.DataDirectory, "templates"));

    /// <summary>Sockets of guests that are being saved.</summary>
    public string AllTemplateRuntime { get; } = Path.Combine(Path.GetFullPath(settings.RuntimeDirectory), "templates");

    /// <summary>Never made: a name by which the process is told from machines.</summary>
    public string Template(string id) => Path.Combine(Path.GetFullPath(settings.DataDirectory), "templates", Checked(id));

    public string TemplateRuntime(string id) => Path.Combine(AllTemplateRuntime, Checked(id));

    public string Data(string id) => Path.Combine(AllData, Checked(id));

    public string Runtime(string id) => Path.Combine(AllRuntime, Checked(id));

    /// <summary>In a machine's run-time folder: where its folders of the host are, in the namespace of what serves them alone.</summary>
    public static string Shared(string runFolder) => Path.Combine(runFolder, "folders");

    public string Disk(string id) => Path.Combine(Data(id), "writable.ext4");

    public string Console(string id) => Path.Combine(Data(id), "console.log");

    public string Log(string id) => Path.Combine(Data(id), "log.json");

    public string Exit(string id) => Path.Combine(Data(id), "exit.json");

    /// <summary>Makes the folder, and those above it, for this user only.</summary>
    public static void Make(string folder) =>
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>Removes the folder and what is in it; nothing to do when it is not there.</summary>
    public static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // So it shall be.
        }
    }

    /// <summary>An id becomes a folder's name: nothing else may.</summary>
    private static string Checked(string id) =>
        id.Length > 0 && id.All(char.IsAsciiLetterOrDigit) ? id : throw new ArgumentException($"'{id}' is no machine's id", nameof(id));
}
