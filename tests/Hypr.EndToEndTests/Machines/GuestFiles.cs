using Hypr.Linux.Processes;

namespace Hypr.EndToEndTests.Machines;

/// <summary>
/// The guest's kernel and initramfs (out/guest, made by guest/build when they are missing; <c>HYPR_GUEST_DIR</c> names another folder), and a small image of busybox.
/// </summary>
public sealed class GuestFiles : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"hypr-image-{Guid.NewGuid():n}");

    public string Kernel { get; private set; } = "";

    public string Initramfs { get; private set; } = "";

    /// <summary>busybox as a squashfs, with /bin/sh and its applets' names.</summary>
    public string RootFs => Path.Combine(_folder, "root.squashfs");

    public async ValueTask InitializeAsync()
    {
        var guest = Environment.GetEnvironmentVariable("HYPR_GUEST_DIR") ?? Path.Combine(Repository(), "out", "guest");
        if (!File.Exists(Path.Combine(guest, "initramfs")))
            await RunAsync(Path.Combine(Repository(), "guest", "build"), Path.GetDirectoryName(guest)!);
        Kernel = Path.Combine(guest, "kernel");
        Initramfs = Path.Combine(guest, "initramfs");

        var root = Path.Combine(_folder, "root");
        foreach (var name in new[] { "bin", "etc", "proc", "sys", "dev", "tmp", "root", "run" })
            Directory.CreateDirectory(Path.Combine(root, name));
        File.Copy("/bin/busybox", Path.Combine(root, "bin", "busybox"));
        foreach (var applet in new[] { "sh", "cat", "echo", "sleep", "ls", "ip", "ping", "kill", "true", "yes", "head", "hostname", "id", "wc", "stty", "seq", "sync", "free", "nproc", "mount", "dd", "od" })
            File.CreateSymbolicLink(Path.Combine(root, "bin", applet), "busybox");
        await File.WriteAllTextAsync(Path.Combine(root, "etc", "passwd"), "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33:web:/tmp:/bin/sh\n");
        await File.WriteAllTextAsync(Path.Combine(root, "etc", "group"), "root:x:0:\nweb:x:33:\n");
        await File.WriteAllTextAsync(Path.Combine(root, "etc", "no-program"), "data\n");
        await RunAsync("mksquashfs", root, RootFs, "-quiet", "-no-progress", "-all-root", "-comp", "zstd");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Hypr.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("the repository's root is above the tests");
        return folder;
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = LinuxProcess.Start(new ProcessStart { Program = program, Arguments = arguments });
        var exit = await process.Exited;
        Assert.True(exit is { Code: 0 }, $"{program} {string.Join(' ', arguments)} ended with {exit?.Code}");
    }
}
