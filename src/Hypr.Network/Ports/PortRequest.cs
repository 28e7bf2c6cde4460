using System.Net;

namespace Hypr.Network.Ports;

public enum PortProtocol
{
    Tcp,
    Udp,
    Sctp,
}

/// <summary>A port to publish, as asked for.</summary>
/// <param name="HostIp">Null: the default bind address, all addresses unless configured.</param>
/// <param name="HostPortFirst">0: an ephemeral one. With <paramref name="HostPortLast"/> above it: the first free of the range.</param>
public sealed record PortRequest(IPAddress? HostIp, int HostPortFirst, int HostPortLast, int GuestPort, PortProtocol Protocol);

/// <summary>A port that is published. <c>0.0.0.0</c> and <c>::</c> stand for every address of their family.</summary>
/// <param name="HostPort">0: the network is routed, and the port is reached by the machine's own address only.</param>
public sealed record PublishedPort(IPAddress HostIp, int HostPort, int GuestPort, PortProtocol Protocol);
