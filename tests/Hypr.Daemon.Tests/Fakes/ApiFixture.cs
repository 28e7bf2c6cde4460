using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hypr.Daemon.Configuration;
using Hypr.Daemon.Hosting;
using Hypr.Daemon.Metrics;
using Hypr.Engine;
using Hypr.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypr.Daemon.Tests.Fakes;

/// <summary>The whole API on a socket of its own, over the real engine and store.</summary>
public sealed class ApiFixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hyprd-").FullName;
    private Database _database = null!;
    private HyprEngine _engine = null!;
    private ApiServer _server = null!;

    internal HyprPaths Paths => new(_folder, _folder);

    internal ProcessMachines Machines => field ??= new ProcessMachines { Volumes = new FolderVolumes { Folder = Path.Combine(_folder, "volumes") } };

    internal HyprEngine Engine => _engine;

    public async ValueTask InitializeAsync()
    {
        _database = Database.Open(Paths.Database);
        _engine = new HyprEngine(_database, new MemoryImages(), new MemoryNetworks(), Machines, TimeProvider.System, NullLoggerFactory.Instance);
        await _engine.StartAsync(CancellationToken.None);
        _server = await ApiServer.StartAsync(_engine, new DaemonConfig(), Paths, TimeProvider.System, NullLoggerFactory.Instance, new RequestMetrics(), ApiSocket.Bind(Paths.Socket));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var machine in _engine.Machines())
        {
            await _engine.RemoveAsync(machine.Id, force: true, volumes: true, CancellationToken.None);
        }

        await _server.DisposeAsync();
        await _engine.DisposeAsync();
        _database.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    public Socket Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Paths.Socket));
        return socket;
    }

    /// <summary>One request on a connection of its own.</summary>
    public async Task<Answer> SendAsync(string method, string target, string? body = null)
    {
        using var socket = Connect();
        await socket.SendAsync(Request(method, target, body, "Connection: close\r\n"));
        return Answer.Parse(await ReadAllAsync(socket));
    }

    public static byte[] Request(string method, string target, string? body = null, string fields = "")
    {
        var bytes = Encoding.UTF8.GetBytes(body ?? "");
        var head = $"{method} {target} HTTP/1.1\r\nHost: hypr\r\n{fields}" + (body is null ? "\r\n" : $"Content-Type: application/json\r\nContent-Length: {bytes.Length}\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. bytes];
    }

    public static async Task<byte[]> ReadAllAsync(Socket socket)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var all = new MemoryStream();
        var buffer = new byte[8192];
        int read;
        while ((read = await socket.ReceiveAsync(buffer, SocketFlags.None, patience.Token)) > 0)
        {
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }

    /// <summary>A machine that is made and, unless only created, started.</summary>
    public async Task<string> RunAsync(string json, bool start = true, string name = "")
    {
        var created = await SendAsync("POST", $"/containers/create?name={name}", json);
        Assert.Equal(201, created.Status);
        var id = created.Json.GetProperty("Id").GetString()!;
        if (start)
        {
            Assert.Equal(204, (await SendAsync("POST", $"/containers/{id}/start")).Status);
        }

        return id;
    }
}

/// <summary>An answer as it came over the wire.</summary>
public sealed record Answer(int Status, Dictionary<string, string> Fields, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string Message => Json.GetProperty("message").GetString()!;

    public static Answer Parse(byte[] bytes)
    {
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        Assert.True(end > 0, $"no head in: {Encoding.UTF8.GetString(bytes)}");
        var lines = Encoding.ASCII.GetString(bytes, 0, end).Split("\r\n");
        var fields = lines.Skip(1).Select(l => l.Split(": ", 2)).ToDictionary(p => p[0], p => p[1], StringComparer.OrdinalIgnoreCase);
        var body = bytes[(end + 4)..];
        return new Answer(int.Parse(lines[0].Split(' ')[1]), fields, fields.GetValueOrDefault("Transfer-Encoding") == "chunked" ? Dechunk(body) : body);
    }

    private static byte[] Dechunk(ReadOnlySpan<byte> rest)
    {
        var all = new List<byte>();
        while (rest.Length > 0)
        {
            var line = rest.IndexOf("\r\n"u8);
            var size = Convert.ToInt32(Encoding.ASCII.GetString(rest[..line]), 16);
            all.AddRange(rest.Slice(line + 2, size));
            rest = rest[(line + 2 + size + 2)..];
            if (size == 0)
            {
                break;
            }
        }

        return [.. all];
    }
}
