using Hypr.Api.Contracts;
using Hypr.Daemon.Endpoints.Containers;
using Hypr.Daemon.Http;
using Hypr.Engine.Networks;
using Hypr.Network.Networks;
using Hypr.Primitives;
using Microsoft.AspNetCore.Http;

namespace Hypr.Daemon.Endpoints.Networks;

/// <summary>/networks</summary>
internal static class NetworkEndpoints
{
    public static void Map(Router routes)
    {
        routes.Map("GET", "/networks", ListAsync);
        routes.Map("POST", "/networks/create", CreateAsync);
        routes.Map("POST", "/networks/prune", PruneAsync);
        routes.Map("GET", "/networks/{name}", InspectAsync);
        routes.Map("DELETE", "/networks/{name}", RemoveAsync);
        routes.Map("POST", "/networks/{name}/connect", ConnectAsync);
        routes.Map("POST", "/networks/{name}/disconnect", DisconnectAsync);
    }

    /// <summary>
    /// docker-compose 1.x takes an option that its file does not have for a changed network, and refuses to go on (compose/network.py, check_remote_network_config).
    /// Its API version tells it from nobody: docker-py speaks the server's own.
    /// </summary>
    private static bool OnlyGiven(ApiCall call) => call.Http.Request.Headers.UserAgent.ToString().StartsWith("docker-compose/1.", StringComparison.Ordinal);

    private static Task ListAsync(ApiCall call)
    {
        var filters = call.Filters("dangling", "driver", "id", "label", "label!", "name", "scope", "type");
        foreach (var type in filters.Values("type").Where(t => t is not ("builtin" or "custom")))
        {
            throw HyprException.Invalid($"invalid filter: 'type'='{type}'");
        }

        var dangling = filters.Flag("dangling");
        var chosen = call.Engine.Networks().Where(v => Matches(v.Network, filters) && (dangling is null || dangling == IsDangling(v)));
        return call.JsonAsync([.. chosen.Select(v => NetworkShapes.Summary(v.Network, OnlyGiven(call)))], HyprJson.Wire.ListNetworkSummary);
    }

    private static bool Matches(VmNetwork network, Filters filters) =>
        filters.Exact("driver", network.Driver)
        && filters.Pattern("id", network.Id)
        && filters.Pattern("name", network.Name)
        && filters.Exact("scope", network.Scope)
        && filters.Exact("type", network.Predefined ? "builtin" : "custom")
        && filters.Labels(network.Labels);

    private static bool IsDangling(NetworkView view) => !view.Network.Predefined && view.Endpoints.Count == 0;

    private static Task InspectAsync(ApiCall call) => call.Query("scope") is { Length: > 0 } scope && scope != "local"
        ? throw HyprException.NotFound($"network {call.Name} not found in scope {scope}")
        : call.JsonAsync(NetworkShapes.Inspect(call.Engine.Network(call.Name), OnlyGiven(call)), HyprJson.Wire.NetworkInspect);

    private static async Task CreateAsync(ApiCall call)
    {
        var request = await call.ReadAsync(HyprJson.Wire.CreateNetworkRequest);
        var created = await call.Engine.CreateNetworkAsync(new NetworkSpec
        {
            Name = request.Name ?? "",
            Driver = string.IsNullOrEmpty(request.Driver) ? "bridge" : request.Driver,
            Scope = request.Scope ?? "",
            EnableIPv4 = request.EnableIPv4,
            EnableIPv6 = request.EnableIPv6,
            Internal = request.Internal,
            Attachable = request.Attachable,
            Ingress = request.Ingress,
            ConfigOnly = request.ConfigOnly,
            ConfigFrom = string.IsNullOrEmpty(request.ConfigFrom?.Network) ? null : request.ConfigFrom.Network,
            IpamDriver = string.IsNullOrEmpty(request.Ipam?.Driver) ? "default" : request.Ipam.Driver,
            IpamOptions = request.Ipam?.Options ?? [],
            Subnets = [.. (request.Ipam?.Config ?? []).Select(c => new SubnetSpec(NullIfEmpty(c.Subnet), NullIfEmpty(c.IPRange), NullIfEmpty(c.Gateway), c.AuxiliaryAddresses))],
            Options = request.Options ?? [],
            Labels = request.Labels ?? [],
        }, CancellationToken.None);
        var answer = new CreateNetworkResponse { Id = created.Network.Id, Warning = created.Warning ?? "" };
        await call.JsonAsync(answer, HyprJson.Wire.CreateNetworkResponse, StatusCodes.Status201Created);
    }

    /// <summary><c>hypr-force</c> is HYPR's own; docker's <c>rm -f</c> never reaches the daemon.</summary>
    private static async Task RemoveAsync(ApiCall call)
    {
        await call.Engine.RemoveNetworkAsync(call.Name, call.Flag("hypr-force"), CancellationToken.None);
        await call.NoContentAsync();
    }

    private static async Task ConnectAsync(ApiCall call)
    {
        var request = await call.ReadAsync(HyprJson.Wire.ConnectNetworkRequest);
        await call.Engine.ConnectAsync(call.Name, Machine(request.Container), CreateContainer.Attachment(call.Name, request.EndpointConfig), CancellationToken.None);
        await call.StatusAsync(StatusCodes.Status200OK);
    }

    private static async Task DisconnectAsync(ApiCall call)
    {
        var request = await call.ReadAsync(HyprJson.Wire.DisconnectNetworkRequest);
        await call.Engine.DisconnectAsync(call.Name, Machine(request.Container), request.Force, CancellationToken.None);
        await call.StatusAsync(StatusCodes.Status200OK);
    }

    private static async Task PruneAsync(ApiCall call)
    {
        var filters = call.Filters("label", "label!", "until");
        var until = filters.Has("until") ? When.Parse("until", filters.Values("until")[0], call.Api.Clock.GetUtcNow()) : null;
        var removed = await call.Engine.PruneNetworksAsync(n => (until is null || n.Created <= until) && filters.Labels(n.Labels), CancellationToken.None);
        await call.JsonAsync(new NetworksPruned { NetworksDeleted = [.. removed] }, HyprJson.Wire.NetworksPruned);
    }

    private static string Machine(string? name) => string.IsNullOrEmpty(name) ? throw HyprException.Invalid("no VM is named: Container is due") : name;

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
