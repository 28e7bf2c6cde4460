using System.Net;
using Hypr.Dns;
using Hypr.Testing;

namespace Hypr.KernelTests.Dns;

/// <summary>
/// A host with two bridges and a program's namespace on each as a VM, and the real server in the host's namespace.
/// <code>
/// web 10.88.0.2 --- vbr0 10.88.0.1 fd88::1   host   10.89.0.1 vbr1 --- db 10.89.0.2
/// </code>
/// </summary>
internal sealed class DnsLab : IDisposable
{
    public const string FrontId = "aaaa00000000";
    public const string BackId = "bbbb00000000";
    public static readonly IPAddress Front = IPAddress.Parse("10.88.0.1");
    public static readonly IPAddress Back = IPAddress.Parse("10.89.0.1");
    private readonly List<TestNamespace> _spaces = [];

    public DnsLab(NameServerSettings? settings = null)
    {
        Host = Make("host");
        Web = Make("web");
        Db = Make("db");
        Bridge("vbr0", "10.88.0.1/16", Web, "10.88.0.2/16");
        Host.Must("ip", "addr", "add", "fd88::1/64", "dev", "vbr0", "nodad");
        Web.Must("ip", "addr", "add", "fd88::2/64", "dev", "eth0", "nodad");
        Bridge("vbr1", "10.89.0.1/24", Db, "10.89.0.2/24");
        Server = Host.Run(() => new NameServer((settings ?? new NameServerSettings()) with
        {
            ResolvConf = "/nonexistent",
            ResolvedConf = "/nonexistent"
        }));
        Failures = [.. Host.Run(() => Server.AddNetwork(FrontNetwork)), .. Host.Run(() => Server.AddNetwork(BackNetwork))];
        Server.SetMachine(Machine("web", FrontId, "10.88.0.2", "fd88::2"));
        Server.SetMachine(Machine("db", BackId, "10.89.0.2"));
    }

    public static DnsNetwork FrontNetwork { get; } = new(
        FrontId, "bridge", "vbr0", [Front, IPAddress.Parse("fd88::1")], [IPNetwork.Parse("10.88.0.0/16"), IPNetwork.Parse("fd88::/64")],
            false);

    public static DnsNetwork BackNetwork { get; } = new(BackId, "back", "vbr1", [Back], [IPNetwork.Parse("10.89.0.0/24")], true);

    public TestNamespace Host { get; }

    public TestNamespace Web { get; }

    public TestNamespace Db { get; }

    public NameServer Server { get; }

    public IReadOnlyList<ListenFailure> Failures { get; }

    public static DnsMachine Machine(string name, string network, params string[] addresses) => new(
        $"{name}{new string('0', 64)}"[..64], name, null, null, [new DnsEndpoint(network, [.. addresses.Select(IPAddress.Parse)], [])],
            [], []);

    /// <summary>What dig prints with +short: the answers' data, a line each.</summary>
    public static string[] Dig(TestNamespace from, params string[] arguments) =>
        from.Run("dig", ["+short", "+tries=2", "+timeout=5", .. arguments]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static string DigAll(TestNamespace from, params string[] arguments) =>
        from.Run("dig", ["+tries=2", "+timeout=5", .. arguments]).Output;

    public TestNamespace Make(string role)
    {
        var space = TestNamespace.Create(role);
        _spaces.Add(space);
        return space;
    }

    public void Bridge(string bridge, string gateway, TestNamespace machine, string address)
    {
        Host.Must("ip", "link", "add", bridge, "type", "bridge");
        Host.Must("ip", "addr", "add", gateway, "dev", bridge);
        Host.Must("ip", "link", "set", bridge, "up");
        var port = $"p{bridge}";
        TestNamespace.Join(Host, port, machine, "eth0");
        Host.Must("ip", "link", "set", port, "master", bridge);
        machine.Must("ip", "addr", "add", address, "dev", "eth0");
        machine.Must("ip", "route", "add", "default", "via", gateway.Split('/')[0]);
    }

    public void Dispose()
    {
        Server.DisposeAsync().AsTask().GetAwaiter().GetResult();
        foreach (var space in Enumerable.Reverse(_spaces))
        {
            space.Dispose();
        }
    }
}
