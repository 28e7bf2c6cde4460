using System.Net;
using Hypr.Linux.Netlink;

namespace Hypr.Testing;

/// <summary>
/// A small world of namespaces with documentation addresses (RFC 5737, RFC 3849): the host under test between a neighbour on its LAN and the internet,
/// which knows no way back to any private address.
/// <code>
/// lan  192.0.2.20 --- 192.0.2.10  host  203.0.113.10 --- 203.0.113.1  internet  198.51.100.1 (lo)
/// eth0 2001:db8:1::20       lan0        wan0  2001:db8:2::10       eth0         2001:db8:3::1
/// </code>
/// </summary>
public sealed class LabNetwork : IDisposable
{
    private readonly List<TestNamespace> _spaces = [];

    public LabNetwork()
    {
        try
        {
            Host = Make("host");
            Lan = Make("lan");
            Internet = Make("internet");
            TestNamespace.Join(Host, "lan0", Lan, "eth0");
            TestNamespace.Join(Host, "wan0", Internet, "eth0");
            Address(Host, "lan0", HostOnLan, 24);
            Address(Host, "lan0", HostOnLan6, 64);
            Address(Lan, "eth0", LanAddress, 24);
            Address(Lan, "eth0", LanAddress6, 64);
            Address(Host, "wan0", HostOnWan, 24);
            Address(Host, "wan0", HostOnWan6, 64);
            Address(Internet, "eth0", InternetGateway, 24);
            Address(Internet, "eth0", InternetGateway6, 64);
            Address(Internet, "lo", InternetAddress, 32);
            Address(Internet, "lo", InternetAddress6, 128);
            Route(Host, "0.0.0.0/0", InternetGateway);
            Route(Host, "::/0", InternetGateway6);
            Route(Internet, "192.0.2.0/24", HostOnWan);
            Route(Internet, "2001:db8:1::/64", HostOnWan6);
            SetBridgeNetfilter(false);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public static IPAddress HostOnLan { get; } = IPAddress.Parse("192.0.2.10");
    public static IPAddress HostOnLan6 { get; } = IPAddress.Parse("2001:db8:1::10");
    public static IPAddress LanAddress { get; } = IPAddress.Parse("192.0.2.20");
    public static IPAddress LanAddress6 { get; } = IPAddress.Parse("2001:db8:1::20");
    public static IPAddress HostOnWan { get; } = IPAddress.Parse("203.0.113.10");
    public static IPAddress HostOnWan6 { get; } = IPAddress.Parse("2001:db8:2::10");
    public static IPAddress InternetGateway { get; } = IPAddress.Parse("203.0.113.1");
    public static IPAddress InternetGateway6 { get; } = IPAddress.Parse("2001:db8:2::1");
    public static IPAddress InternetAddress { get; } = IPAddress.Parse("198.51.100.1");
    public static IPAddress InternetAddress6 { get; } = IPAddress.Parse("2001:db8:3::1");

    /// <summary>The machine that HYPR runs on.</summary>
    public TestNamespace Host { get; } = null!;

    /// <summary>A neighbour on the host's LAN; it has no default route.</summary>
    public TestNamespace Lan { get; } = null!;

    /// <summary>Beyond the host's default route.</summary>
    public TestNamespace Internet { get; } = null!;

    /// <summary>Another namespace that goes with the lab.</summary>
    public TestNamespace Make(string role)
    {
        var space = TestNamespace.Create(role);
        _spaces.Add(space);
        return space;
    }

    public static void Address(TestNamespace space, string link, IPAddress address, int prefix) =>
        space.Netlink.Addresses.Add(new LinkAddress(space.Netlink.Links.IndexOf(link), address, prefix) { NoDad = true });

    public static void Route(TestNamespace space, string destination, IPAddress gateway) =>
        space.Netlink.Routes.Add(new Route { Destination = IPNetwork.Parse(destination), Gateway = gateway });

    /// <summary>Whether frames that the host bridges pass iptables and its kind; false when the kernel has no br_netfilter.</summary>
    public bool SetBridgeNetfilter(bool on) => Host.Run(() =>
    {
        const string Name = "net.bridge.bridge-nf-call-iptables";
        if (Linux.Sysctl.KernelSetting.TryRead(Name) is null)
            return false;
        foreach (var name in (string[])[Name, "net.bridge.bridge-nf-call-ip6tables", "net.bridge.bridge-nf-call-arptables"])
            Linux.Sysctl.KernelSetting.Write(name, on ? "1" : "0");
        return true;
    });

    /// <summary>Removes everything; the first failure is told after all was tried.</summary>
    public void Dispose()
    {
        var left = new List<string>();
        foreach (var space in Enumerable.Reverse(_spaces))
        {
            try
            {
                space.Dispose();
            }
            catch (LeftoverException e)
            {
                left.Add(e.Message);
            }
        }

        if (left.Count > 0)
            throw new LeftoverException(string.Join("; ", left));
    }
}
