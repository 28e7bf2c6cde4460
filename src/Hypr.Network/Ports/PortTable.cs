using System.Net;
using System.Net.Sockets;
using Hypr.Primitives;

namespace Hypr.Network.Ports;

/// <summary>Which machine publishes which port, in memory: two machines that race for one port are decided here, before anything is bound. Safe for many callers at once.</summary>
internal sealed class PortTable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(PortProtocol Protocol, int Port), List<(IPAddress Address, string MachineId)>> _taken = [];

    /// <summary>Takes all of them for the machine, or none and says which one another (or it itself) has.</summary>
    public bool TryTake(string machineId, IReadOnlyList<HostPort> ports, out HostPort? refused, out string? ownerId)
    {
        lock (_gate)
        {
            for (var i = 0; i < ports.Count; i++)
            {
                var port = ports[i];
                var key = (port.Protocol, port.Port);
                if (!_taken.TryGetValue(key, out var owners))
                {
                    _taken.Add(key, owners = []);
                }

                var at = owners.FindIndex(o => Meet(o.Address, port.Address));
                if (at >= 0)
                {
                    (refused, ownerId) = (port, owners[at].MachineId);
                    Release(machineId, ports.Take(i));
                    return false;
                }

                owners.Add((port.Address, machineId));
            }
        }

        (refused, ownerId) = (null, null);
        return true;
    }

    public void Give(string machineId, IEnumerable<HostPort> ports)
    {
        lock (_gate)
        {
            Release(machineId, ports);
        }
    }

    private void Release(string machineId, IEnumerable<HostPort> ports)
    {
        foreach (var port in ports)
        {
            var key = (port.Protocol, port.Port);
            if (_taken.TryGetValue(key, out var owners))
            {
                owners.Remove((port.Address, machineId));
                if (owners.Count == 0)
                {
                    _taken.Remove(key);
                }
            }
        }
    }

    /// <summary>Equal, or one of them stands for all addresses of the family.</summary>
    private static bool Meet(IPAddress a, IPAddress b) =>
        a.AddressFamily == b.AddressFamily && (a.Equals(b) || IsAny(a) || IsAny(b));

    private static bool IsAny(IPAddress address) =>
        address.Equals(address.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any);
}
