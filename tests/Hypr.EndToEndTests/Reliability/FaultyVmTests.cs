using System.Text.Json.Nodes;
using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Reliability;

/// <summary>Of the published hyprd, what a VM is made of fails at one place after another: an error in words, nothing is left, and the next try does it.</summary>
public sealed class FaultyVmTests(FaultyVmTests.ColdHost host) : IClassFixture<FaultyVmTests.ColdHost>
{
    /// <summary>What makes a template meets the same seams, at moments of its own.</summary>
    public sealed class ColdHost() : FaultyHost(new JsonObject { ["warm-start"] = false });

    [Theory]
    [InlineData("files:1", "No space left on device")]
    [InlineData("files:3", "No space left on device")]
    [InlineData("vmm-start:1+", "did not start")]
    [InlineData("vmm-dies:1+", "died")]
    [InlineData("vmm-dies:2+", "did not start")]
    [InlineData("netlink:2+", "the network cannot be changed")]
    [InlineData("nft:1+", "the network cannot be changed")]
    [InlineData("store-full:1", "no space left on device")]
    [InlineData("store-full:9", "no space left on device")]
    [InlineData("store-busy:3+", "locked")]
    public void A_run_that_meets_it_leaves_nothing(string plan, string expected)
    {
        host.MustHypr("pull", "-q", "tools");
        var network = $"shop-{plan[..^1].Replace(':', '-').TrimEnd('+')}";
        host.MustHypr("network", "create", network);
        var before = host.Traces();
        host.Arm(plan);
        var refused = host.Hypr("run", "-d", "--name", "web", "--network", network, "-p", "8080:80", "tools", "sleep", "infinity");
        host.Arm("");
        Assert.Contains(expected, refused.Error);
        Assert.NotEqual(0, refused.ExitCode);

        // Docker's way: what was made and could not be started is there to be looked at.
        host.Hypr("rm", "-f", "web");
        host.Agrees(plan);
        Assert.True(Probe.Until(() => host.Traces() == before), $"{plan}\n{before}\n{host.Traces()}");
        if (plan is "files:3" or "vmm-dies:2+")
        {
            host.MustHypr("run", "-d", "--name", "web", "--network", network, "-p", "8080:80", "tools", "sleep", "infinity");
            host.MustHypr("rm", "-f", "web");
        }

        host.MustHypr("network", "rm", network);
    }

    [Fact]
    public void A_VM_that_runs_outlives_what_its_operations_meet()
    {
        host.MustHypr("network", "create", "late");
        host.MustHypr("run", "-d", "--name", "stays", "tools", "sleep", "infinity");
        foreach (var (plan, command) in ((string, string[])[])
        [
            ("qmp:1", ["pause", "stays"]),
            ("qmp:1", ["network", "connect", "late", "stays"]),
            ("netlink:3+", ["network", "connect", "late", "stays"]),
            ("store-full:1", ["network", "connect", "late", "stays"]),
            ("nft:1+", ["port", "add", "stays", "8081:80"]),
            ("store-full:3", ["port", "add", "stays", "8081:80"]),
            ("store-full:1", ["stop", "-t", "1", "stays"]),
            ("store-full:1+", ["rename", "stays", "other"]),
        ])
        {
            host.Arm(plan);
            var refused = host.Hypr(command);
            host.Arm("");
            Assert.True(refused.ExitCode != 0, $"{plan}: hypr {string.Join(' ', command)}: {refused.Output}");
            host.Agrees($"{plan}, hypr {string.Join(' ', command)}");
            Assert.Equal("it goes on\n", host.MustHypr("exec", "stays", "echo", "it goes on"));
            host.Hypr("network", "disconnect", "late", "stays");
        }

        host.MustHypr("network", "connect", "late", "stays");
        host.MustHypr("stop", "-t", "1", "stays");
        host.MustHypr("rm", "stays");
        host.MustHypr("network", "rm", "late");
        host.Agrees("the end");
    }

    [Fact]
    public void A_stop_is_a_stop_though_nothing_can_be_written_and_a_volume_and_a_pull_are_whole_or_not_there()
    {
        host.MustHypr("run", "-d", "--name", "ends", "tools", "sleep", "infinity");
        host.Arm("store-full:2+");
        host.MustHypr("stop", "-t", "0", "ends");
        Assert.Contains("Exited", host.MustHypr("ps", "-a", "--filter", "name=^ends$", "--format", "{{.Status}}"));
        Assert.Contains("wait to be written", host.Hypr("system", "check").Output);
        host.Arm("");
        host.Agrees("a stop on a full disk");
        host.MustHypr("rm", "ends");

        foreach (var plan in (string[])["files:1", "files:2", "store-full:1", "store-full:2"])
        {
            host.Arm(plan);
            Assert.NotEqual(0, host.Hypr("volume", "create", "data").ExitCode);
            host.Arm("");
            Assert.Equal("", host.MustHypr("volume", "ls", "-q"));
            host.Agrees($"volume create, {plan}");
        }

        host.MustHypr("volume", "create", "data");
        host.MustHypr("volume", "rm", "data");
        foreach (var plan in (string[])["files:1", "files:2", "files:3", "files:4", "store-full:1", "store-full:3"])
        {
            host.Hypr("rmi", "-f", "nginx");
            host.Arm(plan);
            var pulled = host.Hypr("pull", "-q", "nginx");
            host.Arm("");
            Assert.True(pulled.ExitCode != 0 && pulled.Error.Contains("space left on device", StringComparison.OrdinalIgnoreCase), $"{plan}: {pulled.Output}{pulled.Error}");
            Assert.DoesNotContain("nginx", host.MustHypr("images"));
            host.Agrees($"pull, {plan}");
        }

        host.MustHypr("pull", "-q", "nginx");
    }
}
