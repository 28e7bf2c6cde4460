using System.Net.Sockets;
using Hypr.Linux.DBus;
using Hypr.Primitives;

namespace Hypr.Network.Platforms.Linux.Foreign;

/// <summary>
/// firewalld's own door for others (firewalld.dbus(5)): a zone with our bridges, which lets the guests' DNS in, and two policies for what is forwarded: what shall not pass
/// our own table has dropped before. Zone and policies are made once and for good, as dockerd makes its own, and what an administrator changes in them stays. That a bridge is
/// in the zone firewalld knows until it ends.
/// </summary>
internal sealed class Firewalld : IAsyncDisposable
{
    private const string Zone = "hypr";
    private readonly ServiceFollower _firewalld;
    private readonly Action<string, string?> _note;
    private readonly HashSet<string> _put = [];
    private volatile IReadOnlyList<string> _wanted = [];
    private bool _reloaded;

    /// <param name="bus">D-Bus address of the system bus.</param>
    /// <param name="note">A key and a text; null takes it back.</param>
    public Firewalld(string bus, TimeProvider clock, Action<string, string?> note)
    {
        _note = note;
        _firewalld = new ServiceFollower(bus, FirewalldCalls.Service, FirewalldCalls.Reloaded, clock, ApplyAsync, Failed);
    }

    /// <summary>The bridges that are in the zone from now on; follows a moment later.</summary>
    public void Want(IReadOnlyList<string> bridges)
    {
        _wanted = bridges;
        _firewalld.Changed();
    }

    /// <summary>Lets go; what firewalld was told stays.</summary>
    public ValueTask DisposeAsync() => _firewalld.DisposeAsync();

    /// <summary>Takes zone and policies away, where a firewalld runs that has them.</summary>
    public static async Task RemoveAsync(string bus)
    {
        try
        {
            await using var connection = await DBusConnection.ConnectAsync(bus, CancellationToken.None);
            if (!await connection.HasOwnerAsync(FirewalldCalls.Service, CancellationToken.None))
                return;
            var calls = new FirewalldCalls(connection, CancellationToken.None);
            var removed = false;
            foreach (var policy in FirewalldPolicy.All)
                removed |= await calls.RemoveAsync("policy", policy.Name);
            removed |= await calls.RemoveAsync("zone", Zone);
            if (removed)
                await calls.ReloadAsync();
        }
        catch (SocketException)
        {
            // There is no bus, so there is no firewalld.
        }
        catch (DBusException e)
        {
            throw HyprException.Unavailable(
                $"zone {Zone} is left in firewalld: {e.Message}. Remove it with: firewall-cmd --permanent --delete-zone={Zone}, and --delete-policy=NAME for "
                + string.Join(", ", FirewalldPolicy.All.Select(static p => p.Name)), e);
        }
    }

    private async Task ApplyAsync(DBusConnection bus, bool anew, CancellationToken cancel)
    {
        var calls = new FirewalldCalls(bus, cancel);
        if (anew)
            await PrepareAsync(calls);
        var wanted = _wanted;
        var has = await calls.InterfacesAsync(Zone);
        var elsewhere = new List<string>();
        foreach (var bridge in wanted.Except(has))
        {
            // An administrator's own choice stands.
            if (await calls.ZoneOfAsync(bridge) is { Length: > 0 } other)
            {
                elsewhere.Add($"{bridge} is in its zone {other}, and left there");
                continue;
            }

            await calls.AddInterfaceAsync(Zone, bridge);
            _put.Add(bridge);
        }

        // What somebody else has put into our zone is his.
        foreach (var gone in has.Except(wanted).Where(_put.Remove))
            await calls.RemoveInterfaceAsync(Zone, gone);
        _put.UnionWith(wanted.Intersect(has));
        _note("firewalld", string.Join("; ", elsewhere.Prepend(
            $"the host's firewall was opened for our bridges: firewalld: zone {Zone}, policies {string.Join(" and ", FirewalldPolicy.All.Select(static p => p.Name))}")));
    }

    private async Task PrepareAsync(FirewalldCalls calls)
    {
        var made = false;
        if (!(await calls.NamesAsync("zone")).Contains(Zone))
        {
            await calls.AddZoneAsync(Zone);
            made = true;
        }

        var policies = await calls.NamesAsync("policy");
        foreach (var policy in FirewalldPolicy.All.Where(p => !policies.Contains(p.Name)))
        {
            await calls.AddPolicyAsync(policy);
            made = true;
        }

        // New zones and policies are known after a reload only. Its signal brings us here again: not for ever, if it does not help.
        if (!made && (_reloaded || (await calls.LoadedZonesAsync()).Contains(Zone)))
            return;
        _reloaded = true;
        await calls.ReloadAsync();
    }

    private void Failed(Exception e) => _note(
        "firewalld", e is DBusException { Name: not DBusConnection.Disconnected } refusal ? $"firewalld was not told of our bridges: {refusal.Message}" : null);
}

/// <summary>What may be forwarded between zones; ANY are all zones and no zone, the host itself is none.</summary>
internal sealed record FirewalldPolicy(string Name, string Description, string From, string To)
{
    public static readonly IReadOnlyList<FirewalldPolicy> All =
    [
        new("hypr-in", "To HYPR's VMs: what HYPR's own rules let pass, which is published ports.", "ANY", "hypr"),
        new("hypr-out", "From HYPR's VMs: what HYPR's own rules let pass.", "hypr", "ANY"),
    ];
}
