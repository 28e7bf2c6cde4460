using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Hypr.Testing;

/// <summary>A small server on a unix socket that answers as a test says; it knows nothing of Docker.</summary>
internal sealed class FakeDaemon : IDisposable
{
    public sealed record Request(string Method, string Target, string Head, byte[] Body)
    {
        public string Path => Uri.UnescapeDataString(Target.Split('?')[0]);

        public string Query => Target.Contains('?') ? Uri.UnescapeDataString(Target[(Target.IndexOf('?') + 1)..]) : "";

        public string Text => Encoding.UTF8.GetString(Body);
    }

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-fake").FullName;
    private readonly ConcurrentDictionary<string, Action<Request, NetworkStream>> _answers = new();
    private readonly ConcurrentQueue<Request> _requests = new();

    public FakeDaemon()
    {
        SocketPath = Path.Combine(_folder, "hypr.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen(64);
        new Thread(Accept) { IsBackground = true }.Start();
    }

    public string SocketPath { get; }

    public IReadOnlyList<Request> Requests => [.. _requests];

    public FakeDaemon On(string methodAndPath, string json, int status = 200) =>
        On(methodAndPath, (_, stream) => Reply(stream, status, json));

    /// <param name="answer">Writes the whole answer; the connection closes after it.</param>
    public FakeDaemon On(string methodAndPath, Action<Request, NetworkStream> answer)
    {
        _answers[methodAndPath] = answer;
        return this;
    }

    /// <param name="talk">Gets the connection after the 101.</param>
    public FakeDaemon OnUpgrade(string methodAndPath, Action<Request, NetworkStream> talk) => On(methodAndPath, (request, stream) =>
    {
        stream.Write(
            "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n\r\n"u8);
        talk(request, stream);
    });

    public static void Reply(Stream stream, int status, string json)
    {
        byte[] body = Encoding.UTF8.GetBytes(json);
        stream.Write(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n")));
        stream.Write(body);
    }

    /// <summary>One frame of Docker's multiplexed stream.</summary>
    public static byte[] Frame(byte stream, string text)
    {
        byte[] body = Encoding.UTF8.GetBytes(text);
        return [stream, 0, 0, 0, (byte)(body.Length >> 24), (byte)(body.Length >> 16), (byte)(body.Length >> 8), (byte)body.Length,
            .. body];
    }

    private void Accept()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = _listener.Accept();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
            new Thread(() => Serve(socket)) { IsBackground = true }.Start();
        }
    }

    private void Serve(Socket socket)
    {
        using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            if (Read(stream) is not { } request)
                return;
            _requests.Enqueue(request);
            if (_answers.TryGetValue($"{request.Method} {request.Path}", out var answer))
                answer(request, stream);
            else
                Reply(stream, 404, $$"""{"message":"page not found: {{request.Method}} {{request.Path}}"}""");
        }
        catch (IOException)
        {
            // The client went away: a test of that looks at the client.
        }
    }

    private static Request? Read(NetworkStream stream)
    {
        string head = "";
        while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            int one = stream.ReadByte();
            if (one < 0)
                return null;
            head += (char)one;
        }
        string[] first = head[..head.IndexOf("\r\n", StringComparison.Ordinal)].Split(' ');
        byte[] body = [];
        if (head.Split("\r\n").FirstOrDefault(l => l.StartsWith("Content-Length:", StringComparison.Ordinal)) is { } length)
        {
            body = new byte[int.Parse(length.AsSpan(15), CultureInfo.InvariantCulture)];
            stream.ReadExactly(body);
        }
        else if (head.Contains("Transfer-Encoding: chunked", StringComparison.Ordinal))
            body = ReadChunks(stream);
        return new Request(first[0], first[1], head, body);
    }

    private static byte[] ReadChunks(NetworkStream stream)
    {
        using var all = new MemoryStream();
        while (true)
        {
            string line = "";
            for (int one; (one = stream.ReadByte()) != '\n';)
                line += one == '\r' ? "" : ((char)one).ToString();
            byte[] chunk = new byte[int.Parse(line, NumberStyles.HexNumber, CultureInfo.InvariantCulture)];
            stream.ReadExactly(chunk);
            stream.ReadExactly(new byte[2]);
            if (chunk.Length == 0)
                return all.ToArray();
            all.Write(chunk);
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
