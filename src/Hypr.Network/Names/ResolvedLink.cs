using System.Net;
using System.Net.Sockets;
using Hypr.Linux.DBus;
using Microsoft.Extensions.Logging;

namespace Hypr.Network.Names;

/// <summary>What systemd-resolved is told of one link.</summary>
/// <param name="Index">The link's index: another one after the bridge was made anew.</param>
/// <param name="Server">Where our name server answers on it.</param>
/// <param name="Domains">What is asked there and nowhere else: <c>hypr</c> and the reverse zones of our subnets.</param>
public sealed record ResolvedLinkSettings(int Index, string Link, IPEndPoint Server, IReadOnlyList<string> Domains)
{
    public bool Equals(ResolvedLinkSettings? other) =>
        other is not null && Index == other.Index && Link == other.Link && Server.Equals(other.Server) && Domains.SequenceEqual(other.Domains);

    public override int GetHashCode() => HashCode.Combine(Index, Link, Server, Domains.Count);
}

/// <summary>
/// Gives the host's systemd-resolved our names by its D-Bus interface (org.freedesktop.resolve1(5)), so that they resolve on the host with no step by hand. Told
/// again when resolved or the bus restarts; never while nothing changed, so that a person's own <c>resolvectl</c> commands stand. Without a bus or resolved it waits.
/// </summary>
public sealed partial class ResolvedLink : IAsyncDisposable
{
    private const string Service = "org.freedesktop.resolve1";
    private const string Manager = "org.freedesktop.resolve1.Manager";
    private const string ManagerPath = "/org/freedesktop/resolve1";

    private readonly ILogger<ResolvedLink> _log;
    private readonly ServiceFollower _resolved;
    private volatile ResolvedLinkSettings? _desired;
    private ResolvedLinkSettings? _told;

    /// <param name="bus">D-Bus address of the system bus.</param>
    public ResolvedLink(string bus, TimeProvider clock, ILogger<ResolvedLink> log)
    {
        _log = log;
        _resolved = new ServiceFollower(bus, Service, forgets: null, clock, ApplyAsync, e => NotTold(_log, e.Message));
    }

    /// <summary>What resolved shall know from now on; null takes back what it was told.</summary>
    public void Set(ResolvedLinkSettings? desired)
    {
        _desired = desired;
        _resolved.Changed();
    }

    /// <summary>Lets go; resolved keeps what it was told, for our name server may go on in the next hyprd.</summary>
    public ValueTask DisposeAsync() => _resolved.DisposeAsync();

    private async Task ApplyAsync(DBusConnection bus, bool anew, CancellationToken cancel)
    {
        if (anew)
        {
            _told = null;
        }

        var desired = _desired;
        if (Equals(desired, _told))
        {
            return;
        }

        if (_told is { } old && old.Index != desired?.Index)
        {
            await RevertAsync(bus, old, cancel);
        }

        if (desired is not null)
        {
            await TellAsync(bus, desired, cancel);
            Told(_log, desired.Link, desired.Server);
        }

        _told = desired;
    }

    private static async Task TellAsync(DBusConnection bus, ResolvedLinkSettings link, CancellationToken cancel)
    {
        // resolvectl dns LINK ADDRESS[:PORT]. The form without a port where it is 53: SetLinkDNSEx is systemd 246 and later.
        var address = link.Server.Address.GetAddressBytes();
        var family = link.Server.AddressFamily == AddressFamily.InterNetwork ? 2 : 10;
        if (link.Server.Port == 53)
        {
            await CallAsync(bus, "SetLinkDNS", "ia(iay)", link.Index, w => Array(w, () =>
            {
                w.Int32(family);
                w.Bytes(address);
            }), cancel);
        }
        else
        {
            await CallAsync(bus, "SetLinkDNSEx", "ia(iayqs)", link.Index, w => Array(w, () =>
            {
                w.Int32(family);
                w.Bytes(address);
                w.UInt16((ushort)link.Server.Port);
                w.String("");
            }), cancel);
        }

        // resolvectl domain LINK ~hypr ~88.10.in-addr.arpa ...: true is the tilde, for routing only and not for searching.
        await CallAsync(bus, "SetLinkDomains", "ia(sb)", link.Index, w => Array(w, link.Domains.Select<string, Action>(domain => () =>
        {
            w.String(domain);
            w.Bool(true);
        })), cancel);

        // resolvectl default-route LINK no; dnssec LINK no (our zone is not signed: resolved would call its answers bogus); llmnr, mdns LINK no
        await CallAsync(bus, "SetLinkDefaultRoute", "ib", link.Index, w => w.Bool(false), cancel);
        await CallAsync(bus, "SetLinkDNSSEC", "is", link.Index, w => w.String("no"), cancel);
        await CallAsync(bus, "SetLinkLLMNR", "is", link.Index, w => w.String("no"), cancel);
        await CallAsync(bus, "SetLinkMulticastDNS", "is", link.Index, w => w.String("no"), cancel);
    }

    private static async Task RevertAsync(DBusConnection bus, ResolvedLinkSettings link, CancellationToken cancel)
    {
        try
        {
            await CallAsync(bus, "RevertLink", "i", link.Index, null, cancel);
        }
        catch (DBusException e) when (e.Name is "org.freedesktop.resolve1.NoSuchLink")
        {
            // The link went, and what resolved knew of it.
        }
    }

    private static Task CallAsync(DBusConnection bus, string method, string signature, int index, Action<DBusWriter>? more, CancellationToken cancel) =>
        bus.CallAsync(Service, ManagerPath, Manager, method, signature, w =>
        {
            w.Int32(index);
            more?.Invoke(w);
        }, cancel);

    private static void Array(DBusWriter w, params IEnumerable<Action> structs)
    {
        var array = w.BeginArray(8);
        foreach (var write in structs)
        {
            w.BeginStruct();
            write();
        }

        w.EndArray(array);
    }

    [LoggerMessage(LogLevel.Information, "systemd-resolved asks {Server} for our names on {Link}")]
    private static partial void Told(ILogger logger, string link, IPEndPoint server);

    [LoggerMessage(LogLevel.Debug, "systemd-resolved is not told of our names yet: {Reason}")]
    private static partial void NotTold(ILogger logger, string reason);
}
