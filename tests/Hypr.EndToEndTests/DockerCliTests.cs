using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>The real docker CLI against hyprd, the newest and Debian's.</summary>
public sealed class DockerCliTests(HyprHost host) : IClassFixture<HyprHost>
{
    public static TheoryData<string> Clis => DockerCli.All;

    [Theory]
    [MemberData(nameof(Clis))]
    public void Version_and_info(string docker)
    {
        Assert.Contains("Server:", host.MustDocker(docker, "version"));
        Assert.Matches("^[0-9]+\\.[0-9]+\n$", host.MustDocker(docker, "version", "--format", "{{.Server.APIVersion}}"));
        var info = host.MustDocker(docker, "info");
        Assert.Contains("Containers:", info);
        Assert.Contains("Swarm: inactive", info);
    }

    [Theory]
    [MemberData(nameof(Clis))]
    public void A_vm_from_run_to_rm(string docker)
    {
        var id = host.MustDocker(docker, "run", "-d", "--name", "web", "-p", "8080:80", "nginx").Trim();
        Assert.Matches("^[0-9a-f]{64}$", id);
        host.Page(host.Space, "http://127.0.0.1:8080/");
        Assert.Matches($"^CONTAINER ID.*\n{id[..12]} +nginx +.*0\\.0\\.0\\.0:8080->80/tcp.* web\n$", host.MustDocker(docker, "ps"));
        Assert.Contains("0.0.0.0:8080", host.MustDocker(docker, "port", "web"));
        Assert.Contains("0.0.0.0:8080", host.MustDocker(docker, "port", "web", "80/tcp"));
        Assert.Equal("hello\n", host.MustDocker(docker, "exec", "web", "echo", "hello"));
        Assert.Equal(5, host.Docker(docker, "exec", "web", "sh", "-c", "exit 5").ExitCode);
        var cat = host.StartDocker(docker, "exec", "-i", "web", "cat");
        cat.WriteAndClose("in and out\n");
        Assert.Equal("in and out\n", cat.WaitForEnd().Output);
        Assert.True(Probe.Until(() => host.MustDocker(docker, "logs", "web").Contains("GET / ", StringComparison.Ordinal)), host.MustDocker(docker, "logs", "web"));
        Assert.Equal("true 10.88.0.2\n", host.MustDocker(docker, "inspect", "-f", "{{.State.Running}} {{.NetworkSettings.Networks.bridge.IPAddress}}", "web"));
        Assert.Equal("web\n", host.MustDocker(docker, "stop", "web"));
        Assert.Contains("Exited (0)", host.MustDocker(docker, "ps", "-a"));
        Assert.Equal("web\n", host.MustDocker(docker, "start", "web"));
        host.Page(host.Space, "http://127.0.0.1:8080/");
        Assert.Equal("web\n", host.MustDocker(docker, "rm", "-f", "web"));
        Assert.DoesNotContain("web", host.MustDocker(docker, "ps", "-a"));
    }

    [Theory]
    [MemberData(nameof(Clis))]
    public void Images_and_pull(string docker)
    {
        Assert.Contains("tools:latest", host.MustDocker(docker, "pull", "tools"));
        Assert.Matches("^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\n", host.MustDocker(docker, "images"));
        Assert.Contains("tools", host.MustDocker(docker, "images"));
        var missing = host.Docker(docker, "pull", "no-such-image");
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("no-such-image", missing.Error);
    }

    [Theory]
    [MemberData(nameof(Clis))]
    public void Network_ls(string docker) =>
        Assert.Matches("^NETWORK ID +NAME +DRIVER +SCOPE\n[0-9a-f]{12} +bridge +bridge +local\n", host.MustDocker(docker, "network", "ls"));

    [Theory]
    [MemberData(nameof(Clis))]
    public void Run_in_the_foreground_has_the_programs_output_and_code(string docker)
    {
        host.MustDocker(docker, "pull", "tools");
        var result = host.Docker(docker, "run", "--rm", "tools", "sh", "-c", "echo out; echo err >&2; exit 4");
        Assert.Equal((4, "out\n", "err\n"), (result.ExitCode, result.Output, result.Error));
        var cat = host.StartDocker(docker, "run", "--rm", "-i", "tools", "cat");
        cat.WriteAndClose("echoed\n");
        Assert.Equal("echoed\n", cat.WaitForEnd(TimeSpan.FromMinutes(2)).Output);
        Assert.Equal(127, host.Docker(docker, "run", "--rm", "tools", "no-such-program").ExitCode);
    }
}
