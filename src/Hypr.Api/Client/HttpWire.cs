using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Hypr.Primitives;

namespace Hypr.Api.Client;

/// <summary>
/// One HTTP/1.1 exchange on a socket of its own (RFC 9112). HttpClient is not used: its upgraded stream cannot be half-closed, which
/// <c>echo x | hypr exec -i vm cat</c> needs, and it adds to the start-up time of every command.
/// </summary>
internal sealed class HttpWire : IDisposable
{
    private const int MostHeadBytes = 256 * 1024;
    private readonly Socket _socket;
    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    private HttpWire(Socket socket) => _socket = socket;

    /// <exception cref="HyprException">Nobody listens there, or it is not allowed; the message says what to do.</exception>
    public static HttpWire Connect(DockerHost host)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(host.SocketPath));
            return new HttpWire(socket);
        }
        catch (Exception e) when (e is SocketException or ArgumentOutOfRangeException)
        {
            socket.Dispose();
            throw Explain(host, e);
        }
    }

    private static HyprException Explain(DockerHost host, Exception e) => e switch
    {
        SocketException { SocketErrorCode: SocketError.AccessDenied } => new HyprException(
            ErrorKind.Unavailable,
            $"no permission for {host.SocketPath}: only root and the group hypr may use it. "
                + "Join the group: sudo usermod -aG hypr $USER, and log in again",
            e),
        SocketException => new HyprException(
            ErrorKind.Unavailable,
            $"cannot reach hyprd at {host.SocketPath}: it is not running. Start it: sudo systemctl start hypr, or as root: hyprd",
            e),
        _ => new HyprException(ErrorKind.InvalidParameter, $"host {host.SocketPath}: the path is too long for a unix socket", e),
    };

    public void Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0)
                bytes = bytes[_socket.Send(bytes, SocketFlags.None)..];
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new IOException($"hyprd closed the connection: {e.Message}", e);
        }
    }

    public void CloseSending()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other side has closed already: nothing more is sent either way.
        }
    }

    /// <summary>Up to as many bytes as fit; 0 is the end.</summary>
    public int Read(Span<byte> into)
    {
        if (_start < _end)
        {
            int count = Math.Min(into.Length, _end - _start);
            _buffer.AsSpan(_start, count).CopyTo(into);
            _start += count;
            return count;
        }
        try
        {
            return _socket.Receive(into, SocketFlags.None);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            return 0;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new IOException($"the connection to hyprd broke: {e.Message}", e);
        }
    }

    /// <summary>The status and headers of the answer, past those of 1xx that only inform.</summary>
    public HttpHead ReadHead()
    {
        while (true)
        {
            var head = HttpHead.Parse(ReadUntilBlankLine());
            if (head.Status is < 100 or >= 200 or 101)
                return head;
        }
    }

    /// <summary>One line without its end; for the sizes of chunks.</summary>
    public string ReadLine()
    {
        int length = Fill("\n"u8, "the answer breaks off");
        string line = Encoding.Latin1.GetString(_buffer, _start, length).TrimEnd('\r');
        _start += length + 1;
        return line;
    }

    private string ReadUntilBlankLine()
    {
        int length = Fill("\r\n\r\n"u8, "it closed the connection without an answer");
        string head = Encoding.Latin1.GetString(_buffer, _start, length);
        _start += length + 4;
        return head;
    }

    /// <summary>Reads until the buffer holds the mark; how many bytes stand before it.</summary>
    private int Fill(ReadOnlySpan<byte> mark, string broken)
    {
        while (true)
        {
            int found = _buffer.AsSpan(_start, _end - _start).IndexOf(mark);
            if (found >= 0)
                return found;
            if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                _end -= _start;
                _start = 0;
            }
            if (_end == _buffer.Length)
            {
                if (_end >= MostHeadBytes)
                    throw new IOException("hyprd's answer is not HTTP: a line is longer than 256 KiB");
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }
            int count;
            try
            {
                count = _socket.Receive(_buffer.AsSpan(_end), SocketFlags.None);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                throw new IOException($"hyprd does not answer: {e.Message}", e);
            }
            if (count == 0)
                throw new IOException($"hyprd does not answer: {broken}");
            _end += count;
        }
    }

    public void Dispose() => _socket.Dispose();
}

/// <summary>The first line and the headers of an answer.</summary>
internal sealed record HttpHead(int Status, Dictionary<string, string> Headers)
{
    public static HttpHead Parse(string text)
    {
        string[] lines = text.Split("\r\n");
        if (!lines[0].StartsWith("HTTP/1.", StringComparison.Ordinal)
            || lines[0].Length < 12
            || !int.TryParse(lines[0].AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status))
            throw new IOException($"this is not a Docker API server: it answers \"{lines[0][..Math.Min(60, lines[0].Length)]}\"");
        var headers = new Dictionary<string, string>(lines.Length, StringComparer.OrdinalIgnoreCase);
        foreach (string line in lines.AsSpan(1))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
                headers[line[..colon]] = line[(colon + 1)..].Trim();
        }
        return new HttpHead(status, headers);
    }
}
