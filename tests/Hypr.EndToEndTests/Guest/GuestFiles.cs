using Hypr.Testing;

namespace Hypr.EndToEndTests.Guest;

/// <summary>Kernel, initramfs, a small image of busybox and an empty disk, made once for all tests of a class.</summary>
public sealed class GuestFiles : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-guest-files-").FullName;

    public GuestFiles()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "Hypr.slnx")))
            root = root.Parent;
        var output = Path.Combine(root.FullName, "out");
        Run(Path.Combine(root.FullName, "guest/build"), output);
        (Kernel, Initramfs) = (output + "/guest/kernel", output + "/guest/initramfs");
        (Image, EmptyDisk) = (_folder + "/image", _folder + "/disk");
        MakeImage();
        using (var disk = File.Create(EmptyDisk))
            disk.SetLength(256 * 1024 * 1024);
        Run("mkfs.ext4", "-q", "-F", EmptyDisk);
    }

    public string Kernel { get; }

    public string Initramfs { get; }

    public string Image { get; }

    public string EmptyDisk { get; }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void MakeImage()
    {
        var root = Directory.CreateDirectory(_folder + "/root").FullName;
        foreach (var folder in (string[])["bin", "etc", "tmp", "run"])
            Directory.CreateDirectory($"{root}/{folder}");
        File.Copy("/bin/busybox", root + "/bin/busybox");
        foreach (var name in "sh echo cat ls id env ps mount ip hostname sleep stty yes head tail wc kill touch tty dd sync readlink date tr true unshare taskset".Split(' '))
            File.CreateSymbolicLink($"{root}/bin/{name}", "busybox");
        // Debian's busybox has no chrt; the program needs the C library alone.
        foreach (var file in (string[])["/usr/bin/chrt", "/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libc.so.6"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(root + file)!);
            File.Copy(file, root + file);
        }

        File.WriteAllText(root + "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000::/home/web:/bin/sh\n");
        File.WriteAllText(root + "/etc/group", "root:x:0:\nweb:x:1000:\nextra:x:2000:web,other\n");
        File.WriteAllText(root + "/etc/notexec", "#!/bin/sh\n");
        // As Debian's images with systemd-resolved have it: a link to nowhere.
        File.CreateSymbolicLink(root + "/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
        Run("mksquashfs", root, Image, "-quiet", "-noappend", "-all-root", "-comp", "zstd");
    }

    private static void Run(string program, params string[] arguments)
    {
        using var run = TestProgram.Start(null, program, arguments);
        run.WriteAndClose("");
        var result = run.WaitForEnd(TimeSpan.FromMinutes(10));
        Assert.True(result.Succeeded, $"{program} {string.Join(' ', arguments)}: {result.Error}{result.Output}");
    }
}
