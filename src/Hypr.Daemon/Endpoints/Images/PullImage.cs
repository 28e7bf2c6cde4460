using System.Threading.Channels;
using Hypr.Api.Contracts;
using Hypr.Daemon.Http;
using Hypr.Images;
using Hypr.Primitives;

namespace Hypr.Daemon.Endpoints.Images;

/// <summary>
/// POST /images/create: a pull, told line by line. A failure before the first line is a status; after it, it stands in the stream, as in Docker. A client that
/// goes away ends the pull.
/// </summary>
internal static class PullImage
{
    /// <summary>A slow reader loses lines of progress, not the pull.</summary>
    private const int Backlog = 1024;

    public static async Task RunAsync(ApiCall call)
    {
        if (call.Query("fromSrc") is { Length: > 0 })
        {
            await ArchiveEndpoints.ImportAsync(call);
            return;
        }

        var name = call.Query("fromImage");
        if (string.IsNullOrEmpty(name))
        {
            throw HyprException.Invalid("no image is named: fromImage is due");
        }

        var lines = Channel.CreateBounded<PullProgress>(new BoundedChannelOptions(Backlog) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        var options = new PullOptions(
            call.Query("platform") is { Length: > 0 } platform ? platform : null, new Reporter(lines.Writer), RegistryAuth.Parse(call.Http.Request.Headers["X-Registry-Auth"]));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Aborted, call.Api.Stopping);
        var pull = PullAsync(call, Reference(name, call.Query("tag")), options, lines.Writer, end.Token);
        try
        {
            await foreach (var line in lines.Reader.ReadAllAsync(end.Token))
            {
                await BeginAsync(call);
                await call.LineAsync(Message(line), HyprJson.Wire.ProgressMessage);
            }

            await pull;
            await BeginAsync(call);
        }
        catch (Exception e) when (call.Http.Response.HasStarted && !call.Aborted.IsCancellationRequested)
        {
            var message = ErrorResponses.Of(e).Message;
            await call.LineAsync(new ProgressMessage { ErrorDetail = new ErrorDetail { Message = message }, Error = message }, HyprJson.Wire.ProgressMessage);
        }
        finally
        {
            await end.CancelAsync();
            await ((Task)pull).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The tag may be a digest. Without either it is <c>latest</c>: all tags at once are not offered.</summary>
    public static string Reference(string name, string? tag)
    {
        if (string.IsNullOrEmpty(tag))
        {
            return name;
        }

        // A tag beside one in the name replaces it (docker-py sends both apart, old clients together).
        var colon = name.LastIndexOf(':');
        var bare = colon > name.LastIndexOf('/') && !name.Contains('@') ? name[..colon] : name;
        return tag.Contains(':') ? $"{bare}@{tag}" : $"{bare}:{tag}";
    }

    public static ProgressMessage Message(PullProgress line) => new()
    {
        Status = line.Status,
        Id = line.Id,
        ProgressDetail = line.Id is null ? null : new ProgressDetail { Current = line.Current, Total = line.Total },
    };

    private static async Task<Image> PullAsync(ApiCall call, string reference, PullOptions options, ChannelWriter<PullProgress> lines, CancellationToken cancel)
    {
        try
        {
            return await call.Engine.PullAsync(reference, options, cancel);
        }
        finally
        {
            lines.TryComplete();
        }
    }

    private static Task BeginAsync(ApiCall call) => call.Http.Response.HasStarted ? Task.CompletedTask : call.BeginStreamAsync(ErrorResponses.JsonType);

    private sealed class Reporter(ChannelWriter<PullProgress> lines) : IProgress<PullProgress>
    {
        public void Report(PullProgress value) => lines.TryWrite(value);
    }
}
