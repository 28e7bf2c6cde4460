using System.Net;
using System.Net.Sockets;
using Hypr.Network.Ipam;
using Hypr.Network.Networks;
using Hypr.Primitives;
using Hypr.Store.Networks;

namespace Hypr.Network.Endpoints;

/// <summary>
/// Takes the addresses and the MAC that an endpoint lacks, in memory; the caller commits what <see cref="Rows"/> gives before anything uses them. Every step has
/// its way back in the undo list.
/// </summary>
internal static class LeaseBook
{
    /// <summary>What was asked for by number: at connect, so that it is the endpoint's from then on.</summary>
    public static Endpoint TakeStatic(NetworkSlot network, Endpoint endpoint, MacAddress? askedMac, Undo undo)
    {
        if (endpoint.StaticIPv4 is { } v4)
        {
            endpoint = endpoint with { IPv4 = Take(network, endpoint, v4, undo) };
        }

        if (endpoint.StaticIPv6 is { } v6)
        {
            endpoint = endpoint with { IPv6 = Take(network, endpoint, v6, undo) };
        }

        if (askedMac is { } mac)
        {
            if (network.TakeMac(mac, endpoint.Id) is { } other)
            {
                throw HyprException.Forbidden($"MAC address {mac} is in use on network {network.Network.Name} by VM {network.Endpoint(other)?.Value.MachineName ?? "?"}");
            }

            undo.Add($"MAC address {mac}", () => network.ReleaseMac(mac, endpoint.Id));
            endpoint = endpoint with { Mac = mac };
        }

        return endpoint.IPv4 is not null && endpoint.Mac is null ? endpoint with { Mac = DeriveMac(network, endpoint, undo) } : endpoint;
    }

    /// <summary>What is still missing, lowest free first.</summary>
    public static Endpoint TakeMissing(NetworkSlot network, Endpoint endpoint, Undo undo)
    {
        foreach (var allocator in network.Allocators)
        {
            var isV4 = allocator.Family == AddressFamily.InterNetwork;
            if ((isV4 ? endpoint.IPv4 : endpoint.IPv6) is not null)
            {
                continue;
            }

            var address = allocator.TakeLowest(endpoint.Id, network.Network.Name);
            undo.Add($"lease of {address}", () => allocator.Release(address));
            endpoint = isV4 ? endpoint with { IPv4 = allocator.WithLength(address) } : endpoint with { IPv6 = allocator.WithLength(address) };
        }

        return endpoint.Mac is null ? endpoint with { Mac = DeriveMac(network, endpoint, undo) } : endpoint;
    }

    /// <summary>Rows for what <paramref name="after"/> has and <paramref name="before"/> had not.</summary>
    public static IEnumerable<LeaseRow> Rows(Endpoint? before, Endpoint after)
    {
        if (after.IPv4 is { } v4 && before?.IPv4 is null)
        {
            yield return new LeaseRow(after.NetworkId, v4.Address, after.Id);
        }

        if (after.IPv6 is { } v6 && before?.IPv6 is null)
        {
            yield return new LeaseRow(after.NetworkId, v6.Address, after.Id);
        }
    }

    /// <summary>In memory; the endpoint's rows are deleted by the caller.</summary>
    public static void Release(NetworkSlot network, Endpoint endpoint)
    {
        foreach (var address in new[] { endpoint.IPv4, endpoint.IPv6 }.OfType<InterfaceAddress>())
        {
            network.Allocator(address.Address.AddressFamily)?.Release(address.Address);
        }
    }

    private static InterfaceAddress Take(NetworkSlot network, Endpoint endpoint, IPAddress address, Undo undo)
    {
        // Docker's words in both messages.
        var allocator = network.Allocators.FirstOrDefault(a => a.Contains(address))
            ?? throw HyprException.Invalid($"invalid endpoint settings: no configured subnet contains IP address {address}: network {network.Network.Name} has {string.Join(" and ", network.Network.Subnets.Select(s => s.Subnet))}");
        if (!allocator.TryTake(address, endpoint.Id, out var owner, out var reserved))
        {
            throw HyprException.Forbidden($"Address already in use: {address} on network {network.Network.Name}: "
                + (owner is null ? reserved : $"VM {network.Endpoint(owner)?.Value.MachineName ?? "?"} has it"));
        }

        undo.Add($"lease of {address}", () => allocator.Release(address));
        return allocator.WithLength(address);
    }

    /// <summary>
    /// From the IPv4 address, so that no neighbour's cache goes stale when the address finds a new owner; without one, from the low bits of the IPv6 address.
    /// Where a person gave that MAC to another machine the second byte counts up: it stays locally administered.
    /// </summary>
    private static MacAddress DeriveMac(NetworkSlot network, Endpoint endpoint, Undo undo)
    {
        var bytes = endpoint.IPv4 is { } v4 ? MacAddress.FromIPv4(v4.Address).ToBytes()
            : [0x02, 0x42, .. endpoint.IPv6!.Value.Address.GetAddressBytes()[12..]];
        while (true)
        {
            var mac = MacAddress.FromBytes(bytes);
            if (network.TakeMac(mac, endpoint.Id) is null)
            {
                undo.Add($"MAC address {mac}", () => network.ReleaseMac(mac, endpoint.Id));
                return mac;
            }

            bytes[1]++;
        }
    }
}
