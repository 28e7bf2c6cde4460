using Hypr.EndToEndTests.Support;
using Hypr.Testing;
using Hypr.Testing.Images;

namespace Hypr.EndToEndTests;

/// <summary>What an image says of itself, in a real VM: its HEALTHCHECK and its VOLUMEs.</summary>
public sealed class ImageConfigurationTests : IClassFixture<HyprHost>
{
    private readonly HyprHost _host;

    public ImageConfigurationTests(HyprHost host)
    {
        _host = host;
        var image = TestImages.Busybox().Layer(tar => tar.Directory("data").File("data/from-image", "hello\n"));
        image.HealthTest = "test -f /ready || { echo not yet; false; }";
        image.HealthInterval = TimeSpan.FromMilliseconds(300);
        image.Volumes = ["/data"];
        image.Cmd = ["sh", "-c", "touch /ready; exec sleep 1000"];
        var file = Path.Combine(host.Folder, "own.tar");
        File.WriteAllBytes(file, image.Build().ToArchive("docker.io/library/own:1"));
        host.MustHypr("load", "-i", file);
    }

    [Fact]
    public void Its_health_check_runs_and_up_and_depends_on_wait_for_it()
    {
        var file = Write("own", """
            services:
              app: { image: "own:1", stop_grace_period: 1s }
              after: { image: "own:1", stop_grace_period: 1s, healthcheck: { disable: true }, depends_on: { app: { condition: service_healthy } } }
            """);
        var up = _host.Hypr("compose", "-f", file, "up", "-d", "--wait", "--wait-timeout", "150");
        Assert.True(up.Succeeded, up.Error);
        Assert.Matches("(?s) VM own-app-1  Started\n.* VM own-app-1  Healthy\n.* VM own-after-1  Started\n", up.Error);
        Assert.Matches("own-app-1 .*\\(healthy\\)", _host.MustHypr("compose", "-f", file, "ps"));
        Assert.DoesNotContain("health", _host.MustHypr("compose", "-f", file, "ps", "after"), StringComparison.Ordinal);
        Assert.Contains("test -f /ready", _host.MustHypr("inspect", "-f", "{{json .Config.Healthcheck.Test}}", "own-app-1"), StringComparison.Ordinal);

        // Made unhealthy, it is seen so, with the check's own words.
        _host.MustHypr("exec", "own-app-1", "rm", "/ready");
        Assert.True(Probe.Until(() => _host.MustHypr("inspect", "-f", "{{.State.Health.Status}}", "own-app-1") == "unhealthy\n"));
        Assert.EndsWith("not yet\n\n", _host.MustHypr("inspect", "-f", "{{range .State.Health.Log}}{{.Output}}{{end}}", "own-app-1"), StringComparison.Ordinal);
        _host.MustHypr("compose", "-f", file, "down", "-v");
    }

    [Fact]
    public void Its_volume_is_made_has_its_content_and_outlives_hyprd_and_the_vm()
    {
        _host.MustHypr("run", "-d", "--name", "first", "--stop-timeout", "1", "own:1");
        var volume = _host.MustHypr("inspect", "-f", "{{range .Mounts}}{{.Name}} {{.Destination}} {{.Type}}{{end}}", "first").Trim().Split(' ');
        Assert.Equal((64, "/data", "volume"), (volume[0].Length, volume[1], volume[2]));
        Assert.Equal("hello\n", _host.MustHypr("exec", "first", "cat", "/data/from-image"));
        _host.MustHypr("exec", "first", "sh", "-c", "echo written > /data/file");

        // hyprd is killed and comes back: the VM goes on with it, and nobody else gets it meanwhile.
        _host.KillDaemon();
        _host.StartDaemon();
        Assert.Equal("written\n", _host.MustHypr("exec", "first", "cat", "/data/file"));
        Assert.Contains("is in use by the running VM first", _host.Hypr("run", "--rm", "-v", $"{volume[0]}:/other", "tools", "true").Error, StringComparison.Ordinal);
        _host.MustHypr("stop", "first");
        _host.MustHypr("rm", "first");
        _host.KillDaemon();
        _host.StartDaemon();
        Assert.Equal("hello\nwritten\n", _host.MustHypr("run", "--rm", "-v", $"{volume[0]}:/data", "own:1", "cat", "/data/from-image", "/data/file"));
        _host.MustHypr("volume", "rm", volume[0]);

        // With the VM's own end it goes: --rm, rm -v. A named volume in its place stays.
        _host.MustHypr("run", "--rm", "own:1", "true");
        _host.MustHypr("run", "--name", "second", "own:1", "true");
        _host.MustHypr("rm", "-v", "second");
        Assert.Equal("", _host.MustHypr("volume", "ls", "-q"));
        _host.MustHypr("run", "--rm", "-v", "named:/data", "own:1", "sh", "-c", "echo kept > /data/file");
        Assert.Equal("named\n", _host.MustHypr("volume", "ls", "-q"));
        Assert.Equal("hello\nkept\n", _host.MustHypr("run", "--rm", "-v", "named:/data:ro", "own:1", "cat", "/data/from-image", "/data/file"));
        _host.MustHypr("volume", "rm", "named");
    }

    private string Write(string stack, string yaml)
    {
        var folder = Path.Combine(_host.Folder, stack);
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, "compose.yaml");
        File.WriteAllText(file, yaml);
        return file;
    }
}
