namespace Hypr.Proxy;

/// <summary>Bounds of a forwarder: who connects is not trusted.</summary>
public sealed record ForwarderOptions
{
    /// <summary>TCP connections, or UDP sessions, at a time. Further TCP connections wait in the listen queue; for UDP the session idle longest makes room.</summary>
    public int MaxSessions { get; init; } = 16_384;

    /// <summary>How long the target may take to accept a TCP connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A UDP session without traffic ends after this; conntrack's own time for a stream that was answered is 120 s (nf_conntrack_udp_timeout_stream).</summary>
    public TimeSpan UdpIdle { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Bytes under way in each direction of a TCP connection: what the slower side's back-pressure can hold here.</summary>
    public int BufferSize { get; init; } = 64 * 1024;
}
