using Hypr.Daemon.Configuration;
using Hypr.Daemon.Metrics;
using Hypr.Engine;
using Microsoft.Extensions.Logging;

namespace Hypr.Daemon.Http;

/// <summary>What the endpoints stand on.</summary>
/// <param name="Stopping">hyprd ends: streams end with it.</param>
internal sealed record ApiContext(
    IEngine Engine, DaemonConfig Config, HyprPaths Paths, TimeProvider Clock, ILoggerFactory Logs, RequestMetrics Requests, CancellationToken Stopping);
