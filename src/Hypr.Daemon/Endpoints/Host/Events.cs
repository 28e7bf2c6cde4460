using Hypr.Api.Contracts;
using Hypr.Daemon.Http;
using Hypr.Engine.Events;

namespace Hypr.Daemon.Endpoints.Host;

/// <summary>GET /events: lines of JSON, the head sent at once, until the client goes or <c>until</c> has come.</summary>
internal static class Events
{
    public static async Task RunAsync(ApiCall call)
    {
        var filters = call.Filters("config", "container", "daemon", "event", "image", "label", "label!", "network", "node", "plugin", "scope", "secret", "service", "type", "volume");
        var now = call.Api.Clock.GetUtcNow();
        var (since, until) = (When.Parse("since", call.Query("since"), now), When.Parse("until", call.Query("until"), now));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Aborted, call.Api.Stopping);
        var events = call.Engine.Events.Listen(since ?? (until is null ? null : now), until, end.Token);
        await call.BeginStreamAsync(ErrorResponses.JsonType);
        await foreach (var happened in events)
        {
            if (Matches(happened, filters))
            {
                await call.LineAsync(Message(happened), HyprJson.Wire.EventMessage);
            }
        }
    }

    /// <summary>daemon/events/filter.go: an object's filter concerns events of its own type only, but for containers, which networks' events name too.</summary>
    public static bool Matches(EngineEvent e, Filters filters)
    {
        var action = e.Action.Split(':')[0];
        return filters.Exact("type", e.Type)
            && (filters.Exact("event", e.Action) || filters.Exact("event", action))
            && filters.Exact("scope", "local")
            && filters.Labels(e.Attributes)
            && filters.Any("container", name => (e.Type == "container" && IsNamed(e, name)) || e.Attributes.GetValueOrDefault("container") == name)
            && filters.Any("network", name => e.Type == "network" && IsNamed(e, name))
            && filters.Any("image", name => IsImage(e, name))
            && filters.Any("volume", name => e.Type == "volume" && IsNamed(e, name))
            && !filters.Has("plugin") && !filters.Has("daemon");
    }

    private static bool IsNamed(EngineEvent e, string name) =>
        e.ActorId == name || e.Attributes.GetValueOrDefault("name") == name || (name.Length >= 12 && e.ActorId.StartsWith(name, StringComparison.Ordinal));

    private static bool IsImage(EngineEvent e, string name)
    {
        var of = e.Type == "image" ? e.Attributes.GetValueOrDefault("name") ?? e.ActorId : e.Attributes.GetValueOrDefault("image") ?? "";
        return of == name || of.Split(':')[0] == name || (e.Type == "image" && e.ActorId == name);
    }

    public static EventMessage Message(EngineEvent e)
    {
        var old = e.Type is "container" or "image";
        return new EventMessage
        {
            Status = old ? e.Action : null,
            Id = old ? e.ActorId : null,
            From = e.Type == "container" ? e.Attributes.GetValueOrDefault("image") : null,
            Type = e.Type,
            Action = e.Action,
            Actor = new EventActor { Id = e.ActorId, Attributes = new Dictionary<string, string>(e.Attributes) },
            Time = e.Time.ToUnixTimeSeconds(),
            TimeNano = Timestamps.UnixNanoseconds(e.Time),
        };
    }
}
