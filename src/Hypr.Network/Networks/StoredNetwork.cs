using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hypr.Network.Endpoints;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Hypr.Store.Networks;

namespace Hypr.Network.Networks;

/// <summary>What the networks table keeps as JSON; addresses are text.</summary>
internal sealed record StoredNetwork
{
    public bool IPv4 { get; init; }
    public bool IPv6 { get; init; }
    public bool Internal { get; init; }
    public bool Attachable { get; init; }
    public int Mtu { get; init; }
    public required List<StoredSubnet> Subnets { get; init; }
    public required Dictionary<string, string> Options { get; init; }
    public required Dictionary<string, string> IpamOptions { get; init; }
    public required Dictionary<string, string> Labels { get; init; }

    public static NetworkRow ToRow(VmNetwork n) => new(n.Id, n.Name, n.Bridge, n.Created, JsonSerializer.Serialize(
        new StoredNetwork
        {
            IPv4 = n.EnableIPv4,
            IPv6 = n.EnableIPv6,
            Internal = n.Internal,
            Attachable = n.Attachable,
            Mtu = n.Mtu,
            Subnets = [.. n.Subnets.Select(s => new StoredSubnet(s.Subnet.ToString(), s.Gateway.ToString(), s.Range?.ToString(), s.Auxiliary.ToDictionary(a => a.Key, a => a.Value.ToString())))],
            Options = new Dictionary<string, string>(n.Options),
            IpamOptions = new Dictionary<string, string>(n.IpamOptions),
            Labels = new Dictionary<string, string>(n.Labels),
        },
        StoredJson.Default.StoredNetwork));

    public static VmNetwork FromRow(NetworkRow row)
    {
        var stored = JsonSerializer.Deserialize(row.Config, StoredJson.Default.StoredNetwork)!;
        return new VmNetwork
        {
            Id = row.Id,
            Name = row.Name,
            Bridge = row.Bridge,
            Created = row.Created,
            EnableIPv4 = stored.IPv4,
            EnableIPv6 = stored.IPv6,
            Internal = stored.Internal,
            Attachable = stored.Attachable,
            Mtu = stored.Mtu,
            Subnets = [.. stored.Subnets.Select(s => new SubnetConfig(IPNetwork.Parse(s.Subnet), IPAddress.Parse(s.Gateway), s.Range is null ? null : IPNetwork.Parse(s.Range), s.Auxiliary.ToDictionary(a => a.Key, a => IPAddress.Parse(a.Value))))],
            Options = stored.Options,
            IpamOptions = stored.IpamOptions,
            Labels = stored.Labels,
        };
    }
}

internal sealed record StoredSubnet(string Subnet, string Gateway, string? Range, Dictionary<string, string> Auxiliary);

/// <summary>What the endpoints table keeps as JSON: what was asked for.</summary>
internal sealed record StoredEndpoint
{
    public string? StaticIPv4 { get; init; }
    public string? StaticIPv6 { get; init; }
    public string? StaticMac { get; init; }
    public required List<string> Aliases { get; init; }
    public int GatewayPriority { get; init; }
    public required Dictionary<string, string> DriverOptions { get; init; }

    public static string Serialize(Endpoint e, MacAddress? asked) => JsonSerializer.Serialize(
        new StoredEndpoint
        {
            StaticIPv4 = e.StaticIPv4?.ToString(),
            StaticIPv6 = e.StaticIPv6?.ToString(),
            StaticMac = asked?.ToString(),
            Aliases = [.. e.Aliases],
            GatewayPriority = e.GatewayPriority,
            DriverOptions = new Dictionary<string, string>(e.DriverOptions),
        },
        StoredJson.Default.StoredEndpoint);

    public static StoredEndpoint Deserialize(string json) => JsonSerializer.Deserialize(json, StoredJson.Default.StoredEndpoint)!;
}

/// <summary>The protocol's word in the ports table and in Docker's API.</summary>
internal static class ProtocolWord
{
    public static string Of(PortProtocol protocol) => protocol switch
    {
        PortProtocol.Tcp => "tcp",
        PortProtocol.Udp => "udp",
        _ => "sctp",
    };

    public static PortProtocol Parse(string word) => word switch
    {
        "tcp" => PortProtocol.Tcp,
        "udp" => PortProtocol.Udp,
        "sctp" => PortProtocol.Sctp,
        _ => throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"unknown protocol {word} in the database")),
    };
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StoredNetwork))]
[JsonSerializable(typeof(StoredEndpoint))]
internal sealed partial class StoredJson : JsonSerializerContext;
