using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;

namespace Hypr.Daemon.Hijack;

/// <summary>
/// Below HTTP: attach and exec start are taken over here, on the transport. Kestrel's upgrade takes no request with a body, and loses the reply where data and
/// end of stream come in one segment (<c>echo x | docker run -i ...</c>).
/// </summary>
internal sealed partial class HijackMiddleware(ConnectionDelegate next, HijackHandler handler, ILogger log)
{
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var socket = connection.Features.Get<IConnectionSocketFeature>()!.Socket;
        using var watch = new ClientWatch(socket, connection.ConnectionClosed);
        var requests = new RequestPipe(connection.Transport.Input, handler.IsTaken);
        await next(new HalfOpenConnection(connection, requests, watch.Gone));
        if (requests.Taken is not { } head)
        {
            return;
        }

        await using var taken = new HijackedConnection(connection.Transport.Input, socket, watch);
        try
        {
            await handler.RunAsync(head, taken);
        }
        catch (Exception e) when (watch.Gone.IsCancellationRequested || e is OperationCanceledException)
        {
            // Nobody is left to tell.
        }
        catch (Exception e)
        {
            Failed(log, head.Target, e);
        }
    }

    [LoggerMessage(LogLevel.Error, "{Target} ended by a failure of hyprd's own")]
    private static partial void Failed(ILogger logger, string target, Exception failure);
}
