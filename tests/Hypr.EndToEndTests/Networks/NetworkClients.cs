using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Networks;

/// <summary>The clients that the same assertions are put to: hypr and the docker CLIs of this machine.</summary>
public static class NetworkClients
{
    public static TheoryData<string> All { get; } = [.. ((string[])["hypr", .. DockerCli.All.Select(d => d.Data)])];

    public static ProgramResult Run(this HyprHost host, string client, params string[] arguments) =>
        client == "hypr" ? host.Hypr(arguments) : host.Docker(client, arguments);

    public static string By(this HyprHost host, string client, string first, params string[] rest)
    {
        var result = host.Run(client, [first, .. rest]);
        Assert.True(result.Succeeded, $"{client} {first} {string.Join(' ', rest)}: exit {result.ExitCode}: {result.Error}{result.Output}");
        return result.Output;
    }

    /// <summary>What the host and hyprd have because of networks: bridges, rules of ours, names and subnets.</summary>
    public static string NetworkTraces(this HyprHost host)
    {
        // A removed network's bridge loses its address at once; the link itself is the kernel's to delete, behind.
        var addressed = host.Space.Netlink.Addresses.List().Where(a => !a.Address.IsIPv6LinkLocal).Select(a => a.Link).ToHashSet();
        var bridges = host.Space.Netlink.Links.List().Where(l => l.Kind == "bridge" && addressed.Contains(l.Index)).Select(l => l.Name).Order();
        var rules = host.Space.Must("nft", "list", "tables") + host.Space.Must("sh", "-c", "nft list table inet hypr | grep -o 'vbr[0-9]*' | sort -u");
        return string.Join(' ', bridges) + "\n" + rules + host.MustHypr("network", "ls", "--no-trunc") + host.Traces();
    }
}
