namespace Hypr.Api.Contracts;

/// <summary>A record of a network's zone: <c>GET /hypr/dns/networks/NETWORK</c>.</summary>
public sealed record NameRecord
{
    public string Name { get; set; } = "";

    /// <summary>A, AAAA or PTR.</summary>
    public string Type { get; set; } = "";

    public string Value { get; set; } = "";
}

/// <summary>How the host finds names: <c>GET</c>, <c>POST</c> (install) and <c>DELETE</c> (uninstall) <c>/hypr/dns/host</c>.</summary>
public sealed record HostNamesState
{
    /// <summary><c>installed</c>, <c>not installed</c> or <c>systemd-resolved</c>.</summary>
    public string State { get; set; } = "";

    /// <summary>The file that says whom the host asks.</summary>
    public string Path { get; set; } = "";

    public string? Warning { get; set; }
}
