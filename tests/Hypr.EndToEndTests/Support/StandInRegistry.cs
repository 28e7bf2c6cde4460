using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Support;

/// <summary>What is wrong with the registry's layer.</summary>
internal enum LayerFault
{
    /// <summary>It comes in small pieces.</summary>
    Slow,

    /// <summary>Half of it comes, then nothing more.</summary>
    Stalls,

    /// <summary>Half of it comes, then the rest when the test says so.</summary>
    Waits,

    /// <summary>A byte of it is another one.</summary>
    Lies,

    /// <summary>Nothing: but who has no token of the registry's own token server gets no answer (RFC 6750; me:secret has one by RFC 7617).</summary>
    Locked,
}

/// <summary>A registry in a namespace with one image of one layer, which it does not serve as it should (the OCI distribution specification, as far as a pull needs it).</summary>
internal sealed class StandInRegistry : IDisposable
{
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    private readonly TcpListener _listener;
    private readonly LayerFault _fault;
    private readonly Dictionary<string, byte[]> _blobs = [];
    private readonly byte[] _manifest;
    private readonly string _layer;
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    private int _held;
    private int _tokens;

    public StandInRegistry(TestNamespace space, LayerFault fault)
    {
        _fault = fault;
        var (tar, layer) = Layer();
        _layer = Keep(layer);
        var config = Encoding.UTF8.GetBytes(
            $$$"""{"architecture":"amd64","os":"linux","config":{"Cmd":["/data"]},"rootfs":{"type":"layers","diff_ids":["{{{Digest(tar)}}}"]}}""");
        _manifest = Encoding.UTF8.GetBytes(
            $$"""
            {"schemaVersion":2,"mediaType":"{{ManifestType}}",
             "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{Keep(config)}}","size":{{config.Length}}},
             "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{{_layer}}","size":{{layer.Length}}}]}
            """);
        _listener = space.Run(() =>
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return listener;
        });
        _ = Task.Run(AcceptAsync);
    }

    public string Image => $"{_listener.LocalEndpoint}/one";

    public string Address => $"{_listener.LocalEndpoint}";

    /// <summary>Tokens that were given out.</summary>
    public int Tokens => Volatile.Read(ref _tokens);

    /// <summary>Of the layer, as the manifest has it.</summary>
    public string LayerDigest => _layer;

    /// <summary>Somebody waits for the rest of the layer.</summary>
    public bool Holds => Volatile.Read(ref _held) > 0;

    /// <summary>The rest of a layer that waits may come, now and at every later pull.</summary>
    public void Release() => _go.TrySetResult();

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                _ = Task.Run(() => AnswerAsync(client));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
                var words = (await reader.ReadLineAsync() ?? "").Split(' ');
                var authorization = "";
                while (await reader.ReadLineAsync() is { Length: > 0 } line)
                {
                    if (line.StartsWith("Authorization: ", StringComparison.OrdinalIgnoreCase))
                        authorization = line["Authorization: ".Length..];
                }

                var path = words[1];
                if (_fault == LayerFault.Locked && Gate(path, authorization) is { } answer)
                {
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
                    return;
                }

                var body = path == "/v2/" ? "{}"u8.ToArray() : path.Contains("/manifests/", StringComparison.Ordinal) ? _manifest : _blobs.GetValueOrDefault(path.Split('/')[^1]);
                var head = body is null
                    ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n"
                    : $"HTTP/1.1 200 OK\r\nContent-Type: {(body == _manifest ? ManifestType : "application/json")}\r\nContent-Length: {body.Length}\r\nDocker-Content-Digest: {Digest(body)}\r\n";
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head + "Connection: close\r\n\r\n"));
                if (body is not null && words[0] != "HEAD")
                    await (path.EndsWith(_layer, StringComparison.Ordinal) ? SendLayerAsync(stream, body) : stream.WriteAsync(body).AsTask());
            }
            catch (IOException)
            {
                // It has heard enough.
            }
        }
    }

    /// <summary>What stands before everything else; null: come in.</summary>
    private string? Gate(string path, string authorization)
    {
        if (path.StartsWith("/token?", StringComparison.Ordinal))
        {
            if (authorization != "Basic " + Convert.ToBase64String("me:secret"u8))
                return Answer("401 Unauthorized", "", """{"errors":[{"code":"UNAUTHORIZED","message":"incorrect username or password"}]}""");
            Interlocked.Increment(ref _tokens);
            return Answer("200 OK", "", $$"""{"token":"{{_token}}","expires_in":300}""");
        }

        return authorization == "Bearer " + _token ? null : Answer(
            "401 Unauthorized", $"WWW-Authenticate: Bearer realm=\"http://{Address}/token\",service=\"stand-in\",scope=\"repository:one:pull\"\r\n",
            """{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}""");

        static string Answer(string status, string fields, string body) =>
            $"HTTP/1.1 {status}\r\n{fields}Content-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";
    }

    private async Task SendLayerAsync(NetworkStream stream, byte[] layer)
    {
        switch (_fault)
        {
            case LayerFault.Locked:
                await stream.WriteAsync(layer);
                break;
            case LayerFault.Slow:
                foreach (var piece in layer.Chunk(layer.Length / 20))
                {
                    await stream.WriteAsync(piece);
                    await Task.Delay(50);
                }

                break;
            case LayerFault.Stalls:
                await stream.WriteAsync(layer.AsMemory(0, layer.Length / 2));
                Interlocked.Increment(ref _held);

                // Until the client closes.
                await stream.ReadAsync(new byte[1]).AsTask().ContinueWith(_ => Interlocked.Decrement(ref _held), TaskScheduler.Default);
                break;
            case LayerFault.Waits:
                await stream.WriteAsync(layer.AsMemory(0, layer.Length / 2));
                Interlocked.Increment(ref _held);
                await _go.Task;
                Interlocked.Decrement(ref _held);
                await stream.WriteAsync(layer.AsMemory(layer.Length / 2));
                break;
            case LayerFault.Lies:
                byte[] other = [.. layer];
                other[layer.Length / 2] ^= 1;
                await stream.WriteAsync(other);
                break;
        }
    }

    /// <summary>One file that does not compress, as a tar and compressed.</summary>
    private static (byte[] Tar, byte[] Compressed) Layer()
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, leaveOpen: true))
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "data") { DataStream = new MemoryStream(RandomNumberGenerator.GetBytes(256 * 1024)) });
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(tar.ToArray());
        return (tar.ToArray(), compressed.ToArray());
    }

    private string Keep(byte[] blob)
    {
        var digest = Digest(blob);
        _blobs[digest] = blob;
        return digest;
    }

    private static string Digest(byte[] bytes) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}";
}
