using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Machines;

/// <summary>Docker's restart policies: at a process's end, and at the daemon's start.</summary>
public sealed class RestartPolicyTests(HyprHost host) : IClassFixture<HyprHost>
{
    [Fact]
    public void On_failure_starts_again_as_often_as_it_was_told()
    {
        Run("fails", "on-failure:2", "sh", "-c", "echo once more; exit 3");
        Assert.True(Probe.Until(() => Inspect("fails", "{{.State.Status}} {{.RestartCount}}") == "exited 2\n", TimeSpan.FromMinutes(2)), Inspect("fails", "{{json .State}}"));
        Assert.Equal("3\n", Inspect("fails", "{{.State.ExitCode}}"));
        Assert.Equal("once more\nonce more\nonce more\n", host.MustHypr("logs", "fails"));
        Run("succeeds", "on-failure", "true");
        Assert.True(Probe.Until(() => Inspect("succeeds", "{{.State.Status}} {{.RestartCount}}") == "exited 0\n", TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void A_vm_that_was_killed_behind_hyprds_back_starts_again_with_its_address()
    {
        Run("always", "always", "sleep", "infinity");
        var address = Inspect("always", "{{.NetworkSettings.IPAddress}}");
        host.Must("kill", "-KILL", Inspect("always", "{{.State.Pid}}").Trim());
        Assert.True(Probe.Until(() => Inspect("always", "{{.State.Status}} {{.RestartCount}}") == "running 1\n", TimeSpan.FromMinutes(1)), Inspect("always", "{{json .State}}"));
        Assert.Equal(address, Inspect("always", "{{.NetworkSettings.IPAddress}}"));

        // Stopped by a person it stays so.
        host.MustHypr("stop", "-t", "1", "always");
        Assert.Equal("exited\n", Inspect("always", "{{.State.Status}}"));
    }

    [Fact]
    public void At_hyprds_start_they_come_back_while_clients_are_served()
    {
        string[] policies = ["no", "on-failure", "always", "unless-stopped"];
        foreach (var policy in policies)
        {
            Run($"left-{policy}", policy, "sleep", "infinity");
        }

        host.MustHypr("stop", "-t", "1", "left-unless-stopped");
        Run("left-spent", "on-failure:1", "false");
        Assert.True(Probe.Until(() => Inspect("left-spent", "{{.State.Status}} {{.RestartCount}}") == "exited 1\n", TimeSpan.FromMinutes(1)));
        var spent = Inspect("left-spent", "{{.State.FinishedAt}}");
        var pids = policies.Where(p => p != "unless-stopped").Select(p => Inspect($"left-{p}", "{{.State.Pid}}").Trim()).ToList();
        host.StopDaemon();
        pids.ForEach(pid => host.Must("kill", "-KILL", pid));
        Assert.True(Probe.Until(() => pids.TrueForAll(pid => !Directory.Exists($"/proc/{pid}"))));
        host.StartDaemon();

        // What is on its way up is no fault.
        host.MustHypr("system", "check");

        // It serves before they are up: the client's start of one whose turn it is or was is no error of either.
        var start = host.Hypr("start", "left-always");
        Assert.True(start.Succeeded, start.Error);
        foreach (var policy in (string[])["on-failure", "always"])
        {
            Assert.True(Probe.Until(() => Inspect($"left-{policy}", "{{.State.Status}}") == "running\n", TimeSpan.FromMinutes(1)), Inspect($"left-{policy}", "{{json .State}}"));
        }

        foreach (var policy in (string[])["no", "unless-stopped"])
        {
            Assert.Equal("exited\n", Inspect($"left-{policy}", "{{.State.Status}}"));
        }

        Assert.Equal(spent, Inspect("left-spent", "{{.State.FinishedAt}}"));
    }

    private void Run(string name, string policy, params string[] command) => host.MustHypr(["run", "-d", "--name", name, "--restart", policy, "tools", .. command]);

    private string Inspect(string name, string format) => host.MustHypr("inspect", "-f", format, name);
}
