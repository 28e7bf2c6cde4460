namespace Hypr.Testing.Images;

/// <summary>Images made from Debian's packages of this machine. What takes long to make is kept in the repository's .cache folder.</summary>
public static class TestImages
{
    private const string Nginx = "nginx-light-1";
    private static readonly Lock Making = new();

    /// <summary>busybox-static with its applets, a shell by default: 2 MB, made at each call.</summary>
    public static ImageBuilder Busybox()
    {
        const string program = "/bin/busybox";
        using var list = TestProgram.Start(null, program, ["--list"]);
        var applets = list.WaitForEnd().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return new ImageBuilder { Cmd = ["sh"] }.Layer(tar =>
        {
            foreach (var folder in (string[])["bin", "dev", "etc", "home", "proc", "root", "sys", "usr", "usr/bin", "var", "var/log", "run"])
                tar.Directory(folder);
            tar.Directory("tmp", 0x3FF)
                .File("bin/busybox", File.ReadAllBytes(program), 0x1ED)
                .File("etc/passwd", "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n")
                .File("etc/group", "root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\n")
                .Symlink("usr/sbin", "../bin");
            foreach (var applet in applets.Where(a => a != "busybox"))
                tar.Symlink($"bin/{applet}", "busybox");
        });
    }

    /// <summary>
    /// Debian's nginx-light on a minimal Debian, in the foreground on port 80, as the official image behaves. Made by mmdebstrap at the first call
    /// (it takes a minute and Debian's packages); then read from .cache.
    /// </summary>
    public static ImageBuilder NginxLight()
    {
        var file = Path.Combine(CacheFolder(), Nginx + ".tar");
        lock (Making)
        {
            if (!File.Exists(file))
                MakeNginx(file);
        }

        return new ImageBuilder
        {
            Entrypoint = ["/usr/sbin/nginx"],
            Cmd = ["-g", "daemon off;"],
            ExposedPorts = ["80/tcp"],
            StopSignal = "SIGQUIT",
        }.Layer(File.ReadAllBytes(file));
    }

    /// <summary><c>.cache</c> beside the solution; git does not see it.</summary>
    public static string CacheFolder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Hypr.slnx")))
            folder = folder.Parent;
        return Directory.CreateDirectory(Path.Combine(folder?.FullName ?? Path.GetTempPath(), ".cache", "images")).FullName;
    }

    private static void MakeNginx(string file)
    {
        // Two test programs may make it at once: each its own, the last rename wins.
        var making = $"{file}.{Environment.ProcessId}.tar";
        try
        {
            // Hooks run while the host's /dev/shm and devices are mounted in the new root: they touch nothing below dev.
            using var mmdebstrap = TestProgram.Start(null, "mmdebstrap",
            [
                "--quiet", "--variant=essential", "--include=nginx-light",
                "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
                "--customize-hook=ln -sf /dev/stdout \"$1/var/log/nginx/access.log\"",
                "--customize-hook=ln -sf /dev/stderr \"$1/var/log/nginx/error.log\"",
                "--customize-hook=rm -f \"$1/etc/resolv.conf\" \"$1/etc/hostname\"",
                "bookworm", making,
            ]);
            var made = mmdebstrap.WaitForEnd(TimeSpan.FromMinutes(10));
            if (!made.Succeeded)
                throw new InvalidOperationException($"mmdebstrap: {made.Error}");
            File.Move(making, file, overwrite: true);
        }
        finally
        {
            File.Delete(making);
        }
    }
}
