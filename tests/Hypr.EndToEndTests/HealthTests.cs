using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>Health checks in a real VM, seen by hypr and by the real docker CLIs.</summary>
public sealed class HealthTests(HyprHost host) : IClassFixture<HyprHost>
{
    private const string Health = "{{.State.Health.Status}}";

    public static TheoryData<string> Clis => DockerCli.All;

    [Fact]
    public void A_check_follows_the_vm_over_failure_pause_restart_of_hyprd_and_stop()
    {
        Run("sick", "--health-cmd", "cat /ok", "--health-interval", "200ms", "--health-retries", "2");
        Await("sick", "unhealthy");
        Assert.Matches("^[2-9] 1 cat: /ok: No such file or directory\n", host.MustHypr("inspect", "-f", "{{.State.Health.FailingStreak}} {{with index .State.Health.Log 0}}{{.ExitCode}} {{.Output}}{{end}}", "sick"));
        host.MustHypr("exec", "sick", "sh", "-c", "echo well > /ok");
        Await("sick", "healthy");
        Assert.Contains("(healthy)", host.MustHypr("ps", "--filter", "health=healthy", "--filter", "name=sick"));

        host.MustHypr("pause", "sick");
        Assert.Contains("(Paused)", host.MustHypr("ps", "--filter", "name=sick"));
        Assert.Equal("healthy\n", host.MustHypr("inspect", "-f", Health, "sick"));
        host.MustHypr("unpause", "sick");
        host.MustHypr("exec", "sick", "rm", "/ok");
        Await("sick", "unhealthy");

        // A new hyprd knows of no check before its own.
        host.KillDaemon();
        host.StartDaemon();
        host.MustHypr("exec", "sick", "touch", "/ok");
        Await("sick", "healthy");
        host.MustHypr("stop", "-t", "1", "sick");
        Assert.Equal("unhealthy exited\n", host.MustHypr("inspect", "-f", "{{.State.Health.Status}} {{.State.Status}}", "sick"));
        host.MustHypr("rm", "sick");
    }

    [Fact]
    public void What_hangs_is_killed_at_its_time_out_and_what_talks_without_end_is_cut()
    {
        Run("hangs", "--health-cmd", "exec sleep 4711", "--health-interval", "100ms", "--health-timeout", "300ms", "--health-retries", "3");
        Run("talks", "--health-cmd", "yes | head -c 300000; exit 1", "--health-interval", "100ms", "--health-retries", "1");
        Await("hangs", "unhealthy");
        Assert.Equal("-1 Health check exceeded timeout (300ms)\n", host.MustHypr("inspect", "-f", "{{with index .State.Health.Log 0}}{{.ExitCode}} {{.Output}}{{end}}", "hangs"));

        // One that is running just now, and none of those before it.
        Assert.True(Probe.Until(() => int.Parse(host.MustHypr("exec", "hangs", "sh", "-c", "pgrep -cf 'sleep 471[1]' || true"), System.Globalization.CultureInfo.InvariantCulture) <= 1));
        Await("talks", "unhealthy");
        Assert.Equal("4096\n", host.MustHypr("inspect", "-f", "{{with index .State.Health.Log 0}}{{len .Output}}{{end}}", "talks"));
        host.MustHypr("rm", "-f", "hangs", "talks");
    }

    [Theory]
    [MemberData(nameof(Clis))]
    public void The_docker_cli_sees_and_sets_it(string docker)
    {
        var since = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 1;
        host.MustDocker(docker, "run", "-d", "--name", "well", "--health-cmd", "test -f /ok", "--health-interval", "200ms", "--health-start-period", "300s", "tools", "sleep", "infinity");
        Assert.Matches("Up .* \\(health: starting\\)", host.MustDocker(docker, "ps", "--filter", "health=starting"));
        host.MustDocker(docker, "exec", "well", "touch", "/ok");
        Assert.True(Probe.Until(() => host.MustDocker(docker, "inspect", "-f", Health, "well") == "healthy\n"), host.MustDocker(docker, "inspect", "well"));
        Assert.Matches("Up .* \\(healthy\\)", host.MustDocker(docker, "ps", "--filter", "health=healthy"));
        Assert.Equal("", host.MustDocker(docker, "ps", "-q", "--filter", "health=none"));
        var events = host.MustDocker(docker, "events", "--since", $"{since}", "--until", $"{DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1}", "--filter", "event=health_status");
        Assert.Matches("container health_status: healthy [0-9a-f]{64} \\(.*name=well", events);
        host.MustDocker(docker, "rm", "-f", "well");

        host.MustDocker(docker, "run", "-d", "--name", "unasked", "--no-healthcheck", "tools", "sleep", "infinity");
        Assert.Contains("unasked", host.MustDocker(docker, "ps", "--filter", "health=none"));
        host.MustDocker(docker, "rm", "-f", "unasked");
        var wrong = host.Docker(docker, "run", "-d", "--health-cmd", "true", "--health-retries", "-1", "tools");
        Assert.Equal(125, wrong.ExitCode);
        Assert.Contains("--health-retries cannot be negative", wrong.Error);
    }

    private void Run(string name, params string[] options) => host.MustHypr(["run", "-d", "--name", name, .. options, "tools", "sleep", "infinity"]);

    private void Await(string name, string status) =>
        Assert.True(Probe.Until(() => host.MustHypr("inspect", "-f", Health, name) == status + "\n", TimeSpan.FromSeconds(60)), host.MustHypr("inspect", name));
}
