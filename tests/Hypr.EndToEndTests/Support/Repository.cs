namespace Hypr.EndToEndTests.Support;

/// <summary>The built programs, as <c>./dev build</c> leaves them: what a user runs.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Hypr { get; } = Built("hypr");

    public static string Hyprd { get; } = Built("hyprd");

    public static string Cache { get; } = Path.Combine(Root, ".cache");

    /// <summary>
    /// False with <c>HYPR_TEST_WARM_START=false</c>: all VMs boot but those of tests of warm starts. What warm starts save of the whole time is measured so.
    /// </summary>
    public static bool WarmStart { get; } = Environment.GetEnvironmentVariable("HYPR_TEST_WARM_START") != "false";

    private static string Built(string program)
    {
        var path = Path.Combine(Root, "out", program);
        return File.Exists(path) ? path : throw new InvalidOperationException($"{path} is missing: run ./dev build");
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Hypr.slnx")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
