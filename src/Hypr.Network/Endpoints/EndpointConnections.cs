using System.Net;
using System.Net.Sockets;
using Hypr.Network.Ipam;
using Hypr.Network.Networks;
using Hypr.Primitives;
using Hypr.Store.Networks;
using Microsoft.Extensions.Logging;

namespace Hypr.Network.Endpoints;

/// <summary>A machine's place on a network, as a stored intent. The caller holds the machine's gate.</summary>
internal sealed class EndpointConnections(NetworkStore store, NetworkCatalog catalog, ILogger log)
{
    /// <summary>Checked, leased as far as asked by number, stored.</summary>
    public async Task<EndpointSlot> ConnectAsync(MachineSlot machine, MachineIdentity identity, string networkId, EndpointRequest request, bool live = false)
    {
        // 1. What the request says by itself.
        var network = catalog.Get(networkId);
        if (machine.Endpoints.Any(e => e.Network == network))
        {
            throw HyprException.Conflict($"endpoint with name {identity.Name} already exists in network {network.Network.Name}");
        }

        var mac = Mac(request.Mac);
        var endpoint = new Endpoint
        {
            Id = ObjectId.New(),
            NetworkId = networkId,
            MachineId = machine.Id,
            MachineName = identity.Name,
            Aliases = [.. request.Aliases.Select(Alias).Distinct(StringComparer.Ordinal)],
            GatewayPriority = request.GatewayPriority,
            DriverOptions = request.DriverOptions,
            StaticIPv4 = Address(request.IPv4, AddressFamily.InterNetwork),
            StaticIPv6 = Address(request.IPv6, AddressFamily.InterNetworkV6),
        };

        var undo = new Undo(log);
        try
        {
            // 2. On the network, so that it cannot be removed; then the addresses.
            var slot = new EndpointSlot(network, endpoint, machine.NextPosition, mac);
            network.Add(slot);
            undo.Add($"endpoint on {network.Network.Name}", () => network.Remove(slot));
            slot.Value = LeaseBook.TakeStatic(network, endpoint, mac, undo);

            // 3. The store.
            store.Database.Transact(() =>
            {
                store.Endpoints.Insert(new EndpointRow(
                    endpoint.Id, networkId, machine.Id, slot.Position, slot.Value.Mac?.ToString(), null, live ? EndpointRow.Joining : null, StoredEndpoint.Serialize(endpoint, mac)));
                foreach (var lease in LeaseBook.Rows(null, slot.Value))
                {
                    store.Leases.Insert(lease);
                }
            });
            machine.Add(slot);
            return slot;
        }
        catch
        {
            await undo.RollBackAsync();
            throw;
        }
    }

    /// <summary>The store first: from then on the addresses are free. Its TAP is gone by now.</summary>
    /// <param name="insist">Nothing can take it back: the store follows when it can.</param>
    public void Remove(MachineSlot machine, IReadOnlyList<EndpointSlot> endpoints, bool insist)
    {
        if (endpoints.Count == 0)
        {
            return;
        }

        void Delete()
        {
            foreach (var endpoint in endpoints)
            {
                store.Endpoints.Delete(endpoint.Id);
            }
        }

        if (insist)
        {
            store.Database.Insist(Delete);
        }
        else
        {
            store.Database.Transact(Delete);
        }

        foreach (var endpoint in endpoints)
        {
            machine.Remove(endpoint);
            LeaseBook.Release(endpoint.Network, endpoint.Value);
            endpoint.Network.Remove(endpoint);
        }
    }

    private static MacAddress? Mac(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        return MacAddress.TryParse(text, out var mac) && !mac.IsMulticast && !mac.IsZero ? mac
            : throw HyprException.Invalid($"invalid MAC address {text}: a unicast one such as 02:42:0a:58:00:02 is due");
    }

    private static IPAddress? Address(string? text, AddressFamily family)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        var word = family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
        return IpNumber.TryParse(text, out var address) && address.AddressFamily == family ? address
            : throw HyprException.Invalid($"invalid {word} address: {text}");
    }

    /// <summary>What can be asked for over DNS: labels of 63 and names of 253 bytes (RFC 1035), with the underscore that compose services have.</summary>
    private static string Alias(string alias) =>
        alias.Length is > 0 and <= 253 && alias.Split('.').All(label => label.Length is > 0 and <= 63 && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) ? alias
        : throw HyprException.Invalid($"invalid network alias \"{alias}\": letters, digits, dashes, underscores and dots between them are due");
}
