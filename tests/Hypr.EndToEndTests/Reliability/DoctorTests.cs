using System.Text.Json.Nodes;
using Hypr.EndToEndTests.Dns;
using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Reliability;

/// <summary><c>hypr doctor</c>, <c>hypr system check</c> and the metrics say what is so: on a sound host, and where something was broken on purpose.</summary>
public sealed class DoctorTests(DoctorTests.ResolvingHost host) : IClassFixture<DoctorTests.ResolvingHost>
{
    public sealed class ResolvingHost : HyprHost
    {
        public ResolvingHost()
            : base(new JsonObject { ["dns"] = new JsonArray(NamedHost.HostsResolver) }) =>
            NamedHost.Resolver(Lab.Internet, NamedHost.HostsResolver, "203.0.113.71");

        public string Sleeper(string name, params string[] options) => MustHypr(["run", "-d", "--name", name, .. options, "tools", "sleep", "infinity"]).Trim();
    }

    [Fact]
    public void A_sound_host_and_vm_have_no_problem()
    {
        host.RunVm("nginx", "sound", "-p", "8301:80");
        host.Page(host.Space, "http://127.0.0.1:8301/");
        var result = host.Hypr("doctor", "sound");
        Assert.True(result.Succeeded, result.Output + result.Error);
        Assert.Contains("ok      host: IP forwarding is on", result.Output);
        Assert.Contains("ok      network bridge: the name server answers on 10.88.0.1, ports 53 and 41003", result.Output);
        Assert.Contains("ok      host: names outside of hypr are resolved", result.Output);
        Assert.Contains("ok      sound: its resolv.conf asks 10.88.0.1", result.Output);
        Assert.Contains("ok      sound: something listens on port 80 (published as 8301)", result.Output);
        Assert.Matches("nothing is wrong: \\d+ VMs \\(\\d+ running\\), \\d+ networks, \\d+ images\n", host.MustHypr("system", "check"));
        var json = JsonNode.Parse(host.MustHypr("doctor", "sound", "sound:80", "--json"))!.AsArray();
        Assert.All(json, f => Assert.NotEqual("problem", f!["Kind"]!.ToString()));
        host.MustHypr("rm", "-f", "sound");
    }

    [Fact]
    public void Why_one_vm_does_not_reach_another_and_the_command_that_mends_it()
    {
        host.MustHypr("network", "create", "east");
        host.MustHypr("network", "create", "west", "--internal");
        host.Sleeper("asker", "--network", "east");
        host.Sleeper("asked", "--network", "west");
        var apart = host.Hypr("doctor", "asker", "asked:81");
        Assert.Equal(1, apart.ExitCode);
        Assert.Contains("problem asker to asked: they share no network: asker is on east, asked on west\n        do: hypr network connect west asker\n", apart.Output);
        Assert.Contains("problem asked: nothing listens on port 81", apart.Output);
        var outside = host.Hypr("doctor", "asked", "example.org:443");
        Assert.Equal(1, outside.ExitCode);
        Assert.Contains("asked is on internal networks only (west)", outside.Output);

        host.MustHypr("network", "connect", "west", "asker");
        Assert.Contains("ok      asker to asked: they share network west", host.Hypr("doctor", "asker", "asked").Output);

        host.MustHypr("stop", "-t", "1", "asked");
        Assert.Contains("problem asked: it does not run (exited, exit code", host.Hypr("doctor", "asker", "asked").Output);
        Assert.Contains("No such container: nobody", host.Hypr("doctor", "nobody").Error);
        Assert.Contains("No such container: nobody", host.Hypr("doctor", "asker", "nobody").Error);
        Assert.Contains("asked:0", host.Hypr("doctor", "asker", "asked:0").Error);
        host.MustHypr("rm", "-f", "asker", "asked");
        host.MustHypr("network", "rm", "east", "west");
    }

    [Fact]
    public void What_cannot_be_mended_is_told_by_check()
    {
        host.Sleeper("broken");
        var tap = host.Space.Netlink.Links.List().First(l => l.Kind == "tun" && l.Alias.Contains(Endpoint("broken"), StringComparison.Ordinal)).Name;
        host.Must("ip", "link", "del", tap);
        var stray = Directory.CreateDirectory(Path.Combine(host.DataDir, "machines", "stray"));
        var check = host.Hypr("system", "check");
        Assert.Equal(1, check.ExitCode);
        Assert.Contains($"{tap} of ", check.Output);
        Assert.Contains("is missing: restart the VM", check.Output);
        Assert.Contains($"{stray.FullName} belongs to no machine", check.Output);
        Assert.Contains(tap, host.Hypr("doctor", "broken").Output);

        stray.Delete();
        host.MustHypr("restart", "-t", "1", "broken");
        host.MustHypr("system", "check");
        host.MustHypr("rm", "-f", "broken");
    }

    [Fact]
    public void Metrics_are_on_loopback_and_nothing_else_is_there()
    {
        host.Sleeper("counted");
        var metrics = host.Must("curl", "-sS", "--fail", "http://127.0.0.1:41002/metrics");
        Assert.Matches("(?m)^hypr_vms\\{state=\"running\"\\} [1-9]", metrics);
        Assert.Matches("(?m)^hypr_addresses_used\\{network=\"bridge\",subnet=\"10.88.0.0/16\"\\} [4-9]", metrics);
        Assert.Matches("(?m)^hypr_api_request_duration_seconds_count\\{method=\"POST\",group=\"containers\",status=\"201\"\\} [1-9]", metrics);
        Assert.Contains("\nprocess_resident_memory_bytes ", metrics);
        Assert.Contains("404", host.Must("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:41002/containers/json"));
        Assert.Contains("405", host.Must("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "http://127.0.0.1:41002/metrics"));

        double Repairs() => double.Parse(
            host.Must("curl", "-sS", "http://127.0.0.1:41002/metrics").Split('\n').Single(l => l.StartsWith("hypr_repairs_total ", StringComparison.Ordinal))[19..],
            System.Globalization.CultureInfo.InvariantCulture);
        var before = Repairs();
        host.Must("sysctl", "-qw", "net.ipv4.ip_forward=0");
        Assert.True(Probe.Until(() => Repairs() > before));
        Assert.Equal("1\n", host.Must("cat", "/proc/sys/net/ipv4/ip_forward"));
        host.MustHypr("rm", "-f", "counted");
    }

    private string Endpoint(string machine) =>
        JsonNode.Parse(host.MustHypr("inspect", machine))![0]!["NetworkSettings"]!["Networks"]!["bridge"]!["EndpointID"]!.ToString();
}
