using Hypr.Testing;

namespace Hypr.EndToEndTests.Machines;

/// <summary>A small tmpfs on a folder, taken away on disposal.</summary>
internal sealed class TestDisk : IDisposable
{
    private readonly string _folder;

    private TestDisk(string folder) => _folder = folder;

    public static TestDisk Mount(string folder, string options)
    {
        Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder);
        return new TestDisk(folder);
    }

    public void SetReadOnly() => Run("mount", "-o", "remount,ro", _folder);

    public void Dispose() => Run("umount", _folder);

    private static void Run(string program, params string[] arguments)
    {
        using var run = TestProgram.Start(null, program, arguments);
        var result = run.WaitForEnd();
        Assert.True(result.Succeeded, $"{program} {string.Join(' ', arguments)}: {result.Error}");
    }
}
