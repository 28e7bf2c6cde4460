using System.Net;
using System.Net.Sockets;
using Hypr.Linux.Nftables;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Network.Platforms.Linux.Rules;

/// <summary>An element of one of our sets or maps: rules are data.</summary>
internal readonly record struct RuleElement(RuleSet Set, NftValue Key, NftValue? Data = null)
{
    private const byte Tcp = 6;
    private const byte Udp = 17;
    private const byte Sctp = 132;

    /// <summary>What a network is in the rules.</summary>
    public static List<RuleElement> Of(DatapathNetwork network)
    {
        var bridge = NftValue.Link(network.Bridge);
        var all = new List<RuleElement>
        {
            new(RuleSet.Bridges, bridge),
            new(IsClosed(network) ? RuleSet.Closed : RuleSet.Open, bridge),
        };
        if (!network.Isolate)
            all.Add(new(RuleSet.Same, bridge.With(bridge)));
        foreach (var gateway in network.Gateways)
        {
            var (own, gateways, masquerade, mode) = gateway.IsIPv6
                ? (RuleSet.Own6, RuleSet.Gateways6, RuleSet.Masquerade6, network.Mode6)
                : (RuleSet.Own4, RuleSet.Gateways4, RuleSet.Masquerade4, network.Mode4);
            all.Add(new(own, bridge.With(NftValue.Address(gateway.Address))));
            all.Add(new(gateways, NftValue.Address(gateway.Address)));
            if (network.Masquerade && mode == GatewayMode.Nat && !IsClosed(network))
                all.Add(new(masquerade, bridge));
        }

        return [.. all.Distinct()];
    }

    /// <summary>What a machine's NIC may send, and where its address is.</summary>
    public static List<RuleElement> Of(DatapathEndpoint endpoint, DatapathNetwork network, string tap)
    {
        var link = NftValue.Link(tap);
        var from = link.With(NftValue.Raw(endpoint.Mac.ToBytes()));
        var bridge = NftValue.Link(network.Bridge);
        var all = new List<RuleElement> { new(RuleSet.Taps, link) };
        var ipv6 = false;
        foreach (var address in endpoint.Addresses)
        {
            var value = NftValue.Address(address);
            ipv6 |= address.AddressFamily == AddressFamily.InterNetworkV6;
            var (sources, members) = address.AddressFamily == AddressFamily.InterNetworkV6
                ? (RuleSet.Sources6, RuleSet.Members6)
                : (RuleSet.Sources4, RuleSet.Members4);
            all.Add(new(sources, from.With(value)));
            all.Add(new(members, value.With(bridge)));
        }

        if (ipv6)
            all.Add(new(RuleSet.Sources6, from.With(NftValue.Address(LinkLocal(endpoint.Mac)))));
        return [.. all.Distinct()];
    }

    /// <summary>Questions to a port of the name server that another program has go to the one that the name server has.</summary>
    public static RuleElement Of(TakenPort port)
    {
        var address = NftValue.Address(port.Address);
        return new(
            port.Address.AddressFamily == AddressFamily.InterNetworkV6 ? RuleSet.One6 : RuleSet.One4,
            address.With(NftValue.Protocol(NumberOf(port.Protocol))).With(NftValue.Port(port.Port)),
            address.With(NftValue.Port(port.Instead)));
    }

    /// <summary>A published port; null when its network publishes none.</summary>
    public static RuleElement? Of(DatapathPort port, DatapathNetwork network)
    {
        var ipv6 = port.Target.AddressFamily == AddressFamily.InterNetworkV6;
        if (IsClosed(network))
            return null;
        var number = NumberOf(port.Protocol);
        var called = NftValue.ProtocolPort(number, port.HostPort);
        if (port.Carrier != 0)
            return new(RuleSet.Carried6, called, NftValue.Port(port.Carrier));
        if ((ipv6 ? network.Mode6 : network.Mode4) == GatewayMode.Routed)
            return new(ipv6 ? RuleSet.Direct6 : RuleSet.Direct4, NftValue.Address(port.Target).With(NftValue.ProtocolPort(number, port.GuestPort)));
        var data = NftValue.AddressPort(port.Target, port.GuestPort);
        if (!port.HostIp.Equals(IPAddress.Any) && !port.HostIp.Equals(IPAddress.IPv6Any))
            return new(ipv6 ? RuleSet.One6 : RuleSet.One4, NftValue.Address(port.HostIp).With(called), data);
        return OurRules.DnsPorts.Contains(port.HostPort)
            ? new(ipv6 ? RuleSet.Names6 : RuleSet.Names4, called, data)
            : new(ipv6 ? RuleSet.Any6 : RuleSet.Any4, called, data);
    }

    /// <summary>Internal networks, and those whose bridge has no address.</summary>
    public static bool IsClosed(DatapathNetwork network) =>
        network.Internal || (network.Mode4 == GatewayMode.Isolated && network.Mode6 == GatewayMode.Isolated);

    public static byte NumberOf(PortProtocol protocol) => protocol switch
    {
        PortProtocol.Udp => Udp,
        PortProtocol.Sctp => Sctp,
        _ => Tcp,
    };

    /// <summary>RFC 4291, appendix A: the address that the guest's kernel gives its NIC by itself.</summary>
    public static IPAddress LinkLocal(MacAddress mac)
    {
        var m = mac.ToBytes();
        return new IPAddress([0xfe, 0x80, 0, 0, 0, 0, 0, 0, (byte)(m[0] ^ 2), m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]]);
    }
}
