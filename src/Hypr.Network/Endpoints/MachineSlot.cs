using Hypr.Network.Ports;

namespace Hypr.Network.Endpoints;

/// <summary>A machine in memory, as far as networks know it.</summary>
internal sealed class MachineSlot(string id)
{
    private volatile EndpointSlot[] _endpoints = [];
    private volatile IReadOnlyList<PublishedPort> _ports = [];

    public string Id => id;

    /// <summary>One change of the machine at a time, over the store and the kernel.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>Set while it runs.</summary>
    public MachineIdentity? Active { get; set; }

    /// <summary>In the order of its NICs.</summary>
    public EndpointSlot[] Endpoints => _endpoints;

    public IReadOnlyList<PublishedPort> Ports
    {
        get => _ports;
        set => _ports = value;
    }

    public int NextPosition => _endpoints.Length == 0 ? 0 : _endpoints[^1].Position + 1;

    public void Add(EndpointSlot endpoint) => _endpoints = [.. _endpoints.Append(endpoint).OrderBy(e => e.Position)];

    public void Remove(EndpointSlot endpoint) => _endpoints = [.. _endpoints.Where(e => e != endpoint)];
}
