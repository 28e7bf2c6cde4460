using System.Net;
using Hypr.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hypr.Daemon.Metrics;

/// <summary>Prometheus' door: <c>GET /metrics</c> and nothing else, a server of its own beside the API's, which is never on TCP.</summary>
internal sealed partial class MetricsServer : IAsyncDisposable
{
    private readonly WebApplication? _application;

    private MetricsServer(WebApplication? application) => _application = application;

    /// <param name="address">Null: none.</param>
    /// <returns>One that serves nothing when the address cannot be had; a log line says so.</returns>
    public static async Task<MetricsServer> StartAsync(IPEndPoint? address, IEngine engine, RequestMetrics requests, ILoggerFactory logs)
    {
        if (address is null)
        {
            return new MetricsServer(null);
        }

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton<ILoggerFactory>(Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        builder.Services.AddSingleton<Microsoft.Extensions.Hosting.IHostLifetime, Hosting.ApiServer.NoLifetime>();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxConcurrentConnections = 16;
            kestrel.Listen(address, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var application = builder.Build();
        application.Run(http => AnswerAsync(http, engine, requests));
        try
        {
            await application.StartAsync();
            return new MetricsServer(application);
        }
        catch (IOException e)
        {
            NotServed(logs.CreateLogger("Hypr.Daemon.Metrics"), address, e.Message);
            await application.DisposeAsync();
            return new MetricsServer(null);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_application is not null)
        {
            await _application.StopAsync();
            await _application.DisposeAsync();
        }
    }

    private static Task AnswerAsync(HttpContext http, IEngine engine, RequestMetrics requests)
    {
        if (http.Request.Path != "/metrics")
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return http.Response.WriteAsync("metrics are at /metrics; the API is on hyprd's unix socket\n");
        }

        if (!HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return Task.CompletedTask;
        }

        http.Response.ContentType = MetricsText.ContentType;
        return http.Response.WriteAsync(HyprMetrics.Text(engine, requests));
    }

    [LoggerMessage(LogLevel.Warning, "no metrics are served on {Address}: {Reason}. Choose another address with metrics-addr in daemon.json")]
    private static partial void NotServed(ILogger logger, IPEndPoint address, string reason);
}
