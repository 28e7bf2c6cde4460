using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Reliability;

/// <summary>The agent of a VM that runs hears what it is told and says nothing any more: whoever asks it is told so in its time, and nobody else is held up.</summary>
public sealed class HungAgentTests(FaultyHost host) : IClassFixture<FaultyHost>
{
    private const string Silent = "does not answer";

    [Fact]
    public void Who_asks_gets_an_error_other_VMs_are_not_held_up_and_a_new_connection_wakes_it()
    {
        host.MustHypr("network", "create", "late");
        host.Sleeper("other");
        host.Sleeper("hung", "--health-cmd", "true", "--health-interval", "1s", "--health-retries", "1");
        Assert.True(Probe.Until(() => Health("hung") == "healthy", TimeSpan.FromMinutes(1)));
        var addresses = host.MustHypr("exec", "other", "ip", "-4", "addr");

        // 1. The next word is the check's: from then on this connection is silent.
        host.Arm("agent-hangs:1");
        using var asking = host.Start("exec", "hung", "true");
        using var connecting = host.Start("network", "connect", "late", "hung");
        using var looking = host.Start("top", "hung");
        using var committing = host.Start("commit", "hung", "copy");

        // 2. What needs no word of the agent's, and other VMs.
        Assert.Contains("running", host.MustHypr("inspect", "-f", "{{.State.Status}}", "hung"));
        Assert.Contains("Up ", host.MustHypr("ps", "--filter", "name=^hung$", "--format", "{{.Status}}"));
        host.MustHypr("logs", "hung");
        Assert.Equal(addresses, host.MustHypr("exec", "other", "ip", "-4", "addr"));
        var stats = host.MustHypr("stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}");
        Assert.Matches("(?m)^other [1-9]", stats);
        Assert.Contains("hung --", stats);
        Assert.False(asking.HasEnded);

        // 3. The errors, and what came of it.
        foreach (var asked in (TestProgram[])[asking, connecting, looking, committing])
        {
            var answer = asked.WaitForEnd(TimeSpan.FromMinutes(3));
            Assert.NotEqual(0, answer.ExitCode);
            Assert.Contains(Silent, answer.Error);
        }

        host.Arm("");
        Assert.Contains("attached to late from its next start on, but not now", connecting.Error);
        Assert.DoesNotContain("copy", host.MustHypr("images"));

        // 4. It is asked over a new connection, and is well.
        Assert.True(Probe.Until(() => host.Hypr("exec", "hung", "true").Succeeded, TimeSpan.FromMinutes(2)), host.DaemonLog);
        Assert.Contains("said nothing for", host.DaemonLog);
        Assert.Contains(Silent, host.DaemonLog + host.MustHypr("inspect", "-f", "{{json .State.Health.Log}}", "hung"));
        Assert.True(Probe.Until(() => Health("hung") == "healthy", TimeSpan.FromMinutes(2)));
        host.MustHypr("network", "disconnect", "late", "hung");

        // It heard of the NIC, which goes some seconds after its end on the host (pciehp).
        Assert.True(Probe.Until(() => host.Hypr("network", "connect", "late", "hung").Succeeded, TimeSpan.FromMinutes(1)), host.DaemonLog);
        host.Agrees("an agent that hung");
        host.MustHypr("rm", "-f", "other", "hung");
        host.MustHypr("network", "rm", "late");
    }

    [Fact]
    public void It_can_be_stopped_and_removed_and_a_new_hyprd_does_not_wait_for_it()
    {
        foreach (var name in (string[])["stopped", "removed", "found", "later"])
        {
            host.Sleeper(name);
        }

        host.Arm("agent-hangs:1+");
        host.MustHypr("stop", "-t", "1", "stopped");
        Assert.Equal("exited 137\n", host.MustHypr("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "stopped"));
        using (var holding = host.Start("exec", "removed", "true"))
        {
            host.MustHypr("rm", "-f", "removed");
            Assert.NotEqual(0, holding.WaitForEnd().ExitCode);
        }

        // No agent says hello to the next hyprd; its clients are served.
        host.KillDaemon();
        host.StartFaulty();
        Assert.All(host.MustHypr("ps", "--format", "{{.Status}}").TrimEnd('\n').Split('\n'), status => Assert.StartsWith("Up ", status));
        host.MustHypr("rm", "-f", "found");
        host.MustHypr("system", "check");
        host.Arm("");
        Assert.Equal("awake\n", host.MustHypr("exec", "later", "echo", "awake"));
        host.MustHypr("rm", "-f", "stopped", "later");
        host.Agrees("VMs whose agents hung");
    }

    private string Health(string name) => host.MustHypr("inspect", "-f", "{{.State.Health.Status}}", name).Trim();
}
