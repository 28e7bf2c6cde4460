using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Hypr.Daemon.Hijack;

/// <summary>The connection as Kestrel sees it: closed when the client is gone, not when it has ended its sending, and not Kestrel's to abort once a request was taken.</summary>
internal sealed class HalfOpenConnection(ConnectionContext inner, RequestPipe requests, CancellationToken gone) : ConnectionContext
{
    public override IDuplexPipe Transport { get; set; } = new Pipes(requests, new KeptOpenWriter(inner.Transport.Output));

    public override string ConnectionId
    {
        get => inner.ConnectionId;
        set => inner.ConnectionId = value;
    }

    public override IFeatureCollection Features => inner.Features;

    public override IDictionary<object, object?> Items
    {
        get => inner.Items;
        set => inner.Items = value;
    }

    public override CancellationToken ConnectionClosed { get; set; } = gone;

    public override EndPoint? LocalEndPoint
    {
        get => inner.LocalEndPoint;
        set => inner.LocalEndPoint = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => inner.RemoteEndPoint;
        set => inner.RemoteEndPoint = value;
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (requests.Taken is null)
        {
            inner.Abort(abortReason);
        }
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
