using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Hypr.Network.Names;
using Hypr.Network.Platforms;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Network.Networks;

/// <summary>Networks are made and removed: checked wholly, stored, brought to the kernel and the name server; undone in reverse.</summary>
internal sealed class NetworkLife(
    NetworkStore store, NetworkCatalog catalog, IDatapath datapath, NameBoard names, AddressPools pools, TimeProvider clock, ILogger log)
{
    /// <summary>daemon.json's <c>mtu</c> is the default network's alone, as in Docker.</summary>
    private const int DefaultMtu = 1500;

    public async Task<NetworkCreated> CreateAsync(NetworkSpec spec, CancellationToken cancel)
    {
        // 1. What the request says by itself, then what others have.
        var wanted = NetworkCheck.Check(spec);
        var (bridge, subnets) = catalog.Take(spec.Name, wanted, pools.All, datapath.Occupied(), datapath.ChooseBridge);
        var undo = new Undo(log);
        undo.Add($"name, bridge and subnets of {spec.Name}", () => catalog.GiveBack(spec.Name, bridge, subnets));
        try
        {
            var slot = new NetworkSlot(new VmNetwork
            {
                Id = ObjectId.New(),
                Name = spec.Name,
                Created = DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds()),
                Bridge = bridge,
                EnableIPv4 = wanted.IPv4,
                EnableIPv6 = wanted.IPv6,
                Internal = spec.Internal,
                Attachable = spec.Attachable,
                Mtu = wanted.Options.Mtu ?? DefaultMtu,
                Subnets = subnets,
                Options = new Dictionary<string, string>(spec.Options) { [NetworkOptions.BridgeName] = bridge },
                IpamOptions = spec.IpamOptions,
                Labels = spec.Labels,
            });

            // 2. The intent.
            cancel.ThrowIfCancellationRequested();
            store.Networks.Insert(StoredNetwork.ToRow(slot.Network));
            undo.Add($"network {spec.Name} in the store", () => store.Database.Insist(() => store.Networks.Delete(slot.Network.Id)));

            // 3. The kernel, the name server, everybody's eyes.
            await datapath.AddNetworkAsync(slot.ToDatapath(), cancel);
            undo.Add($"bridge {bridge}", () => datapath.RemoveNetworkAsync(slot.Network.Id, CancellationToken.None));
            await names.AddAsync(slot);
            catalog.Show(slot);
            return new NetworkCreated(slot.Network, wanted.Warning);
        }
        catch
        {
            await undo.RollBackAsync();
            throw;
        }
    }

    public async Task RemoveAsync(string networkId, CancellationToken cancel)
    {
        var slot = catalog.Get(networkId);
        var network = slot.Network;
        if (network.Predefined)
        {
            throw HyprException.Forbidden($"{network.Name} is a pre-defined network and cannot be removed");
        }

        if (slot.TryBeginRemoval() is { Count: > 0 } users)
        {
            var who = string.Join(", ", users.Select(u => u.Value.MachineName).Order(StringComparer.Ordinal));
            throw HyprException.Forbidden(
                $"error while removing network: network {network.Name} has active endpoints ({who}): detach them first, or use: hypr network rm --force {network.Name}");
        }

        var undo = new Undo(log);
        undo.Add($"removal of {network.Name}", slot.EndRemoval);
        try
        {
            cancel.ThrowIfCancellationRequested();
            store.Networks.Delete(networkId);
            undo.Add($"network {network.Name} in the store", () => store.Database.Insist(() => store.Networks.Insert(StoredNetwork.ToRow(network))));
            await names.RemoveAsync(slot);
            undo.Add($"DNS of {network.Name}", () => names.AddAsync(slot));
            await datapath.RemoveNetworkAsync(networkId, cancel);
        }
        catch
        {
            await undo.RollBackAsync();
            throw;
        }

        // Only now may another network have its subnets and its bridge's name.
        catalog.Hide(slot);
        catalog.GiveBack(network.Name, network.Bridge, network.Subnets);
    }
}

/// <summary>
/// Where subnets come from: the configured pools, and for IPv6, when none is configured, a /48 of this host's own, drawn once (RFC 4193: 40 random bits, so that
/// two hosts that are joined one day do not clash), in /64s.
/// </summary>
internal sealed class AddressPools(NetworkStore store, NetworkSettings settings)
{
    private const string UlaKey = "ula-prefix";

    public IReadOnlyList<AddressPool> All { get; private set; } = settings.Pools;

    /// <summary>Once, before the first network is made.</summary>
    public void Prepare()
    {
        if (settings.Pools.Any(p => p.Base.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6))
        {
            return;
        }

        var prefix = store.Database.GetSetting(UlaKey);
        if (prefix is null)
        {
            prefix = new IPNetwork(new IPAddress([0xfd, .. RandomNumberGenerator.GetBytes(5), .. new byte[10]]), 48).ToString();
            store.Database.SetSetting(UlaKey, prefix);
        }

        All = [.. settings.Pools, new AddressPool(IPNetwork.Parse(prefix), 64)];
    }
}
