namespace Hypr.EndToEndTests.Support;

/// <summary>The docker CLIs of this machine: Debian's own (20.10), which every machine of the tests has, and a newer one before it in PATH where there is one.</summary>
public static class DockerCli
{
    public static IReadOnlyList<string> Paths { get; } = [.. ((string[])["/usr/bin/docker", "/usr/local/bin/docker"]).Where(File.Exists)];

    public static TheoryData<string> All { get; } = [.. Paths];
}
