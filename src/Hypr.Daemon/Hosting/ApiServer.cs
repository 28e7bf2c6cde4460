using System.Net.Sockets;
using Hypr.Daemon.Configuration;
using Hypr.Daemon.Hijack;
using Hypr.Daemon.Http;
using Hypr.Daemon.Metrics;
using Hypr.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hypr.Daemon.Hosting;

/// <summary>Kestrel on one unix socket: the hijack below HTTP, the dispatcher above it. Nothing is read from the environment or from appsettings.json.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    /// <summary>JSON only; what carries images lifts it.</summary>
    private const long BodyLimit = 16 << 20;
    private static readonly TimeSpan ShutdownTime = TimeSpan.FromSeconds(3);
    private readonly WebApplication _application;
    private readonly CancellationTokenSource _stopping;

    private ApiServer(WebApplication application, CancellationTokenSource stopping) => (_application, _stopping) = (application, stopping);

    /// <param name="listener">Bound and listening; the server closes it.</param>
    public static async Task<ApiServer> StartAsync(
        IEngine engine, DaemonConfig config, HyprPaths paths, TimeProvider clock, ILoggerFactory logs, RequestMetrics requests, Socket listener)
    {
        var stopping = new CancellationTokenSource();
        var api = new ApiContext(engine, config, paths, clock, logs, requests, stopping.Token);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton(logs);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = ShutdownTime);
        builder.WebHost.UseKestrelCore().UseSockets(sockets => sockets.CreateBoundListenSocket = _ => listener);
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, paths.Socket, new HijackHandler(api), logs.CreateLogger("Hypr.Daemon.Api")));
        var application = builder.Build();
        application.Run(new Dispatcher(api).HandleAsync);
        await application.StartAsync();
        return new ApiServer(application, stopping);
    }

    /// <summary>Streams end at once, requests get a moment.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _application.StopAsync();
        await _application.DisposeAsync();
        _stopping.Dispose();
    }

    private static void Configure(KestrelServerOptions kestrel, string path, HijackHandler handler, ILogger log)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = BodyLimit;

        // A start or a pull is slow by itself, and a client that reads no progress is its own affair.
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.ListenUnixSocket(path, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => new HijackMiddleware(next, handler, log).OnConnectionAsync);
        });
    }

    /// <summary>Signals are the program's business.</summary>
    internal sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
