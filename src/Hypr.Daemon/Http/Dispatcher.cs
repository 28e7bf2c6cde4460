using System.Diagnostics;
using Hypr.Daemon.Endpoints.Containers;
using Hypr.Daemon.Endpoints.Host;
using Hypr.Daemon.Endpoints.Images;
using Hypr.Daemon.Endpoints.Networks;
using Hypr.Daemon.Endpoints.Volumes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hypr.Daemon.Http;

/// <summary>From a request to its endpoint, and from whatever is thrown there to an answer.</summary>
internal sealed partial class Dispatcher
{
    private readonly ApiContext _api;
    private readonly Router _routes = new();
    private readonly ILogger _log;

    public Dispatcher(ApiContext api)
    {
        _api = api;
        _log = api.Logs.CreateLogger("Hypr.Daemon.Api");
        SystemEndpoints.Map(_routes);
        TemplateEndpoints.Map(_routes);
        ContainerEndpoints.Map(_routes);
        FileEndpoints.Map(_routes);
        UsageEndpoints.Map(_routes);
        UpdateContainer.Map(_routes);
        ExecEndpoints.Map(_routes);
        NetworkEndpoints.Map(_routes);
        NamesEndpoints.Map(_routes);
        VolumeEndpoints.Map(_routes);
        ConsistencyEndpoint.Map(_routes);
        DoctorEndpoint.Map(_routes);
        ArchiveEndpoints.Map(_routes);
        ImageEndpoints.Map(_routes);
        LoginEndpoint.Map(_routes);
        Missing.Map(_routes);
    }

    public async Task HandleAsync(HttpContext http)
    {
        var began = Stopwatch.GetTimestamp();
        var group = "none";
        var headers = http.Response.Headers;
        headers["Api-Version"] = ApiVersion.Current.ToString();
        headers["Docker-Experimental"] = "false";
        headers["Ostype"] = "linux";
        headers.Server = ServerIdentity.ServerHeader;
        try
        {
            var path = ApiPath.Parse(http.Request.Path.Value ?? "/");
            if (_routes.Find(http.Request.Method, path.Segments) is { } route)
            {
                group = path.Segments[0];
                await route.Handler(new ApiCall(http, _api, path.Version, route.Name));
            }
            else
            {
                await FailAsync(http, StatusCodes.Status404NotFound, "page not found");
            }
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested || _api.Stopping.IsCancellationRequested)
        {
            // The client went away, or hyprd does: an answer cut short must not look like a whole one.
            http.Abort();
        }
        catch (IOException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The same, met while writing.
        }
        catch (Exception e)
        {
            var (status, message) = ErrorResponses.Of(e);
            if (status == StatusCodes.Status500InternalServerError)
            {
                Failed(_log, http.Request.Method, http.Request.Path, e);
            }

            await FailAsync(http, status, message);
        }

        var took = Stopwatch.GetElapsedTime(began);
        _api.Requests.Add(group == "none" ? "any" : http.Request.Method, group, http.Response.StatusCode, took);
        Answered(_log, http.Request.Method, http.Request.Path, http.Response.StatusCode, took.TotalMilliseconds);
    }

    private static Task FailAsync(HttpContext http, int status, string message)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }

        http.Response.StatusCode = status;
        if (status == StatusCodes.Status304NotModified)
        {
            return Task.CompletedTask;
        }

        var body = ErrorResponses.Body(message);
        http.Response.ContentType = ErrorResponses.JsonType;
        http.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(http.Request.Method) ? Task.CompletedTask : http.Response.Body.WriteAsync(body).AsTask();
    }

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
    private static partial void Failed(ILogger logger, string method, PathString path, Exception failure);

    [LoggerMessage(LogLevel.Debug, "{Method} {Path} {Status} {Milliseconds:0.0} ms")]
    private static partial void Answered(ILogger logger, string method, PathString path, int status, double milliseconds);
}
