using System.Text.Json.Serialization;

namespace Hypr.Api.Contracts;

public sealed record NetworkingConfig
{
    /// <summary>By network name or id, in the client's order.</summary>
    public Dictionary<string, EndpointSettings?>? EndpointsConfig { get; set; }
}

/// <summary>A machine's place on a network: what is asked for and what it got. Addresses are without prefix length, <c>""</c> when there is none.</summary>
public sealed record EndpointSettings
{
    [JsonPropertyName("IPAMConfig")]
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public EndpointIpamConfig? IpamConfig { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? Links { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? Aliases { get; set; }
    public string? MacAddress { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public Dictionary<string, string>? DriverOpts { get; set; }

    /// <summary>The highest has the default route.</summary>
    public int GwPriority { get; set; }

    [JsonPropertyName("NetworkID")]
    public string? NetworkId { get; set; }

    [JsonPropertyName("EndpointID")]
    public string? EndpointId { get; set; }
    public string? Gateway { get; set; }

    [JsonPropertyName("IPAddress")]
    public string? IPAddress { get; set; }

    [JsonPropertyName("IPPrefixLen")]
    public int IPPrefixLen { get; set; }

    [JsonPropertyName("IPv6Gateway")]
    public string? IPv6Gateway { get; set; }
    public string? GlobalIPv6Address { get; set; }
    public int GlobalIPv6PrefixLen { get; set; }

    [JsonPropertyName("DNSNames")]
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<string>? DnsNames { get; set; }
}

public sealed record EndpointIpamConfig
{
    [JsonPropertyName("IPv4Address")]
    public string? IPv4Address { get; set; }

    [JsonPropertyName("IPv6Address")]
    public string? IPv6Address { get; set; }

    [JsonPropertyName("LinkLocalIPs")]
    public List<string>? LinkLocalIPs { get; set; }
}
