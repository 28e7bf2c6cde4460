using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Networks;

/// <summary>Every row of wrong words about networks: a message that names the thing, the exit code, and nothing left.</summary>
public sealed class NetworkBadInputTests(NetworkBadInputTests.TwoNetworks host) : IClassFixture<NetworkBadInputTests.TwoNetworks>
{
    public sealed class TwoNetworks : HyprHost
    {
        public TwoNetworks()
        {
            MustHypr("pull", "tools");
            MustHypr("network", "create", "taken", "--subnet", "10.89.0.0/16");
            Must("ip", "route", "add", "10.94.0.0/16", "via", "192.0.2.20");
        }
    }

    /// <summary>By the daemon: the same for each client.</summary>
    public static TheoryData<string, string> Wrong => new()
    {
        { "x --subnet 10.89.5.0/24", "Pool overlaps with other one on this address space: 10.89.5.0/24 overlaps 10.89.0.0/16 of network taken" },
        { "x --subnet 10.94.1.0/24", "10.94.1.0/24 overlaps 10.94.0.0/16, route of lan0" },
        { "x --subnet 192.0.2.0/25", "address 192.0.2.10 of lan0" },
        { "x --subnet 10.90.0.0/24 --gateway 10.90.0.0", "invalid gateway 10.90.0.0: it is the own address of 10.90.0.0/24" },
        { "x --subnet 10.90.0.0/24 --gateway 10.90.0.255", "it is the broadcast address of 10.90.0.0/24" },
        { "x --subnet 10.90.0.0/24 --ip-range 10.90.0.0/23", "invalid ip-range 10.90.0.0/23: it is not inside of subnet 10.90.0.0/24" },
        { "x --subnet 10.90.0.0/24 --aux-address a=10.90.0.5 --aux-address b=10.90.0.5", "has it already" },
        { "x --subnet 10.90.0.0/24 --gateway 10.90.0.7 --aux-address a=10.90.0.7", "10.90.0.7" },
        { "x --subnet 10.90.0.5/24", "invalid subnet 10.90.0.5/24: it should be 10.90.0.0/24" },
        { "x --subnet 10.90.0.0/31", "no room for a gateway and a VM" },
        { "x --subnet 10.90.0.0/32", "no room for a gateway and a VM" },
        { "x --subnet 0.0.0.0/0", "it is every address there is" },
        { "x --subnet 224.1.0.0/16", "is multicast" },
        { "x --subnet 127.1.0.0/16", "the host's loopback" },
        { "x --subnet 169.254.7.0/24", "link-local" },
        { "x --subnet 240.0.0.0/8", "reserved" },
        { "x --ipv6 --subnet fe80::/64", "link-local" },
        { "x --ipv6 --subnet ff02::/64", "multicast" },
        { "x --ipv6 --subnet fd00::/127", "no room for a gateway and a VM" },
        { "x --subnet 10.90.0.0/24 --subnet 10.91.0.0/24", "a bridge network has one of each family" },
        { "taken", "network with name taken already exists" },
        { "bridge", "the name is reserved" },
        { "host", "the name is reserved" },
        { "none", "the name is reserved" },
        { "default", "the name is reserved" },
        { "a/b", "only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed" },
        { ".dot", "only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed" },
        { "x -d overlay", "plugin \"overlay\" not found" },
        { "x -d macvlan", "plugin \"macvlan\" not found" },
        { "x --ipam-driver dhcp", "plugin \"dhcp\" not found" },
        { "x -o colour=red", "unknown option colour" },
        { "x -o com.docker.network.bridge.name=vbr0", "vbr0" },
        { "x -o com.docker.network.bridge.name=lan0", "the host has a veth of that name" },
        { "x -o com.docker.network.bridge.name=sixteen-letters-", "the kernel takes 15" },
        { "x -o com.docker.network.driver.mtu=10", "a number of bytes from 68 to 65535 is due" },
        { "x -o com.docker.network.bridge.enable_icc=maybe", "true or false is due" },
        { "x -o com.docker.network.bridge.gateway_mode_ipv4=tunnel", "nat, routed or isolated is due" },
        { "x -o com.docker.network.bridge.host_binding_ipv4=here", "an IPv4 address is due" },
        { "x --config-only", "swarm" },
        { "x --scope swarm", "HYPR has no swarm" },
        { "x --ingress", "swarm" },
    };

    /// <summary>By the client, each in its own words.</summary>
    public static TheoryData<string, string> WrongForTheClient => new()
    {
        { "x --gateway 10.90.0.1", "it needs a --subnet that holds it" },
        { "x --subnet 10.90.0.0/24 --gateway 10.91.0.1", "outside of 10.90.0.0/24" },
        { "x --subnet 10.90.0.0/24 --ip-range 10.91.0.0/25", "outside of 10.90.0.0/24" },
        { "x --subnet 10.90.0.0/24 --aux-address a=10.91.0.1", "outside of 10.90.0.0/24" },
        { "x --subnet fd00:::/64", "not an IP address" },
        { "x --subnet fd00::/129", "not in CIDR format" },
        { "x --subnet 10.90.0.0/33", "not in CIDR format" },
        { "x --subnet rubbish", "not in CIDR format" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Create_by_every_client(string arguments, string expected)
    {
        foreach (var client in NetworkClients.All.Select(c => c.Data))
        {
            Refused(client, 1, expected, ["network", "create", .. arguments.Split(' ')]);
        }
    }

    [Theory]
    [MemberData(nameof(WrongForTheClient))]
    public void Create_refused_by_the_client(string arguments, string expected)
    {
        Refused("hypr", 125, expected, ["network", "create", .. arguments.Split(' ')]);
        foreach (var client in DockerCli.All.Select(c => c.Data))
        {
            var result = host.Run(client, ["network", "create", .. arguments.Split(' ')]);
            Assert.NotEqual(0, result.ExitCode);
            Assert.Equal("bridge\ntaken\n", host.MustHypr("network", "ls", "--format", "{{.Name}}"));
        }
    }

    [Theory]
    [InlineData("--network nobody", "network nobody not found")]
    [InlineData("--network host", "cannot share the host's")]
    [InlineData("--network container:x", "two VMs cannot share one network stack")]
    [InlineData("--network taken --ip 10.91.0.5", "10.91.0.5")]
    [InlineData("--network taken --ip 10.89.0.1", "it is the gateway")]
    [InlineData("--network taken --ip rubbish", "rubbish")]
    [InlineData("--network taken --ip6 fd00::5", "fd00::5")]
    [InlineData("--network taken --mac-address rubbish", "rubbish")]
    [InlineData("--network taken --mac-address 01:00:5e:00:00:01", "01:00:5e:00:00:01")]
    [InlineData("--network none --network taken", "cannot be on another one")]
    public void Run_on_a_network_that_cannot_be(string options, string expected) =>
        Refused("hypr", 125, expected, ["run", "-d", .. options.Split(' '), "tools", "true"]);

    [Theory]
    [InlineData("--network taken --network taken", "given twice")]
    [InlineData("--network name=taken,colour=red", "unknown key colour")]
    [InlineData("--network name=taken,gw-priority=much", "is no number")]
    [InlineData("--network ip=10.89.0.5", "name= is missing")]
    [InlineData("--network name=taken,ip=10.89.0.5 --ip 10.89.0.6", "--network says 10.89.0.5 already")]
    public void Run_with_a_long_form_that_is_wrong(string options, string expected) =>
        Refused("hypr", 125, expected, ["run", "-d", .. options.Split(' '), "tools", "true"]);

    [Fact]
    public void Connect_and_disconnect_of_what_is_not_so()
    {
        host.MustHypr("create", "--name", "made", "--network", "taken", "--ip", "10.89.0.9", "tools", "true");
        host.MustHypr("create", "--name", "other", "tools", "true");
        foreach (var client in NetworkClients.All.Select(c => c.Data))
        {
            Refused(client, 1, "already exists in network taken", ["network", "connect", "taken", "made"]);
            Refused(client, 1, "is not connected to network bridge", ["network", "disconnect", "bridge", "made"]);
            Refused(client, 1, "10.89.0.9 on network taken: VM made has it", ["network", "connect", "--ip", "10.89.0.9", "taken", "other"]);
            Refused(client, 1, "no configured subnet contains IP address 10.91.0.9", ["network", "connect", "--ip", "10.91.0.9", "taken", "other"]);
            Refused(client, 1, "network nobody not found", ["network", "connect", "nobody", "other"]);
            Refused(client, 1, "nobody", ["network", "connect", "taken", "nobody"]);
            Refused(client, 1, "cannot share the host's", ["network", "connect", "host", "other"]);
            Refused(client, 1, "has active endpoints (made)", ["network", "rm", "taken"]);
        }

        host.MustHypr("rm", "made", "other");
    }

    [Fact]
    public void An_exhausted_subnet_says_so_with_its_figures()
    {
        host.MustHypr("network", "create", "tiny", "--subnet", "10.90.7.0/30");
        host.RunVm("nginx", "only", "--network", "tiny");
        var result = host.Hypr("run", "-d", "--network", "tiny", "nginx");
        Assert.Equal(125, result.ExitCode);
        Assert.Contains("10.90.7.0/30", result.Error);
        Assert.Contains("tiny", result.Error);
        host.MustHypr("rm", "-f", "only");
        host.MustHypr("network", "rm", "tiny");
    }

    private void Refused(string client, int code, string expected, string[] arguments)
    {
        var before = host.NetworkTraces();
        var result = host.Run(client, arguments);
        Assert.Contains(expected, result.Error);
        Assert.Equal(code, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.True(Probe.Until(() => host.NetworkTraces() == before), $"before: {before}\nafter: {host.NetworkTraces()}");
    }
}
