using System.Net;
using Microsoft.Extensions.Logging;

namespace Hypr.Dns.Server;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "names outside of hypr are asked of {Servers}")]
    public static partial void UpstreamsChanged(this ILogger logger, string servers);

    [LoggerMessage(2, LogLevel.Warning, "the resolver {EndPoint} does not answer; others are asked first")]
    public static partial void UpstreamDown(this ILogger logger, IPEndPoint endPoint);

    [LoggerMessage(3, LogLevel.Error, "a socket of the DNS server failed")]
    public static partial void SourceFailed(this ILogger logger, Exception exception);

    [LoggerMessage(4, LogLevel.Warning, "cannot serve names on {EndPoint} ({Protocol}): {Reason}")]
    public static partial void ListenFailed(this ILogger logger, IPEndPoint endPoint, string protocol, string reason);

    [LoggerMessage(5, LogLevel.Warning, "the resolver {EndPoint} asks us in turn; it is left out")]
    public static partial void UpstreamLoops(this ILogger logger, IPEndPoint endPoint);
}
