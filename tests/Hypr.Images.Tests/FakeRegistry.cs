using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hypr.Testing.Images;

namespace Hypr.Images.Tests;

internal sealed record FakeRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public string? this[string header] => Headers.GetValueOrDefault(header);
}

/// <param name="Cut">Bytes of the body that are sent before the connection breaks off; null: all.</param>
/// <param name="Stall">After them it stays silent instead; with a cut of -1 it does not even send headers.</param>
internal sealed record FakeAnswer(int Status, byte[] Body, IReadOnlyList<(string, string)> Headers, int? Cut = null, bool Stall = false)
{
    public static FakeAnswer Of(int status, string body = "", params (string, string)[] headers) => new(status, Encoding.UTF8.GetBytes(body), headers);

    public static FakeAnswer Bytes(byte[] body, params (string, string)[] headers) => new(200, body, headers);
}

/// <summary>A registry on loopback that says what a test wants, byte by byte.</summary>
internal sealed class FakeRegistry : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<FakeRequest, FakeAnswer?> _answer;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly Task _accepting;

    /// <param name="answer">Null: as a good registry that has <paramref name="image"/> under every repository and tag.</param>
    public FakeRegistry(BuiltImage? image, Func<FakeRequest, FakeAnswer?> answer)
    {
        Image = image;
        _answer = answer;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public BuiltImage? Image { get; }

    public string Authority => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture)}";

    public ConcurrentQueue<FakeRequest> Requests { get; } = new();

    public int Count(string part) => Requests.Count(r => r.Path.Contains(part, StringComparison.Ordinal));

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        Task.WaitAll([_accepting, .. _connections]);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var connection = client;
        try
        {
            var stream = client.GetStream();
            while (await ReadAsync(stream) is { } request)
            {
                Requests.Enqueue(request);
                var answer = _answer(request) ?? Good(request);
                var head = new StringBuilder($"HTTP/1.1 {answer.Status} X\r\n");
                foreach (var (name, value) in answer.Headers)
                    head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
                head.Append(CultureInfo.InvariantCulture, $"Content-Length: {answer.Body.Length}\r\n\r\n");
                if (answer.Cut != -1)
                {
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(head.ToString()), _stop.Token);
                    await stream.WriteAsync(answer.Body.AsMemory(0, answer.Cut ?? answer.Body.Length), _stop.Token);
                }

                if (answer.Stall)
                    await Task.Delay(Timeout.Infinite, _stop.Token);
                if (answer.Cut is not null)
                    return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            // The other side left, or the test is over.
        }
    }

    private FakeAnswer Good(FakeRequest request)
    {
        if (request.Path == "/v2/")
            return FakeAnswer.Of(200, "{}");
        if (Image is not null && request.Path.Contains("/manifests/", StringComparison.Ordinal))
            return FakeAnswer.Bytes(Image.Manifest, ("Content-Type", "application/vnd.oci.image.manifest.v1+json"));
        if (Image is not null && Image.Blobs.TryGetValue(request.Path[(request.Path.LastIndexOf('/') + 1)..], out var blob))
        {
            return request["range"] is { } range && int.TryParse(range["bytes=".Length..^1], CultureInfo.InvariantCulture, out var from)
                ? new FakeAnswer(206, blob[from..], [("Content-Range", $"bytes {from}-{blob.Length - 1}/{blob.Length}")])
                : FakeAnswer.Bytes(blob);
        }

        return FakeAnswer.Of(404, """{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}""");
    }

    /// <summary>Null at the end, and for what is no HTTP: a TLS hello.</summary>
    private async Task<FakeRequest?> ReadAsync(NetworkStream stream)
    {
        var bytes = new List<byte>();
        var one = new byte[1];
        while (!(bytes.Count >= 4 && bytes[^1] == '\n' && bytes[^2] == '\r' && bytes[^3] == '\n'))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0 || (bytes.Count == 0 && one[0] == 0x16))
                return null;
            bytes.Add(one[0]);
        }

        var lines = Encoding.ASCII.GetString([.. bytes]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var words = lines[0].Split(' ');
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Skip(1))
            headers[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 2)..];
        var body = new byte[int.Parse(headers.GetValueOrDefault("content-length", "0"), CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, _stop.Token);
        return new FakeRequest(words[0], words[1], headers, Encoding.UTF8.GetString(body));
    }
}
