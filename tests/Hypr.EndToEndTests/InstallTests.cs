using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>What a newcomer does first: the demo, and the installation.</summary>
public sealed class InstallTests
{
    [Fact]
    public void The_demo_shows_what_it_says_and_leaves_nothing()
    {
        var before = Spaces();
        var demo = TestProgram.Start(null, Path.Combine(Repository.Root, "examples", "demo"), []).WaitForEnd(TimeSpan.FromMinutes(5));
        Assert.True(demo.Succeeded, demo.Output + demo.Error);
        foreach (var shown in (string[])["0.0.0.0:8080->80/tcp", "Welcome to nginx!", "10.88.0.2", "nameserver 10.88.0.1", "nothing is left"])
        {
            Assert.Contains(shown, demo.Output);
        }

        Assert.Empty(Spaces().Except(before));
        Assert.Empty(Directory.GetDirectories("/tmp", "hypr-demo.*"));
    }

    [Fact]
    public void What_is_installed_runs_from_anywhere_and_is_taken_out_again()
    {
        var folder = Directory.CreateTempSubdirectory("hypr-install-").FullName;
        using var space = TestNamespace.Create("install");
        try
        {
            var installed = TestProgram.Start(null, "env", ["DESTDIR=" + folder, Path.Combine(Repository.Root, "packaging", "install")]).WaitForEnd();
            Assert.True(installed.Succeeded, installed.Error);
            string[] folders = [$"HYPR_DATA_DIR={folder}/data", $"HYPR_RUNTIME_DIR={folder}/run"];
            var hyprd = space.Start("env", ["-C", "/", .. folders, $"{folder}/usr/local/bin/hyprd"]);
            Assert.True(Probe.Until(() => space.Run("env", ["-C", "/", .. folders, $"{folder}/usr/local/bin/hypr", "version"]).Succeeded, TimeSpan.FromSeconds(60)), hyprd.Error);
            Assert.Contains("vbr0", space.Must("ip", "link", "show", "vbr0"));
            Assert.Contains("another hyprd", space.Run("env", [.. folders, $"{folder}/usr/local/bin/hyprd", "--uninstall"]).Error);
            space.Must("kill", $"{hyprd.Pid}");
            Assert.True(hyprd.WaitForEnd().Succeeded);

            space.Must("env", [.. folders, $"{folder}/usr/local/bin/hyprd", "--uninstall"]);
            Assert.Equal("lo", space.Must("ip", "-br", "link").Split(' ')[0]);
            Assert.DoesNotContain("hypr", space.Must("nft", "list", "ruleset"), StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("hypr", space.Must("iptables-save"), StringComparison.OrdinalIgnoreCase);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Without_systemd_resolved_the_installation_tells_how_the_host_finds_names()
    {
        var folder = Directory.CreateTempSubdirectory("hypr-install-").FullName;
        try
        {
            // A machine without systemd whose /etc takes what is written and forgets it.
            const string Script = """
                set -e
                mount -t tmpfs none "$0"; mkdir "$0/new" "$0/work"
                mount -t overlay -o "lowerdir=/etc,upperdir=$0/new,workdir=$0/work" overlay /etc
                mkdir -p /run/systemd; mount -t tmpfs none /run/systemd
                PREFIX="$0/usr" "$1"
                ls "$0/usr/bin"
                """;
            var installed = TestProgram.Start(null, "unshare", ["--mount", "sh", "-c", Script, folder, Path.Combine(Repository.Root, "packaging", "install")]).WaitForEnd();
            Assert.True(installed.Succeeded, installed.Error);
            Assert.EndsWith("run: hypr system dns install\nhypr\nhyprd\n", installed.Output);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string[] Spaces() => Directory.Exists("/run/netns") ? [.. Directory.GetFiles("/run/netns", "hypr-demo-*")] : [];
}
