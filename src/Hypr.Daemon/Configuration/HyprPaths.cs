namespace Hypr.Daemon.Configuration;

/// <summary>Where hyprd keeps its things.</summary>
/// <param name="Data">State: <c>hypr.db</c>, <c>images/</c>, <c>machines/</c>, <c>guest/</c>.</param>
/// <param name="Runtime">What a reboot may lose: <c>hypr.sock</c>, <c>hyprd.pid</c>.</param>
internal sealed record HyprPaths(string Data, string Runtime)
{
    public string Socket => Path.Combine(Runtime, "hypr.sock");

    public string PortHolderSocket => Path.Combine(Runtime, "ports.sock");

    public string Database => Path.Combine(Data, "hypr.db");

    /// <summary><c>HYPR_KERNEL</c>, else <c>kernel</c> of <see cref="GuestFolder"/>.</summary>
    public string GuestKernel => Value("HYPR_KERNEL", Path.Combine(GuestFolder, "kernel"));

    /// <summary><c>HYPR_TEMPLATE_DIR</c>: saved guests, shared with other hyprds; null: <c>templates/</c> of the data folder, our own.</summary>
    public string? Templates => Environment.GetEnvironmentVariable("HYPR_TEMPLATE_DIR") is { Length: > 0 } path ? Path.GetFullPath(path) : null;

    public string GuestInitramfs => Path.Combine(GuestFolder, "initramfs");

    public static HyprPaths FromEnvironment() => new(
        Value("HYPR_DATA_DIR", "/var/lib/hypr"),
        Value("HYPR_RUNTIME_DIR", "/run/hypr"));

    /// <summary>A person's own guest files in the data folder come before those that were installed with hyprd.</summary>
    private string GuestFolder
    {
        get
        {
            var own = Path.Combine(Data, "guest");
            return File.Exists(Path.Combine(own, "initramfs")) ? own : Path.Combine(AppContext.BaseDirectory, "guest");
        }
    }

    private static string Value(string variable, string other) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path ? Path.GetFullPath(path) : other;
}
