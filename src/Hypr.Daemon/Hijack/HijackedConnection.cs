using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Hypr.Daemon.Http;
using Hypr.Primitives;
using Microsoft.AspNetCore.WebUtilities;

namespace Hypr.Daemon.Hijack;

/// <summary>
/// A connection that left HTTP. It is read through the transport's pipe, which may hold bytes already, and written straight to the socket: so it is known when all
/// is sent and the half-close may follow. The transport's own sender has nothing to send any more.
/// </summary>
internal sealed class HijackedConnection(PipeReader input, Socket socket, ClientWatch watch) : IAsyncDisposable
{
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim _writing = new(1, 1);

    public PipeReader Input => input;

    /// <summary>The client has closed both ways.</summary>
    public CancellationToken Gone => watch.Gone;

    /// <summary>The head of an answer is on its way: what fails now cannot be told in HTTP any more.</summary>
    public bool Answered { get; private set; }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await _writing.WaitAsync();
        try
        {
            while (bytes.Length > 0)
            {
                bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None)..];
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            await watch.MarkGoneAsync();
            throw;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>The head of an answer that is followed by the streams.</summary>
    /// <param name="upgrade">101, which Go's client insists on; without an Upgrade in the request Docker answers 200.</param>
    public Task SendStreamHeadAsync(bool upgrade, string contentType)
    {
        Answered = true;
        return SendAsync(Encoding.ASCII.GetBytes(
            upgrade
                ? $"HTTP/1.1 101 UPGRADED\r\nContent-Type: {contentType}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n{Common}\r\n"
                : $"HTTP/1.1 200 OK\r\nContent-Type: {contentType}\r\nConnection: close\r\n{Common}\r\n"));
    }

    public Task SendErrorAsync(int status, string message)
    {
        var body = ErrorResponses.Body(message);
        return SendWholeAsync(status, $"Content-Type: {ErrorResponses.JsonType}\r\n", body);
    }

    public Task SendWholeAsync(int status, string fields, byte[] body)
    {
        var head = string.Create(CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status} {ReasonPhrases.GetReasonPhrase(status)}\r\n{fields}Content-Length: {body.Length}\r\nConnection: close\r\n{Common}\r\n");
        Answered = true;
        byte[] answer = [.. Encoding.ASCII.GetBytes(head), .. body];
        return SendAsync(answer);
    }

    /// <summary>Takes the head off and gives the body, of at most <paramref name="limit"/> bytes.</summary>
    public async Task<byte[]> ReadBodyAsync(RequestHead head, int limit, CancellationToken cancel)
    {
        if (head.ContentLength < 0 || head.ContentLength > limit)
        {
            throw HyprException.Invalid($"a body of a stated length of at most {limit} bytes is due");
        }

        if (head.ExpectContinue)
        {
            await SendAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray());
        }

        var due = head.Length + (int)head.ContentLength;
        var read = await input.ReadAtLeastAsync(due, cancel);
        if (read.Buffer.Length < due)
        {
            input.AdvanceTo(read.Buffer.End);
            throw HyprException.Invalid("the request ended before its body did");
        }

        var body = read.Buffer.Slice(head.Length, head.ContentLength).ToArray();
        input.AdvanceTo(read.Buffer.GetPosition(due));
        return body;
    }

    /// <summary>
    /// Half-close, then what the client still sends is read away: closing over unread bytes would give it ECONNRESET in place of the end
    /// (unix_release_sock).
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
            using var patience = new CancellationTokenSource(DrainTime);
            while (true)
            {
                var read = await input.ReadAsync(patience.Token);
                input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted || read.IsCanceled)
                {
                    break;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException or OperationCanceledException or InvalidOperationException)
        {
            // It is closed already, or the client does not stop sending.
        }

        _writing.Dispose();
    }

    private static string Common =>
        $"Api-Version: {ApiVersion.Current}\r\nDocker-Experimental: false\r\nOstype: linux\r\nServer: {ServerIdentity.ServerHeader}\r\n";
}
