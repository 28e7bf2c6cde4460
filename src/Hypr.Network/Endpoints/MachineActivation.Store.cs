using Hypr.Network.Networks;
using Hypr.Network.Ports;
using Hypr.Store.Networks;

namespace Hypr.Network.Endpoints;

/// <summary>What of it is stored: leases for ever, links and ports while the machine runs.</summary>
internal sealed partial class MachineActivation
{
    /// <summary>A machine that has its addresses from earlier on writes nothing.</summary>
    private void StoreLeases(Endpoint[] before, Endpoint[] after, Undo undo)
    {
        if (before.Zip(after).All(e => e.First.Mac == e.Second.Mac && !LeaseBook.Rows(e.First, e.Second).Any()))
        {
            return;
        }

        store.Database.Transact(() =>
        {
            for (var i = 0; i < before.Length; i++)
            {
                WriteLease(before[i], after[i]);
            }
        });
        undo.Add("leases in the store", () => store.Database.Insist(() =>
        {
            for (var i = 0; i < before.Length; i++)
            {
                UnwriteLease(before[i], after[i]);
            }
        }));
    }

    public void WriteLease(Endpoint before, Endpoint after)
    {
        foreach (var lease in LeaseBook.Rows(before, after))
        {
            store.Leases.Insert(lease);
        }

        if (before.Mac != after.Mac)
        {
            store.Endpoints.SetMac(after.Id, after.Mac?.ToString());
        }
    }

    public void WritePorts(string machineId, IReadOnlyList<PublishedPort> published)
    {
        foreach (var port in published)
        {
            store.Ports.Insert(new PortRow(machineId, port.HostIp, ProtocolWord.Of(port.Protocol), port.HostPort, port.GuestPort));
        }
    }

    private void UnwriteLease(Endpoint before, Endpoint after)
    {
        foreach (var lease in LeaseBook.Rows(before, after))
        {
            store.Leases.Delete(lease.NetworkId, lease.Address);
        }

        if (before.Mac != after.Mac)
        {
            store.Endpoints.SetMac(after.Id, before.Mac?.ToString());
        }
    }

    private void ClearLinks(IEnumerable<EndpointSlot> endpoints)
    {
        foreach (var endpoint in endpoints)
        {
            store.Endpoints.SetLink(endpoint.Id, null, null);
        }
    }
}
