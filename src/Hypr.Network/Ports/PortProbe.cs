using System.Net;

namespace Hypr.Network.Ports;

/// <summary>A published port that is to be looked at from outside.</summary>
/// <param name="HostPort">0: of a routed network, called by the machine's own address.</param>
/// <param name="Guest">Where it leads.</param>
/// <param name="BySocket">Carried by the holder's socket and not by the rules.</param>
/// <param name="From">The client's address; null: a neighbour on each link of the host.</param>
public sealed record ProbeRequest(IPAddress HostIp, int HostPort, PortProtocol Protocol, IPEndPoint Guest, bool BySocket, IPAddress? From);

/// <summary>What the machine says to the host when it is called at the port.</summary>
public enum GuestAnswer
{
    /// <summary>Not asked: of UDP and SCTP silence says nothing.</summary>
    Unknown,
    Listens,
    Refuses,
    Silent,
}

/// <summary>What became of a client's first packet.</summary>
public enum ProbeEnd
{
    /// <summary>It came to the machine's door, or to the holder's socket.</summary>
    Arrives,

    /// <summary>A rule or a chain's policy dropped it.</summary>
    Dropped,

    /// <summary>It went elsewhere: to the host itself or to another target.</summary>
    Astray,

    /// <summary>It ended somewhere that tells of nothing.</summary>
    Lost,

    /// <summary>Other machines are not meant to reach it.</summary>
    HostOnly,
}

/// <summary>A way by which clients come.</summary>
/// <param name="Link">The host's link that they come in by; empty when there is none.</param>
/// <param name="By">The rule that dropped it, as its own program writes it, or what else is known.</param>
public sealed record ProbeWay(string Link, IPAddress? From, IPAddress To, ProbeEnd End, string? By);

/// <summary>What was found out about a published port.</summary>
public sealed record PortProbe(PublishedPort Port, IPEndPoint? Guest, GuestAnswer Answer, IReadOnlyList<ProbeWay> Ways);
