using System.Net;
using Hypr.Network.Networks;
using Hypr.Network.Platforms;
using Hypr.Primitives;

namespace Hypr.Network.Tests.Networks;

/// <summary>Every bad network of a client's, with its kind and the words that a person or a client looks for.</summary>
public sealed class BadNetworkTests
{
    private static readonly NetworkSpec Fine = new() { Name = "mynet" };

    public static TheoryData<string, ErrorKind, string> Subnets => new()
    {
        { "10.89.0.5/16", ErrorKind.InvalidParameter, "it should be 10.89.0.0/16" },
        { "10.89.0.0/31", ErrorKind.InvalidParameter, "/30 is the smallest" },
        { "10.89.0.1/32", ErrorKind.InvalidParameter, "/30 is the smallest" },
        { "0.0.0.0/0", ErrorKind.InvalidParameter, "every address" },
        { "::/0", ErrorKind.InvalidParameter, "every address" },
        { "224.1.0.0/16", ErrorKind.InvalidParameter, "multicast" },
        { "192.0.0.0/2", ErrorKind.InvalidParameter, "multicast" },
        { "127.1.0.0/16", ErrorKind.InvalidParameter, "loopback" },
        { "169.254.7.0/24", ErrorKind.InvalidParameter, "link-local" },
        { "240.0.0.0/24", ErrorKind.InvalidParameter, "reserved" },
        { "ff02::/64", ErrorKind.InvalidParameter, "multicast" },
        { "fe80::/64", ErrorKind.InvalidParameter, "link-local" },
        { "::ffff:10.89.0.0/112", ErrorKind.InvalidParameter, "IPv4 block" },
        { "fd00::1/64", ErrorKind.InvalidParameter, "it should be fd00::/64" },
        { "fd00::/127", ErrorKind.InvalidParameter, "/126 is the smallest" },
        { "fd00:::/64", ErrorKind.InvalidParameter, "fd00:::/64" },
        { "fd00::/129", ErrorKind.InvalidParameter, "fd00::/129" },
        { "fd00::%1/64", ErrorKind.InvalidParameter, "fd00::%1/64" },
        { "10.89.0.0", ErrorKind.InvalidParameter, "a block such as" },
        { "10.89/16", ErrorKind.InvalidParameter, "10.89/16" },
        { "010.89.0.0/16", ErrorKind.InvalidParameter, "010.89.0.0/16" },
        { "0x0a.89.0.0/16", ErrorKind.InvalidParameter, "0x0a.89.0.0/16" },
        { "10.89.0.0/33", ErrorKind.InvalidParameter, "10.89.0.0/33" },
        { "10.89.0.0/-1", ErrorKind.InvalidParameter, "10.89.0.0/-1" },
        { "10.89.0.0/ 16", ErrorKind.InvalidParameter, "10.89.0.0/ 16" },
        { "rubbish", ErrorKind.InvalidParameter, "rubbish" },
        { "10.88.0.0/24", ErrorKind.Forbidden, "Pool overlaps with other one on this address space: 10.88.0.0/24 overlaps 10.88.0.0/16 of network bridge" },
        { "10.0.0.0/8", ErrorKind.Forbidden, "of network bridge" },
        { "10.77.1.0/24", ErrorKind.Forbidden, "10.77.0.0/16, route of wg0" },
        { "192.168.5.0/24", ErrorKind.Forbidden, "address 192.168.5.9 of eth0" },
    };

    [Theory]
    [MemberData(nameof(Subnets))]
    public Task A_subnet_that_cannot_be_is_refused_with_the_reason(string subnet, ErrorKind kind, string words) =>
        RefusedAsync(Fine with { Subnets = [new SubnetSpec(subnet, null, null, null)] }, kind, words);

    public static TheoryData<string?, string?, string?, ErrorKind, string> Parts => new()
    {
        // range, gateway, auxiliary address
        { null, "10.90.0.1", null, ErrorKind.InvalidParameter, "no matching subnet" },
        { null, "10.89.0.0", null, ErrorKind.InvalidParameter, "own address" },
        { null, "10.89.255.255", null, ErrorKind.InvalidParameter, "broadcast" },
        { null, "fd00::1", null, ErrorKind.InvalidParameter, "no matching subnet" },
        { null, "rubbish", null, ErrorKind.InvalidParameter, "invalid gateway rubbish" },
        { "10.90.0.0/24", null, null, ErrorKind.InvalidParameter, "not inside of subnet 10.89.0.0/16" },
        { "10.0.0.0/8", null, null, ErrorKind.InvalidParameter, "not inside of subnet" },
        { "10.89.4.1/24", null, null, ErrorKind.InvalidParameter, "it should be 10.89.4.0/24" },
        { "fd00::/64", null, null, ErrorKind.InvalidParameter, "not inside of subnet" },
        { null, null, "10.90.0.7", ErrorKind.InvalidParameter, "no matching subnet" },
        { null, null, "10.89.255.255", ErrorKind.InvalidParameter, "broadcast" },
        { null, "10.89.0.9", "10.89.0.9", ErrorKind.Forbidden, "it is the gateway" },
    };

    [Theory]
    [MemberData(nameof(Parts))]
    public Task A_range_gateway_or_auxiliary_address_that_cannot_be_is_refused(string? range, string? gateway, string? auxiliary, ErrorKind kind, string words) =>
        RefusedAsync(Fine with
        {
            Subnets = [new SubnetSpec("10.89.0.0/16", range, gateway, auxiliary is null ? null : new Dictionary<string, string> { ["printer"] = auxiliary })],
        }, kind, words);

    public static TheoryData<string, string, string> Options => new()
    {
        { "com.docker.network.bridge.name", "abcdefghijklmnop", "16 characters, the kernel takes 15" },
        { "com.docker.network.bridge.name", "a/b", "bridge name a/b" },
        { "com.docker.network.bridge.name", "a b", "bridge name a b" },
        { "com.docker.network.bridge.name", "..", "bridge name .." },
        { "com.docker.network.bridge.name", "tap7", "VMs' links" },
        { "com.docker.network.bridge.name", "vbr0", "in use by network bridge" },
        { "com.docker.network.bridge.name", "eth0", "the host has a link of this name" },
        { "com.docker.network.bridge.enable_icc", "perhaps", "true or false" },
        { "com.docker.network.bridge.enable_ip_masquerade", "", "true or false" },
        { "com.docker.network.bridge.host_binding_ipv4", "::1", "an IPv4 address" },
        { "com.docker.network.driver.mtu", "67", "68 to 65535" },
        { "com.docker.network.driver.mtu", "65536", "68 to 65535" },
        { "com.docker.network.driver.mtu", "1e3", "68 to 65535" },
        { "com.docker.network.bridge.gateway_mode_ipv4", "open", "nat, routed or isolated" },
        { "com.docker.network.bridge.gateway_mode_ipv4", "isolated", "--internal" },
        { "colour", "blue", "unknown option colour" },
    };

    [Theory]
    [MemberData(nameof(Options))]
    public Task An_option_that_cannot_be_is_refused(string key, string value, string words) =>
        RefusedAsync(Fine with { Options = new Dictionary<string, string> { [key] = value } }, null, words);

    public static TheoryData<string, ErrorKind, string> Names => new()
    {
        { "", ErrorKind.InvalidParameter, "[a-zA-Z0-9][a-zA-Z0-9_.-]" },
        { " ", ErrorKind.InvalidParameter, "invalid network name" },
        { "-net", ErrorKind.InvalidParameter, "invalid network name" },
        { "my net", ErrorKind.InvalidParameter, "invalid network name" },
        { "net/1", ErrorKind.InvalidParameter, "invalid network name" },
        { "net\n", ErrorKind.InvalidParameter, "invalid network name" },
        { "nétz", ErrorKind.InvalidParameter, "invalid network name" },
        { "bridge", ErrorKind.Forbidden, "operation is not permitted on predefined bridge network" },
        { "host", ErrorKind.Forbidden, "predefined host network" },
        { "none", ErrorKind.Forbidden, "predefined none network" },
        { "default", ErrorKind.Forbidden, "predefined default network" },
        { "taken", ErrorKind.Conflict, "network with name taken already exists" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_name_that_cannot_be_is_refused(string name, ErrorKind kind, string words) => RefusedAsync(Fine with { Name = name }, kind, words);

    [Fact]
    public async Task What_only_a_swarm_or_another_driver_has_is_refused_clearly()
    {
        await RefusedAsync(Fine with { Scope = "swarm" }, ErrorKind.NotImplemented, "swarm");
        await RefusedAsync(Fine with { Ingress = true }, ErrorKind.NotImplemented, "--ingress");
        await RefusedAsync(Fine with { ConfigOnly = true }, ErrorKind.NotImplemented, "--config-only");
        await RefusedAsync(Fine with { ConfigFrom = "x" }, ErrorKind.NotImplemented, "--config-from");
        await RefusedAsync(Fine with { Driver = "macvlan" }, ErrorKind.NotFound, "plugin \"macvlan\" not found");
        await RefusedAsync(Fine with { Driver = "host" }, ErrorKind.Forbidden, "only one instance of \"host\" network is allowed");
        await RefusedAsync(Fine with { IpamDriver = "dhcp" }, ErrorKind.NotFound, "plugin \"dhcp\" not found");
        await RefusedAsync(Fine with { EnableIPv4 = false }, ErrorKind.InvalidParameter, "IPv4 or IPv6 must be enabled");
        await RefusedAsync(Fine with { EnableIPv4 = false, EnableIPv6 = true, Subnets = [new("10.89.0.0/16", null, null, null)] }, ErrorKind.InvalidParameter, "without IPv4");
        await RefusedAsync(Fine with { Subnets = [new(null, null, "10.89.0.1", null)] }, ErrorKind.InvalidParameter, "must have a corresponding subnet");
        await RefusedAsync(Fine with { Subnets = [new("10.89.0.0/16", null, null, null), new("10.90.0.0/16", null, null, null)] }, ErrorKind.InvalidParameter, "one of each family");
        await RefusedAsync(
            Fine with { EnableIPv6 = true, Options = new Dictionary<string, string> { ["com.docker.network.driver.mtu"] = "1279" } }, ErrorKind.InvalidParameter, "RFC 8200");
        await RefusedAsync(
            Fine with { Subnets = [new("10.89.0.0/30", null, "10.89.0.2", new Dictionary<string, string> { ["a"] = "10.89.0.1", ["b"] = "10.89.0.1" })] }, ErrorKind.InvalidParameter, "a has it already");
    }

    private static async Task RefusedAsync(NetworkSpec spec, ErrorKind? kind, string words)
    {
        await using var lab = await Lab.StartAsync(before: l =>
        {
            l.Datapath.HostLinks.Add("eth0");
            l.Datapath.Occupying.Add(new OccupiedPrefix(IPNetwork.Parse("10.77.0.0/16"), "wg0", "route of wg0"));
            l.Datapath.Occupying.Add(new OccupiedPrefix(IPNetwork.Parse("192.168.5.0/24"), "eth0", "address 192.168.5.9 of eth0"));
        });
        await lab.CreateAsync("taken");
        var (stored, kernel, names) = (lab.Dump(), lab.Datapath.Dump(), lab.Names.Networks.Count);
        var refused = await Assert.ThrowsAsync<HyprException>(() => lab.Service.CreateAsync(spec, CancellationToken.None));
        Assert.Contains(words, refused.Message);
        Assert.Equal(kind ?? refused.Kind, refused.Kind);
        Assert.NotEqual(ErrorKind.Internal, refused.Kind);
        Assert.Equal((stored, kernel, names), (lab.Dump(), lab.Datapath.Dump(), lab.Names.Networks.Count));

        // What was taken for it in memory is free again.
        Assert.Equal("vbr2", (await lab.CreateAsync("next")).Bridge);
    }
}
