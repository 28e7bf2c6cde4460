using System.Text.Json.Nodes;
using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Networks;

/// <summary><c>network create, ls, inspect, rm, prune</c> as the specification prints them, by hypr and by the docker CLIs. No VM is needed for it.</summary>
public sealed class NetworkCommandTests(HyprHost host) : IClassFixture<HyprHost>
{
    public static TheoryData<string> Clients => NetworkClients.All;

    [Theory]
    [MemberData(nameof(Clients))]
    public void Inspect_has_the_specifications_keys_in_its_order_with_four_spaces(string client)
    {
        var id = host.By(client, "network", "create", "mynet", "--subnet", "10.89.0.0/16", "--gateway", "10.89.0.1");
        Assert.Matches("^[0-9a-f]{64}\n$", id);
        var text = host.By(client, "network", "inspect", "mynet");
        Assert.StartsWith($"[\n    {{\n        \"Name\": \"mynet\",\n        \"Id\": \"{id.Trim()}\",\n        \"Created\": \"", text);
        Assert.Contains("\n        \"IPAM\": {\n            \"Driver\": \"default\",\n", text);
        Assert.Contains("            \"Config\": [\n                {\n                    \"Subnet\": \"10.89.0.0/16\",\n                    \"Gateway\": \"10.89.0.1\"\n                }\n            ]\n        },\n", text);
        Assert.Contains("        \"Options\": {\n            \"com.docker.network.bridge.name\": \"vbr1\"\n        }", text);
        Assert.EndsWith("    }\n]\n", text);
        var keys = JsonNode.Parse(text)![0]!.AsObject().Select(p => p.Key).ToList();
        Assert.Equal(["Name", "Id", "Created", "Scope", "Driver", "IPAM", "Options"], keys.Where(k => k is "Name" or "Id" or "Created" or "Scope" or "Driver" or "IPAM" or "Options"));
        Assert.Matches("^20[0-9-]{8}T[0-9:.]+Z$", JsonNode.Parse(text)![0]!["Created"]!.ToString());
        Assert.Equal("local bridge\n", host.By(client, "network", "inspect", "-f", "{{.Scope}} {{.Driver}}", "mynet"));
        Assert.Contains("inet 10.89.0.1/16", host.Must("ip", "addr", "show", "vbr1"));
        Assert.True(Probe.Until(() => Masqueraded("10.89.0.0/16")));
        Assert.Equal("mynet\n", host.By(client, "network", "rm", "mynet"));
        Assert.True(Probe.Until(() => !Masqueraded("10.89.0.0/16")));
        Assert.True(Probe.Until(() => host.Space.Netlink.Links.Find("vbr1") is null));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void Ls_has_four_columns_twelve_digits_and_filters(string client)
    {
        var id = host.By(client, "network", "create", "--label", "tier=back", "--internal", "listed").Trim();
        Assert.Matches("^NETWORK ID +NAME +DRIVER +SCOPE *\n[0-9a-f]{12} +bridge +bridge +local *\n" + id[..12] + " +listed +bridge +local *\n$", host.By(client, "network", "ls"));
        Assert.Equal(host.By(client, "network", "ls"), host.By(client, "network", "list"));
        Assert.Equal(id + "\n", host.By(client, "network", "ls", "-q", "--no-trunc", "-f", "name=listed"));
        foreach (var filter in (string[])["label=tier=back", "label=tier", $"id={id[..10]}", "type=custom", "dangling=true"])
        {
            Assert.Equal("listed bridge local\n", host.By(client, "network", "ls", "--filter", filter, "--format", "{{.Name}} {{.Driver}} {{.Scope}}"));
        }

        Assert.Equal("bridge\n", host.By(client, "network", "ls", "-f", "type=builtin", "--format", "{{.Name}}"));
        Assert.Equal("", host.By(client, "network", "ls", "-q", "-f", "label=other"));
        Assert.Equal(2, host.By(client, "network", "ls", "-q", "-f", "driver=bridge", "-f", "scope=local").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("\"Name\":\"listed\"", host.By(client, "network", "ls", "--format", "{{json .}}"));
        Assert.Equal("true back bridge\n", host.By(client, "network", "inspect", "-f", "{{.Internal}} {{index .Labels \"tier\"}} {{.Driver}}", "listed"));
        Assert.Equal(1, host.Run(client, "network", "ls", "-f", "colour=red").ExitCode);
        Assert.Equal("listed\n", host.By(client, "network", "remove", "listed"));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void Rm_goes_on_past_a_failure_and_prune_asks(string client)
    {
        host.By(client, "network", "create", "first");
        host.By(client, "network", "create", "second");
        var result = host.Run(client, "network", "rm", "first", "nobody", "second");
        Assert.Equal((1, "first\nsecond\n"), (result.ExitCode, result.Output));
        Assert.Contains("nobody", result.Error);
        var builtin = host.Run(client, "network", "rm", "bridge");
        Assert.Equal(1, builtin.ExitCode);
        Assert.Contains("bridge is a pre-defined network and cannot be removed", builtin.Error);

        host.By(client, "network", "create", "unused");
        Assert.Contains("[y/N]", Prune(client, "n\n"));
        Assert.Contains("unused", host.By(client, "network", "ls"));
        Assert.Contains("Deleted Networks:\nunused\n", Prune(client, "y\n"));
        host.By(client, "network", "create", "unused");
        Assert.Equal("Deleted Networks:\nunused\n\n", host.By(client, "network", "prune", "-f"));
        Assert.Equal("", host.By(client, "network", "prune", "-f").Trim());
        Assert.Equal("bridge\n", host.By(client, "network", "ls", "--format", "{{.Name}}"));
    }

    [Fact]
    public void Rm_with_force_of_a_missing_network_is_no_failure() => Assert.Equal(0, host.Hypr("network", "rm", "-f", "missing").ExitCode);

    [Fact]
    public void Inspect_of_several_is_one_array_and_of_a_missing_one_exits_1()
    {
        host.MustHypr("network", "create", "seen");
        var both = JsonNode.Parse(host.MustHypr("network", "inspect", "-v", "bridge", "seen"))!.AsArray();
        Assert.Equal(["bridge", "seen"], both.Select(n => n!["Name"]!.ToString()));
        Assert.Equal("{\"IPsInUse\":3,\"DynamicIPsAvailable\":253}\n", host.MustHypr("network", "inspect", "-f", "{{range .Status.IPAM.Subnets}}{{json .}}{{end}}", "seen"));
        var missing = host.Hypr("network", "inspect", "seen", "missing");
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("network missing not found", missing.Error);
        host.MustHypr("network", "rm", "seen");
    }

    [Fact]
    public void Subnets_come_from_the_pool_and_pass_by_what_the_host_has()
    {
        host.Must("ip", "route", "add", "10.112.0.0/24", "via", "192.0.2.20");
        host.Must("ip", "route", "add", "10.112.1.0/24", "via", "192.0.2.20", "table", "77");
        // A bridge that another test has just removed is the kernel's for some milliseconds more.
        Assert.True(Probe.Until(() => host.Space.Run("ip", "link", "add", "vbr1", "type", "bridge").Succeeded));
        host.MustHypr("network", "create", "chosen", "--ipv6");
        Assert.Equal("10.112.2.0/24 fd", host.MustHypr("network", "inspect", "-f", "{{range .IPAM.Config}}{{.Subnet}} {{end}}", "chosen")[..16]);
        Assert.Equal("vbr2\n", host.MustHypr("network", "inspect", "-f", "{{index .Options \"com.docker.network.bridge.name\"}}", "chosen"));
        host.MustHypr("network", "rm", "chosen");
        host.Must("ip", "link", "del", "vbr1");
        host.Must("ip", "route", "del", "10.112.0.0/24");
        host.Must("ip", "route", "del", "10.112.1.0/24", "table", "77");
    }

    [Fact]
    public void Docker_options_that_mean_nothing_here_are_kept_with_a_warning()
    {
        var result = host.Hypr("network", "create", "kept", "-o", "com.docker.network.windowsshim.dnsservers=1.1.1.1", "-o", "com.docker.network.driver.mtu=1400",
            "-o", "com.docker.network.bridge.name=mybr", "--attachable", "--ipam-driver", "default", "--aux-address", "router=10.90.9.9", "--ip-range", "10.90.9.128/25", "--subnet", "10.90.9.0/24");
        Assert.True(result.Succeeded, result.Error);
        Assert.Contains("WARNING: option com.docker.network.windowsshim.dnsservers", result.Error);
        Assert.Contains("mtu 1400", host.Must("ip", "link", "show", "mybr"));
        Assert.Contains("windowsshim", host.MustHypr("network", "inspect", "kept"));
        host.MustHypr("network", "rm", "kept");
    }

    [Fact]
    public async Task A_thousand_creates_and_removes_at_once_leave_nothing_half_made()
    {
        var before = host.NetworkTraces();
        await Parallel.ForAsync(0, 1000, new ParallelOptions { MaxDegreeOfParallelism = 32 }, (i, _) =>
        {
            // Names clash: of five callers one has it, the others are told so.
            var name = $"many{i % 200}";
            var created = host.Hypr("network", "create", name);
            Assert.True(created.Succeeded || created.Error.Contains("already exists", StringComparison.Ordinal), created.Error);
            var removed = host.Hypr("network", "rm", name);
            Assert.True(removed.Succeeded || removed.Error.Contains("not found", StringComparison.Ordinal), removed.Error);
            return ValueTask.CompletedTask;
        });
        host.MustHypr("network", "prune", "-f");
        Assert.True(Probe.Until(() => host.NetworkTraces() == before, TimeSpan.FromSeconds(30)), $"before: {before}\nafter: {host.NetworkTraces()}");
    }

    private bool Masqueraded(string subnet) => host.Must("iptables", "-t", "nat", "-L", "POSTROUTING", "-n").Contains(subnet, StringComparison.Ordinal);

    private string Prune(string client, string answer)
    {
        var program = client == "hypr" ? host.Start("network", "prune") : host.StartDocker(client, "network", "prune");
        program.WriteAndClose(answer);
        return program.WaitForEnd().Output;
    }
}
