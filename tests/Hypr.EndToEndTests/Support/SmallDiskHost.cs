using Hypr.Testing;

namespace Hypr.EndToEndTests.Support;

/// <summary>A host whose data directory is a small disk (a tmpfs), which a test fills and empties.</summary>
public sealed class SmallDiskHost : HyprHost
{
    /// <summary>hyprd leaves 256 MB free when it takes images.</summary>
    private const string Size = "700m";

    private string Filler => Path.Combine(DataDir, "filler");

    /// <summary>To the last block.</summary>
    public void FillDisk() => TestProgram.Start(null, "sh", ["-c", $"cat /dev/zero > {Filler}"]).WaitForEnd();

    public void EmptyDisk() => File.Delete(Filler);

    protected override void MountData() => Mount("mount", "-t", "tmpfs", "-o", $"size={Size}", "hypr-test", DataDir);

    /// <summary>Mount namespaces that others made meanwhile may hold a copy of it: it goes with them.</summary>
    protected override void UnmountData() => Mount("umount", "--lazy", DataDir);

    private static void Mount(string program, params string[] arguments)
    {
        var result = TestProgram.Start(null, program, arguments).WaitForEnd();
        if (!result.Succeeded)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {result.Error}");
        }
    }
}
