using System.Globalization;
using Hypr.Linux.DBus;
using Hypr.Network.Platforms.Linux.Rules;

namespace Hypr.Network.Platforms.Linux.Foreign;

/// <summary>The calls of firewalld.dbus(5) that are needed: the loaded state, and under <c>/config</c> the permanent one. Policies are there since 0.9.</summary>
internal sealed class FirewalldCalls(DBusConnection bus, CancellationToken cancel)
{
    public const string Service = "org.fedoraproject.FirewallD1";
    public const string Reloaded = $"type='signal',sender='{Service}',interface='{Service}',member='Reloaded'";
    private const string Root = "/org/fedoraproject/FirewallD1";
    private const string Config = Root + "/config";

    // firewall-cmd --permanent --get-zones, --get-policies
    public async Task<IReadOnlyList<string>> NamesAsync(string kind) =>
        Texts(await CallAsync(Config, "config", kind == "zone" ? "getZoneNames" : "getPolicyNames"));

    // firewall-cmd --get-zones
    public async Task<IReadOnlyList<string>> LoadedZonesAsync() => Texts(await CallAsync(Root, "zone", "getZones"));

    // firewall-cmd --zone=ZONE --list-interfaces
    public async Task<IReadOnlyList<string>> InterfacesAsync(string zone) => Texts(await CallAsync(Root, "zone", "getInterfaces", zone));

    // firewall-cmd --get-zone-of-interface=LINK; empty: in none of its own, so in the default zone
    public async Task<string> ZoneOfAsync(string link) => (await CallAsync(Root, "zone", "getZoneOfInterface", link)).Body.String();

    // firewall-cmd --zone=ZONE --add-interface=LINK
    public Task AddInterfaceAsync(string zone, string link) => CallAsync(Root, "zone", "addInterface", zone, link);

    // firewall-cmd --zone=ZONE --remove-interface=LINK
    public Task RemoveInterfaceAsync(string zone, string link) => CallAsync(Root, "zone", "removeInterface", zone, link);

    // firewall-cmd --reload
    public Task ReloadAsync() => bus.CallAsync(Service, Root, Service, "reload", "", null, cancel);

    /// <summary>Its target is the default one: what is not named is rejected, ping is not.</summary>
    public Task AddZoneAsync(string zone) =>
        // firewall-cmd --permanent --new-zone=ZONE; --zone=ZONE --add-forward --add-port=53/udp ...
        bus.CallAsync(Service, Config, Service + ".config", "addZone2", "sa{sv}", w =>
        {
            w.String(zone);
            var settings = w.BeginArray(8);
            Text(w, "short", "HYPR");
            Text(w, "description", "Bridges of HYPR's networks. VMs reach the host's DNS for them, and nothing else of the host.");
            Key(w, "forward", "b");
            w.Bool(true);
            Key(w, "ports", "a(ss)");
            var ports = w.BeginArray(8);
            foreach (var (port, protocol) in from p in OurRules.DnsPorts from t in (string[])["tcp", "udp"] select (p, t))
            {
                w.BeginStruct();
                w.String(port.ToString(CultureInfo.InvariantCulture));
                w.String(protocol);
            }

            w.EndArray(ports);
            w.EndArray(settings);
        }, cancel);

    public Task AddPolicyAsync(FirewalldPolicy policy) =>
        // firewall-cmd --permanent --new-policy=NAME; --policy=NAME --add-ingress-zone=FROM --add-egress-zone=TO --set-target=ACCEPT
        bus.CallAsync(Service, Config, Service + ".config", "addPolicy", "sa{sv}", w =>
        {
            w.String(policy.Name);
            var settings = w.BeginArray(8);
            Text(w, "short", policy.Name);
            Text(w, "description", policy.Description);
            Text(w, "target", "ACCEPT");
            foreach (var (key, zone) in new[] { ("ingress_zones", policy.From), ("egress_zones", policy.To) })
            {
                Key(w, key, "as");
                var zones = w.BeginArray(4);
                w.String(zone);
                w.EndArray(zones);
            }

            w.EndArray(settings);
        }, cancel);

    /// <summary>Of the permanent state; false: it was not there.</summary>
    public async Task<bool> RemoveAsync(string kind, string name)
    {
        // firewall-cmd --permanent --delete-zone=NAME, --delete-policy=NAME
        if (!(await NamesAsync(kind)).Contains(name))
            return false;
        var path = (await CallAsync(Config, "config", kind == "zone" ? "getZoneByName" : "getPolicyByName", name)).Body.String();
        await CallAsync(path, "config." + kind, "remove");
        return true;
    }

    private static void Key(DBusWriter w, string key, string signature)
    {
        w.BeginStruct();
        w.String(key);
        w.Signature(signature);
    }

    private static void Text(DBusWriter w, string key, string value)
    {
        Key(w, key, "s");
        w.String(value);
    }

    private static IReadOnlyList<string> Texts(DBusMessage reply)
    {
        var all = new List<string>();
        var body = reply.Body;
        var end = body.BeginArray(4);
        while (body.Position < end)
            all.Add(body.String());
        return all;
    }

    private Task<DBusMessage> CallAsync(string path, string part, string method, params string[] arguments) =>
        bus.CallAsync(Service, path, $"{Service}.{part}", method, new string('s', arguments.Length), w =>
        {
            foreach (var argument in arguments)
                w.String(argument);
        }, cancel);
}
