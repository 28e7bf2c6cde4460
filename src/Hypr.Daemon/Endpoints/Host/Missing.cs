using Hypr.Api.Contracts;
using Hypr.Daemon.Http;
using Hypr.Primitives;

namespace Hypr.Daemon.Endpoints.Host;

/// <summary>Docker's words that HYPR does not have: a sentence for each, and empty lists where clients only look (docker system, compose).</summary>
internal static class Missing
{
    private const string NoSwarm =
        "This node is not a swarm manager. HYPR has no swarm: use compose stacks on one host";

    public static void Map(Router routes)
    {
        routes.Map("GET", "/plugins", call => call.JsonAsync([], HyprJson.Wire.ListString));
        foreach (var kind in new[] { "nodes", "services", "tasks", "secrets", "configs", "swarm" })
        {
            Unavailable(routes, "GET", $"/{kind}");
            Unavailable(routes, "GET", $"/{kind}/{{name*}}");
            Unavailable(routes, "POST", $"/{kind}/{{name*}}");
            Unavailable(routes, "DELETE", $"/{kind}/{{name}}");
        }

        Sentence(routes, "GET /containers/{name}/attach/ws", "attaching by WebSocket is not in HYPR: attach as docker does, with Upgrade: tcp");
        Sentence(routes, "POST /build", "docker build is not in HYPR: build with docker, podman or buildkit and pull or load the result");
        // docker system prune asks for it beside all else.
        routes.Map("POST", "/build/prune", call => call.JsonAsync(new BuildCachePruned(), HyprJson.Wire.BuildCachePruned));
        Sentence(routes, "POST /session", "buildkit sessions are not in HYPR: build with docker, podman or buildkit and pull or load the result");
        Sentence(routes, "POST /grpc", "buildkit is not in HYPR: build with docker, podman or buildkit and pull or load the result");
        Sentence(routes, "GET /images/search", "docker search is not in HYPR: look at https://hub.docker.com, and pull by name");
        Sentence(routes, "POST /images/{name*}/push", "docker push is not in HYPR: docker save NAME | skopeo copy docker-archive:/dev/stdin docker://NAME");
        Sentence(routes, "GET /distribution/{name*}/json", "looking into a registry without pulling is not in HYPR");
        foreach (var verb in new[] { "pull", "create" })
        {
            Sentence(routes, $"POST /plugins/{verb}", "plugins are not in HYPR");
        }

        // docker inspect asks for every kind of object in turn and takes 404 for "not this kind".
        routes.Map("GET", "/plugins/{name*}/json", call => throw HyprException.NotFound($"plugin \"{call.Name}\" not found"));
        Sentence(routes, "GET /plugins/{name*}", "plugins are not in HYPR");
        Sentence(routes, "POST /plugins/{name*}", "plugins are not in HYPR");
        Sentence(routes, "DELETE /plugins/{name*}", "plugins are not in HYPR");
    }

    private static void Sentence(Router routes, string route, string sentence)
    {
        var space = route.IndexOf(' ');
        routes.Map(route[..space], route[(space + 1)..], _ => throw HyprException.NotImplemented(sentence));
    }

    private static void Unavailable(Router routes, string method, string pattern) => routes.Map(method, pattern, _ => throw HyprException.Unavailable(NoSwarm));
}
