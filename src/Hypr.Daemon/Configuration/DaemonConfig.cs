using System.Net;
using Hypr.Network;
using Microsoft.Extensions.Logging;

namespace Hypr.Daemon.Configuration;

/// <summary>daemon.json. Key names are Docker's; <c>warm-start</c> and those that begin with <c>hypr-</c> are HYPR's own.</summary>
internal sealed record DaemonConfig
{
    public const string DefaultFile = "/etc/hypr/daemon.json";

    public NetworkSettings Network { get; init; } = new();

    /// <summary>[registry-mirrors] of Docker Hub, asked before it.</summary>
    public IReadOnlyList<string> RegistryMirrors { get; init; } = [];

    /// <summary>[insecure-registries] <c>host</c>, <c>host:port</c> or a CIDR block: plain HTTP and unknown certificates are accepted there.</summary>
    public IReadOnlyList<string> InsecureRegistries { get; init; } = [];

    /// <summary>[dns] Where names outside of <c>hypr</c> are asked; empty: the host's resolvers.</summary>
    public IReadOnlyList<IPAddress> Dns { get; init; } = [];

    /// <summary>[log-level]</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>[warm-start] VMs go on from a guest that was saved after its boot; false: every VM boots.</summary>
    public bool WarmStart { get; init; } = true;

    /// <summary>[metrics-addr] Where Prometheus asks; null (an empty text in the file): nowhere.</summary>
    public IPEndPoint? MetricsAddress { get; init; } = new(IPAddress.Loopback, 41002);

    /// <summary>[hypr-system-bus] Address of a D-Bus on which systemd-resolved is told of our names, and firewalld of our bridges; null: the system bus, in the host's own network only.</summary>
    public string? SystemBus { get; init; }

    /// <summary>[hypr-resolv-conf] The host's resolv.conf(5): its resolvers are asked for outside names, and <c>hypr system dns install</c> changes it.</summary>
    public string ResolvConf { get; init; } = "/etc/resolv.conf";

    /// <summary>[hypr-sysctl-dir] Where the file with kernel settings is left for the next boot; null: /run/sysctl.d, in the host's own network only.</summary>
    public string? SysctlDirectory { get; init; }
}
