using System.Text.Json.Serialization;

namespace Hypr.Api.Contracts;

/// <summary>POST /networks/create</summary>
public sealed record CreateNetworkRequest
{
    public string? Name { get; set; }
    public string? Driver { get; set; }
    public string? Scope { get; set; }
    public bool? EnableIPv4 { get; set; }
    public bool? EnableIPv6 { get; set; }

    [JsonPropertyName("IPAM")]
    public Ipam? Ipam { get; set; }
    public bool Internal { get; set; }
    public bool Attachable { get; set; }
    public bool Ingress { get; set; }
    public bool ConfigOnly { get; set; }
    public ConfigReference? ConfigFrom { get; set; }
    public Dictionary<string, string>? Options { get; set; }
    public Dictionary<string, string>? Labels { get; set; }
}

public sealed record CreateNetworkResponse
{
    public string Id { get; set; } = "";
    public string Warning { get; set; } = "";
}

public sealed record ConfigReference
{
    public string? Network { get; set; }
}

public sealed record Ipam
{
    public string? Driver { get; set; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public Dictionary<string, string>? Options { get; set; }
    public List<IpamConfig>? Config { get; set; }
}

public sealed record IpamConfig
{
    public string? Subnet { get; set; }

    [JsonPropertyName("IPRange")]
    public string? IPRange { get; set; }
    public string? Gateway { get; set; }
    public Dictionary<string, string>? AuxiliaryAddresses { get; set; }
}

/// <summary>One of GET /networks.</summary>
public record NetworkSummary
{
    public string Name { get; set; } = "";
    public string Id { get; set; } = "";
    public string Created { get; set; } = "";
    public string Scope { get; set; } = "";
    public string Driver { get; set; } = "";
    public bool EnableIPv4 { get; set; }
    public bool EnableIPv6 { get; set; }

    [JsonPropertyName("IPAM")]
    public Ipam Ipam { get; set; } = new();
    public bool Internal { get; set; }
    public bool Attachable { get; set; }
    public bool Ingress { get; set; }
    public ConfigReference ConfigFrom { get; set; } = new() { Network = "" };
    public bool ConfigOnly { get; set; }

    [JsonPropertyOrder(2)]
    public Dictionary<string, string> Options { get; set; } = [];

    [JsonPropertyOrder(2)]
    public Dictionary<string, string> Labels { get; set; } = [];
}

/// <summary>
/// GET /networks/{x}. Its own members are ordered explicitly: the generator would write them before the inherited ones, and <c>inspect</c> shows the order.
/// </summary>
public sealed record NetworkInspect : NetworkSummary
{
    /// <summary>By machine id.</summary>
    [JsonPropertyOrder(1)]
    public Dictionary<string, NetworkContainer> Containers { get; set; } = [];

    /// <summary>API 1.52's field.</summary>
    [JsonPropertyOrder(3)]
    public NetworkStatus? Status { get; set; }
}

/// <summary>Addresses with their prefix length: <c>10.89.0.2/16</c>, or <c>""</c>.</summary>
public sealed record NetworkContainer
{
    public string Name { get; set; } = "";

    [JsonPropertyName("EndpointID")]
    public string EndpointId { get; set; } = "";
    public string MacAddress { get; set; } = "";

    [JsonPropertyName("IPv4Address")]
    public string IPv4Address { get; set; } = "";

    [JsonPropertyName("IPv6Address")]
    public string IPv6Address { get; set; } = "";
}

public sealed record NetworkStatus
{
    [JsonPropertyName("IPAM")]
    public IpamStatus Ipam { get; set; } = new();
}

public sealed record IpamStatus
{
    /// <summary>By subnet.</summary>
    public Dictionary<string, SubnetStatus> Subnets { get; set; } = [];
}

/// <summary>Counts above 2^64-1 are given as 2^64-1, as Docker does.</summary>
public sealed record SubnetStatus
{
    [JsonPropertyName("IPsInUse")]
    public ulong IPsInUse { get; set; }

    [JsonPropertyName("DynamicIPsAvailable")]
    public ulong DynamicIPsAvailable { get; set; }
}

/// <summary>POST /networks/{x}/connect</summary>
public sealed record ConnectNetworkRequest
{
    public string? Container { get; set; }
    public EndpointSettings? EndpointConfig { get; set; }
}

/// <summary>POST /networks/{x}/disconnect</summary>
public sealed record DisconnectNetworkRequest
{
    public string? Container { get; set; }
    public bool Force { get; set; }
}

/// <summary>POST /networks/prune; names.</summary>
public sealed record NetworksPruned
{
    public List<string> NetworksDeleted { get; set; } = [];
}
