using Hypr.Api.Contracts;
using Hypr.Daemon.Hijack;
using Hypr.Daemon.Http;
using Hypr.Engine.Machines;
using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.Daemon.Endpoints.Containers;

/// <summary>/containers, but for attach (see <see cref="HijackHandler"/>).</summary>
internal static class ContainerEndpoints
{
    public static void Map(Router routes)
    {
        routes.Map("GET", "/containers/json", ListAsync);
        routes.Map("POST", "/containers/create", CreateContainer.RunAsync);
        routes.Map("POST", "/containers/prune", PruneAsync);
        routes.Map("GET", "/containers/{name}/json", call => call.JsonAsync(ContainerViews.Inspect(call.Engine.Machine(call.Name)), HyprJson.Wire.ContainerInspect));
        routes.Map("GET", "/containers/{name}/logs", LogsAsync);
        routes.Map("POST", "/containers/{name}/start", StartAsync);
        routes.Map("POST", "/containers/{name}/stop", StopAsync);
        routes.Map("POST", "/containers/{name}/restart", RestartAsync);
        routes.Map("POST", "/containers/{name}/kill", KillAsync);
        routes.Map("POST", "/containers/{name}/pause", PauseAsync);
        routes.Map("POST", "/containers/{name}/unpause", UnpauseAsync);
        routes.Map("POST", "/containers/{name}/rename", RenameAsync);
        routes.Map("POST", "/containers/{name}/resize", ResizeAsync);
        routes.Map("POST", "/containers/{name}/wait", WaitAsync);
        routes.Map("DELETE", "/containers/{name}", RemoveAsync);
        routes.Map("POST", "/hypr/containers/{name}/ports", PublishAsync);
        routes.Map("DELETE", "/hypr/containers/{name}/ports", UnpublishAsync);
        routes.Map("GET", "/hypr/containers/{name}/ports/check", PortChecks.RunAsync);
    }

    private static Task ListAsync(ApiCall call)
    {
        var now = call.Api.Clock.GetUtcNow();
        var sized = call.Flag("size");
        return call.JsonAsync([.. ContainerFilters.Select(call).Select(m => Sized(ContainerViews.Summary(m, now), m))], HyprJson.Wire.ListContainerSummary);

        ContainerSummary Sized(ContainerSummary summary, MachineView machine) =>
            sized ? summary with { SizeRw = call.Engine.DiskUsage(machine.Id), SizeRootFs = machine.Image?.Size ?? 0 } : summary;
    }

    /// <summary>A client that gives up takes its start back.</summary>
    private static async Task StartAsync(ApiCall call)
    {
        WarnWithoutNetwork(call);
        await call.Engine.StartAsync(call.Name, call.Aborted);
        await call.NoContentAsync();
    }

    /// <summary>Docker's answer to a start has no body, so the warning is a header (RFC 7234, 5.5), which Docker's own client passes over.</summary>
    private static void WarnWithoutNetwork(ApiCall call)
    {
        var machine = call.Engine.Machine(call.Name);
        if (machine.Networks.Count == 0 && machine.State.PendingNetworks.Count == 0 && machine.Config.NetworkMode != "none")
        {
            call.Http.Response.Headers.Warning = $"299 hypr \"{machine.Name} has no network: attach it with: hypr network connect NETWORK {machine.Name}\"";
        }
    }

    private static async Task StopAsync(ApiCall call)
    {
        await call.Engine.StopAsync(call.Name, call.Number("t"), Signal(call), CancellationToken.None);
        await call.NoContentAsync();
    }

    private static async Task RestartAsync(ApiCall call)
    {
        WarnWithoutNetwork(call);
        await call.Engine.RestartAsync(call.Name, call.Number("t"), Signal(call), CancellationToken.None);
        await call.NoContentAsync();
    }

    private static async Task KillAsync(ApiCall call)
    {
        await call.Engine.KillAsync(call.Name, Signal(call), CancellationToken.None);
        await call.NoContentAsync();
    }

    private static string? Signal(ApiCall call) => call.Query("signal") is { Length: > 0 } signal ? signal : null;

    private static async Task PauseAsync(ApiCall call)
    {
        await call.Engine.PauseAsync(call.Name, CancellationToken.None);
        await call.NoContentAsync();
    }

    private static async Task UnpauseAsync(ApiCall call)
    {
        await call.Engine.UnpauseAsync(call.Name, CancellationToken.None);
        await call.NoContentAsync();
    }

    private static async Task RenameAsync(ApiCall call)
    {
        var name = call.Query("name")?.TrimStart('/');
        if (string.IsNullOrEmpty(name))
        {
            throw HyprException.Invalid("Neither old nor new names may be empty");
        }

        await call.Engine.RenameAsync(call.Name, name, CancellationToken.None);
        await call.NoContentAsync();
    }

    private static async Task ResizeAsync(ApiCall call)
    {
        var (rows, columns) = Size(call);
        await call.Engine.ResizeAsync(call.Name, rows, columns, call.Aborted);
        await call.StatusAsync(200);
    }

    /// <summary>HYPR's own: more ports of a VM that is there already.</summary>
    private static async Task PublishAsync(ApiCall call)
    {
        var request = await call.ReadAsync(HyprJson.Wire.PublishedPorts);
        var published = await call.Engine.PublishAsync(call.Name, [.. CreateContainer.Bindings(request.Ports)], call.Aborted);
        await call.JsonAsync(new PublishedPorts { Ports = EndpointViews.Map(published) }, HyprJson.Wire.PublishedPorts);
    }

    /// <summary>HYPR's own: <c>published</c> names ports of the host, separated by commas.</summary>
    private static async Task UnpublishAsync(ApiCall call)
    {
        var named = call.Query("published")?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (named.Length == 0)
        {
            throw HyprException.Invalid("no port is named: published=8081,53/udp is due");
        }

        var gone = await call.Engine.UnpublishAsync(call.Name, named, call.Aborted);
        await call.JsonAsync(new PublishedPorts { Ports = EndpointViews.Map(gone) }, HyprJson.Wire.PublishedPorts);
    }

    public static (ushort Rows, ushort Columns) Size(ApiCall call)
    {
        var (rows, columns) = (call.Number("h") ?? 0, call.Number("w") ?? 0);
        return rows is >= 0 and <= ushort.MaxValue && columns is >= 0 and <= ushort.MaxValue
            ? ((ushort)rows, (ushort)columns)
            : throw HyprException.Invalid($"invalid terminal size {rows} x {columns}: numbers from 0 to {ushort.MaxValue} are due");
    }

    private static async Task RemoveAsync(ApiCall call)
    {
        if (call.Flag("link"))
        {
            throw HyprException.NotImplemented("rm --link is not in HYPR: a link goes with the VM that has it");
        }

        await call.Engine.RemoveAsync(call.Name, call.Flag("force"), call.Flag("v"), CancellationToken.None);
        await call.NoContentAsync();
    }

    /// <summary><c>docker run</c> opens it before start and blocks on its head, which therefore goes out at once.</summary>
    private static async Task WaitAsync(ApiCall call)
    {
        var condition = call.Query("condition") switch
        {
            null or "" or "not-running" => WaitCondition.NotRunning,
            "next-exit" => WaitCondition.NextExit,
            "removed" => WaitCondition.Removed,
            var other => throw HyprException.Invalid($"invalid condition: \"{other}\""),
        };
        using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Aborted, call.Api.Stopping);
        var ended = call.Engine.WaitAsync(call.Name, condition, end.Token);
        await call.BeginStreamAsync(ErrorResponses.JsonType);
        WaitResponse answer;
        try
        {
            var result = await ended;
            answer = new WaitResponse { StatusCode = result.StatusCode, Error = result.Error is null ? null : new WaitError { Message = result.Error } };
        }
        catch (HyprException e)
        {
            answer = new WaitResponse { StatusCode = -1, Error = new WaitError { Message = e.Message } };
        }

        await call.LineAsync(answer, HyprJson.Wire.WaitResponse);
    }

    private static async Task LogsAsync(ApiCall call)
    {
        var (stdout, stderr) = (call.Flag("stdout"), call.Flag("stderr"));
        if (!stdout && !stderr)
        {
            throw HyprException.Invalid("Bad parameters: you must choose at least one stream");
        }

        var machine = call.Engine.Machine(call.Name);
        var now = call.Api.Clock.GetUtcNow();
        var query = new LogQuery(stdout, stderr, Tail(call.Query("tail")), When.Parse("since", call.Query("since"), now), When.Parse("until", call.Query("until"), now), call.Flag("follow"));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Aborted, call.Api.Stopping);
        var entries = call.Engine.Logs(machine.Id, query, end.Token);
        var tty = machine.Config.Tty;
        await call.BeginStreamAsync(tty || call.Version.Below(1, 42) ? StreamFrames.RawType : StreamFrames.MultiplexedType);
        await SendLogAsync(call, entries, tty, call.Flag("timestamps"), query.Follow);
    }

    private static async Task SendLogAsync(ApiCall call, IAsyncEnumerable<LogEntry> entries, bool tty, bool timestamps, bool follow)
    {
        var body = call.Http.Response.Body;
        await foreach (var entry in entries)
        {
            var data = timestamps
                ? (byte[])[.. System.Text.Encoding.ASCII.GetBytes(Timestamps.Rfc3339Fixed(entry.Time)), (byte)' ', .. entry.Data.Span]
                : entry.Data;
            await body.WriteAsync(tty ? data : StreamFrames.Frame((byte)entry.Stream, data.Span), call.Aborted);
            if (follow)
            {
                await body.FlushAsync(call.Aborted);
            }
        }
    }

    /// <summary><c>all</c>, and anything that is no number from 0 on, is all (Docker).</summary>
    private static int? Tail(string? text) => int.TryParse(text, out var lines) && lines >= 0 ? lines : null;

    private static async Task PruneAsync(ApiCall call)
    {
        var filters = call.Filters("label", "label!", "until");
        var until = filters.Has("until") ? When.Parse("until", filters.Values("until")[0], call.Api.Clock.GetUtcNow()) : null;
        var answer = new ContainersPruned();
        foreach (var machine in call.Engine.Machines().Where(m => m.State.Status is MachineStatus.Created or MachineStatus.Exited))
        {
            if ((until is not null && machine.Created > until) || !filters.Labels(ContainerViews.Labels(machine)))
            {
                continue;
            }

            try
            {
                await call.Engine.RemoveAsync(machine.Id, force: false, volumes: false, CancellationToken.None);
                answer.ContainersDeleted.Add(machine.Id);
            }
            catch (HyprException e) when (e.Kind is ErrorKind.Conflict or ErrorKind.NotFound)
            {
                // Started or removed by somebody else meanwhile.
            }
        }

        await call.JsonAsync(answer, HyprJson.Wire.ContainersPruned);
    }
}
