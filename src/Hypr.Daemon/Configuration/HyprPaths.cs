namespace Hypr.Daemon.Configuration;

/// <summary>Where hyprd keeps its things.</summary>
/// <param name="Data">State: <c>hypr.db</c>, <c>images/</c>, <c>machines/</c>, <c>guest/</c>.</param>
/// <param name="Runtime">What a reboot may lose: <c>hypr.sock</c>, <c>hyprd.pid</c>.</param>
internal sealed record HyprPaths(string Data, string Runtime)
{
    public string Socket => Path.Combine(Runtime, "hypr.sock");

    public string PidFile => Path.Combine(Runtime, "hyprd.pid");

    public string Database => Path.Combine(Data, "hypr.db");

    public static HyprPaths FromEnvironment() => new(
        Value("HYPR_DATA_DIR", "/var/lib/hypr"),
        Value("HYPR_RUNTIME_DIR", "/run/hypr"));

    private static string Value(string variable, string other) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path ? Path.GetFullPath(path) : other;
}
