using Hypr.Api.Contracts;
using Hypr.Daemon.Hosting;
using Hypr.Daemon.Http;
using Hypr.Primitives;

namespace Hypr.Daemon.Endpoints.Networks;

/// <summary>/hypr/dns, HYPR's own: a network's zone, and the host's resolv.conf.</summary>
internal static class NamesEndpoints
{
    public static void Map(Router routes)
    {
        routes.Map("GET", "/hypr/dns/networks/{name}", ZoneAsync);
        routes.Map("GET", "/hypr/dns/host", HostAsync);
        routes.Map("POST", "/hypr/dns/host", InstallAsync);
        routes.Map("DELETE", "/hypr/dns/host", UninstallAsync);
    }

    private static Task ZoneAsync(ApiCall call) =>
        call.JsonAsync([.. call.Engine.Names(call.Name).Select(r => new NameRecord { Name = r.Name, Type = r.Type, Value = r.Value })], HyprJson.Wire.ListNameRecord);

    private static Task HostAsync(ApiCall call) => TellAsync(call, null);

    private static Task InstallAsync(ApiCall call)
    {
        var network = call.Engine.Networks().First(n => n.Network.Predefined).Network;
        return TellAsync(call, new HostResolver(call.Api.Config.ResolvConf).Install(network.Subnets[0].Gateway.ToString()));
    }

    private static Task UninstallAsync(ApiCall call)
    {
        var host = new HostResolver(call.Api.Config.ResolvConf);
        return host.Uninstall() ? TellAsync(call, null) : throw HyprException.NotFound($"nothing of ours is in {host.Path}");
    }

    private static Task TellAsync(ApiCall call, string? warning)
    {
        var host = new HostResolver(call.Api.Config.ResolvConf);
        var state = host.State() switch
        {
            HostResolverState.Installed => "installed",
            HostResolverState.Resolved => "systemd-resolved",
            _ => "not installed",
        };
        return call.JsonAsync(new HostNamesState { State = state, Path = host.Path, Warning = warning }, HyprJson.Wire.HostNamesState);
    }
}
