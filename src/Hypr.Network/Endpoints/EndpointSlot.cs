using Hypr.Network.Networks;
using Hypr.Primitives;

namespace Hypr.Network.Endpoints;

/// <summary>An endpoint in memory, shared by its machine and its network. <see cref="Value"/> is replaced whole; who replaces it holds the machine's gate.</summary>
internal sealed class EndpointSlot(NetworkSlot network, Endpoint value, int position, MacAddress? askedMac)
{
    private volatile Endpoint _value = value;

    public string Id { get; } = value.Id;

    public NetworkSlot Network => network;

    /// <summary>The order of a machine's NICs: the lowest is eth0.</summary>
    public int Position => position;

    public MacAddress? AskedMac => askedMac;

    public Endpoint Value
    {
        get => _value;
        set => _value = value;
    }
}
