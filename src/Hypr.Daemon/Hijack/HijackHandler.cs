using System.Text.Json;
using Hypr.Api.Contracts;
using Hypr.Daemon.Http;
using Hypr.Engine.Machines;
using Hypr.Machines;
using Hypr.Primitives;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace Hypr.Daemon.Hijack;

/// <summary>POST /containers/{x}/attach and POST /exec/{id}/start.</summary>
internal sealed partial class HijackHandler(ApiContext api)
{
    private const int BodyLimit = 64 << 10;
    private readonly ILogger _log = api.Logs.CreateLogger("Hypr.Daemon.Api");

    public bool IsTaken(RequestHead head) => head.Method == "POST" && Find(head.Target) is not null;

    /// <summary>Every failure before the streams is an answer in JSON.</summary>
    public async Task RunAsync(RequestHead head, HijackedConnection client)
    {
        try
        {
            var body = await client.ReadBodyAsync(head, BodyLimit, api.Stopping);
            var segments = Find(head.Target)!;
            var (path, query) = Split(head.Target);
            var version = ApiPath.Parse(path).Version;
            var name = ApiPath.Unescape(segments[1]);
            await (segments[0] == "exec"
                ? StartExecAsync(head, client, name, body, version)
                : AttachAsync(head, client, name, QueryHelpers.ParseQuery(query), version));
        }
        catch (Exception e) when (!client.Answered && e is not OperationCanceledException)
        {
            var (status, message) = ErrorResponses.Of(e);
            if (status >= 500)
            {
                Failed(_log, head.Target, e);
            }

            await client.SendErrorAsync(status, message);
        }
        catch (HyprException)
        {
            // The machine did not start, or went: the streams end, and who started it or waits for it is told.
        }
    }

    /// <summary>The path without its version, when it is one of the two.</summary>
    private static string[]? Find(string target)
    {
        var segments = Split(target).Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (segments is [['v', >= '0' and <= '9', ..], .. var rest])
        {
            segments = rest;
        }

        return segments is ["containers", _, "attach"] or ["exec", _, "start"] ? segments : null;
    }

    private static (string Path, string Query) Split(string target)
    {
        var mark = target.IndexOf('?');
        return mark < 0 ? (target, "") : (target[..mark], target[mark..]);
    }

    private async Task AttachAsync(
        RequestHead head, HijackedConnection client, string name, Dictionary<string, StringValues> query, ApiVersion version)
    {
        var machine = api.Engine.Machine(name);
        if (machine.State.Status == MachineStatus.Paused)
        {
            throw HyprException.Conflict($"container {machine.Name} is paused, unpause the container before attach");
        }

        bool Flag(string key) => query.TryGetValue(key, out var value) && ApiCall.IsTrue(value.ToString());
        var config = machine.Config;
        var choice = new StreamChoice(Flag("stdin") && config.OpenStdin, Flag("stdout"), Flag("stderr"), config.Tty)
        {
            CloseStdin = config.StdinOnce,
            DetachKeys = config.Tty ? DetachKeys.Parse(query.TryGetValue("detachKeys", out var keys) ? keys.ToString() : null) : [],
        };

        // Asked for before the 101: the client starts the machine as soon as it has it, and misses no byte then. Of a machine that does not run yet this waits.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(client.Gone, api.Stopping);
        var attaching = Flag("stream") ? api.Engine.AttachAsync(machine.Id, end.Token) : null;
        try
        {
            await client.SendStreamHeadAsync(head.Upgrade, ContentType(config.Tty, version));
            if (Flag("logs"))
            {
                await foreach (var entry in api.Engine.Logs(name, new LogQuery(choice.Stdout, choice.Stderr, null, null, null, Follow: false), end.Token))
                {
                    await client.SendAsync(config.Tty ? entry.Data : StreamFrames.Frame((byte)entry.Stream, entry.Data.Span));
                }
            }

            if (attaching is not null)
            {
                await SessionStreams.JoinAsync(client, await attaching, choice, api.Stopping);
            }
        }
        finally
        {
            await end.CancelAsync();
            await LetGoAsync(attaching);
        }
    }

    private static async Task LetGoAsync(Task<IGuestSession>? attaching)
    {
        if (attaching is null)
        {
            return;
        }

        await ((Task)attaching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (attaching.IsCompletedSuccessfully)
        {
            await attaching.Result.DisposeAsync();
        }
    }

    private async Task StartExecAsync(RequestHead head, HijackedConnection client, string id, byte[] body, ApiVersion version)
    {
        var request = body.Length == 0 ? new StartExecRequest() : JsonSerializer.Deserialize(body, HyprJson.Wire.StartExecRequest) ?? new StartExecRequest();
        var exec = api.Engine.Exec(id);
        CheckStartable(exec);
        var (rows, columns) = request.ConsoleSize is [var h, var w] ? (Bounded(h), Bounded(w)) : ((ushort)0, (ushort)0);
        if (request.Detach)
        {
            var detached = await api.Engine.StartExecAsync(id, exec.Config.Tty, rows, columns, CancellationToken.None);
            _ = DiscardAsync(detached);
            await client.SendWholeAsync(200, "", []);
            return;
        }

        // As in Docker the head goes first: that the program is not there is text in the stream, and the exit code 126 or 127.
        await client.SendStreamHeadAsync(head.Upgrade, ContentType(request.Tty, version));
        IGuestSession session;
        try
        {
            session = await api.Engine.StartExecAsync(id, exec.Config.Tty, rows, columns, api.Stopping);
        }
        catch (HyprException e)
        {
            var text = System.Text.Encoding.UTF8.GetBytes(e.Message + "\r\n");
            await client.SendAsync(request.Tty ? text : StreamFrames.Frame(exec.Config.AttachStderr ? StreamFrames.Stderr : StreamFrames.Stdout, text));
            return;
        }

        var choice = new StreamChoice(exec.Config.AttachStdin, exec.Config.AttachStdout, exec.Config.AttachStderr, request.Tty)
        {
            DetachKeys = request.Tty && exec.Config.AttachStdin ? DetachKeys.Default : [],
        };
        var whole = false;
        try
        {
            await SessionStreams.JoinAsync(client, session, choice, api.Stopping);
            whole = true;
        }
        finally
        {
            if (whole)
            {
                await WaitForExitCodeAsync(id, session);
                await session.DisposeAsync();
            }
            else
            {
                // The client went or detached; the process stays, as in Docker.
                _ = DiscardAsync(session);
            }
        }
    }

    private void CheckStartable(ExecView exec)
    {
        if (exec.Running || exec.ExitCode is not null)
        {
            throw HyprException.Conflict($"Error: Exec command {exec.Id} has already run");
        }

        var machine = api.Engine.Machine(exec.MachineId);
        if (machine.State.Status == MachineStatus.Paused)
        {
            throw HyprException.Conflict($"Container {machine.Name} is paused, unpause the container before exec");
        }

        if (machine.State.Status != MachineStatus.Running)
        {
            throw HyprException.Conflict($"Container {machine.Id} is not running");
        }
    }

    /// <summary>The client asks for the exit code as soon as the stream ends: it has to be there.</summary>
    private async Task WaitForExitCodeAsync(string id, IGuestSession session)
    {
        try
        {
            await session.ExitCode.WaitAsync(api.Stopping);
        }
        catch (Exception)
        {
            // The VM ended under it; the engine gives the exec a code for that.
        }

        var patience = DateTime.UtcNow.AddSeconds(5);
        while (api.Engine.Exec(id).ExitCode is null && DateTime.UtcNow < patience)
        {
            await Task.Delay(1, api.Stopping);
        }
    }

    /// <summary>Nobody reads it, and it must not stall.</summary>
    private static async Task DiscardAsync(IGuestSession session)
    {
        try
        {
            await Task.WhenAll(session.Stdout.CopyToAsync(Stream.Null), session.Stderr.CopyToAsync(Stream.Null));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or HyprException)
        {
            // The VM ended.
        }
        finally
        {
            await session.DisposeAsync();
        }
    }

    private static ushort Bounded(int size) => (ushort)Math.Clamp(size, 0, ushort.MaxValue);

    private static string ContentType(bool tty, ApiVersion version) =>
        tty || version.Below(1, 42) ? StreamFrames.RawType : StreamFrames.MultiplexedType;

    [LoggerMessage(LogLevel.Error, "{Target} failed")]
    private static partial void Failed(ILogger logger, string target, Exception failure);
}
