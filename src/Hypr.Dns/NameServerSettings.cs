using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypr.Dns;

/// <summary>How the DNS server runs. All have defaults.</summary>
public sealed record NameServerSettings
{
    /// <summary>The resolvers for outside names (<c>dns</c> in daemon.json). Empty: those of <see cref="ResolvConf"/>.</summary>
    public IReadOnlyList<IPEndPoint> Upstreams { get; init; } = [];

    /// <summary>The host's resolv.conf(5), followed when it changes.</summary>
    public string ResolvConf { get; init; } = "/etc/resolv.conf";

    /// <summary>systemd-resolved's upstreams, read where resolv.conf names its stub (127.0.0.53, 127.0.0.54).</summary>
    public string ResolvedConf { get; init; } = "/run/systemd/resolve/resolv.conf";

    /// <summary>The port on all addresses, loopback's too; questions that do not come from the host or its machines get no
    /// answer.</summary>
    public int Port { get; init; } = 41003;

    /// <summary>The port on each network's gateway addresses alone.</summary>
    public int GatewayPort { get; init; } = 53;

    /// <summary>Threads that answer; 0: one a core.</summary>
    public int Workers { get; init; }

    /// <summary>TCP connections that may be open at a time; beyond, the one idle the longest is closed.</summary>
    public int MostConnections { get; init; } = 16_384;

    /// <summary>Outside answers kept, in number (rounded up to four) and in octets.</summary>
    public int CacheEntries { get; init; } = 32_768;

    public long CacheBytes { get; init; } = 32 << 20;

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public ILogger Logger { get; init; } = NullLogger.Instance;
}
