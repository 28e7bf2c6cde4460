using System.Net;

namespace Hypr.Network.Ports;

/// <summary>
/// Holds published ports so that no other process takes them: rules alone reserve nothing. What it holds belongs to an owner (a machine's id) and asking again
/// for what the owner has is fine, so an implementation may live in a process that outlives hyprd: the next hyprd asks again for all, and
/// <see cref="KeepAsync"/> drops the rest. Descriptors stay inside of the implementation. Safe for many callers at once.
/// </summary>
public interface IPortReserver : IAsyncDisposable
{
    /// <summary>False on a host without IPv6: no port can be held on [::] there.</summary>
    bool HasIPv6 { get; }

    /// <summary>
    /// All of the ports or none; null when they are held, else the first that could not be had. What is asked for again with another
    /// <see cref="HostPort.Target"/> carries new connections there.
    /// </summary>
    ValueTask<PortConflict?> ReserveAsync(string owner, IReadOnlyList<HostPort> ports, CancellationToken cancel);

    /// <summary>Lets go of these ports of the owner; of what it does not hold nothing happens.</summary>
    ValueTask ReleaseAsync(string owner, IReadOnlyList<HostPort> ports);

    /// <summary>Lets go of everything whose owner is not among these.</summary>
    ValueTask KeepAsync(IReadOnlyCollection<string> owners);
}

/// <summary>A port of the host; 0.0.0.0 and :: stand for every address of their family.</summary>
public sealed record HostPort(IPAddress Address, int Port, PortProtocol Protocol)
{
    /// <summary>
    /// Where what arrives at the socket itself is carried to, in user space: what the rules do not take, [::1] and IPv6 for a machine that has only IPv4. Null: the
    /// port is only held.
    /// </summary>
    public IPEndPoint? Target { get; init; }

    /// <summary>The target does not count: who lets go of a port does not know it, and it changes while the port is held.</summary>
    public bool Equals(HostPort? other) => other is not null && Port == other.Port && Protocol == other.Protocol && Address.Equals(other.Address);

    public override int GetHashCode() => HashCode.Combine(Address, Port, Protocol);

    /// <summary>As Docker writes it: <c>0.0.0.0:8080</c>, <c>[::]:8080</c>.</summary>
    public override string ToString() => new IPEndPoint(Address, Port).ToString();
}

/// <param name="Reason">The kernel's refusal in words: <c>address already in use</c>.</param>
/// <param name="Holder">Null when the kernel shows nobody: a socket that is bound and does not listen.</param>
public sealed record PortConflict(HostPort Port, string Reason, PortHolder? Holder);

/// <summary>A process that has a port.</summary>
public sealed record PortHolder(int Pid, string Name);
