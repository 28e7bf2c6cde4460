using System.Globalization;
using System.Text;
using System.Text.Json;
using Hypr.Primitives;

namespace Hypr.Api.Client;

/// <summary>
/// A client of the Docker Engine API over a unix socket. Calls block; each has a connection of its own, so that several threads may call at
/// once. An error of the server is a <see cref="HyprException"/> with the server's own message.
/// </summary>
public sealed class DockerClient(DockerHost host)
{
    /// <summary>Where it connects.</summary>
    public DockerHost Host => host;

    /// <summary>Called with each warning that comes beside an answer (the Warning header, RFC 7234, 5.5).</summary>
    public Action<string>? Warned { get; init; }

    /// <summary>Reads JSON.</summary>
    /// <exception cref="HyprException">The server's error, or no server.</exception>
    public JsonElement Get(Query path)
    {
        using var answer = Send("GET", path);
        return answer.Json();
    }

    /// <summary>Sends an optional body of JSON and reads the answer, of kind Undefined when it is empty.</summary>
    /// <param name="cancel">Closes the connection, from which the server sees that nobody wants the answer.</param>
    /// <exception cref="HyprException">The server's error, or no server.</exception>
    /// <exception cref="IOException">The connection broke, or was closed by <paramref name="cancel"/>.</exception>
    public JsonElement Post(Query path, ReadOnlyMemory<byte> json = default, CancellationToken cancel = default)
    {
        using var answer = Send("POST", path, json, cancel: cancel);
        return answer.Json();
    }

    /// <exception cref="HyprException">The server's error, or no server.</exception>
    public JsonElement Delete(Query path)
    {
        using var answer = Send("DELETE", path);
        return answer.Json();
    }

    /// <summary>Sends a request and returns when the answer's head has come; its body is read as it arrives.</summary>
    /// <param name="headers">Further headers, as lines that each end with CRLF.</param>
    /// <exception cref="HyprException">The server's error, or no server.</exception>
    /// <param name="cancel">Closes the connection while the answer is waited for.</param>
    public ApiAnswer Send(
        string method, Query path, ReadOnlyMemory<byte> json = default, string headers = "", CancellationToken cancel = default)
    {
        var wire = HttpWire.Connect(host);
        using var closing = cancel.Register(wire.Dispose);
        try
        {
            wire.Send(Request(method, path, json, "Connection: close\r\n" + headers));
            return Answer(wire, method, path);
        }
        catch
        {
            wire.Dispose();
            throw;
        }
    }

    /// <summary>Sends a stream as the body, in chunks (image load, archives).</summary>
    /// <exception cref="HyprException">The server's error, or no server.</exception>
    public ApiAnswer Upload(string method, Query path, Stream body, string contentType) =>
        Upload(method, path, to => body.CopyTo(to, 64 * 1024), contentType);

    /// <summary>The same of a body that is made while it is sent.</summary>
    /// <exception cref="HyprException">The server's error, or no server.</exception>
    public ApiAnswer Upload(string method, Query path, Action<Stream> write, string contentType)
    {
        var wire = HttpWire.Connect(host);
        try
        {
            wire.Send(Encoding.UTF8.GetBytes(
                $"{method} {path} HTTP/1.1\r\nHost: hypr\r\nUser-Agent: hypr\r\nConnection: close\r\nContent-Type: {contentType}\r\nTransfer-Encoding: chunked\r\n\r\n"));
            var body = new ChunkedRequest(wire);
            try
            {
                write(body);
                body.End();
            }
            catch (BodyRefusedException)
            {
                // The server has answered before the end and closed: its answer says why.
            }

            return Answer(wire, method, path);
        }
        catch
        {
            wire.Dispose();
            throw;
        }
    }

    /// <summary>Sends a request that turns the connection into the process's streams (attach, exec start).</summary>
    /// <exception cref="HyprException">The server's error, or no server.</exception>
    public HijackedStream Hijack(Query path, ReadOnlyMemory<byte> json = default)
    {
        var wire = HttpWire.Connect(host);
        try
        {
            wire.Send(Request("POST", path, json, "Connection: Upgrade\r\nUpgrade: tcp\r\n"));
            var head = wire.ReadHead();
            if (head.Status == 101)
                return new HijackedStream(wire);
            using var answer = Checked(head, wire, path, hasNone: false);
            throw new IOException($"hyprd answers {answer.Status} to POST {path} and keeps the connection HTTP");
        }
        catch
        {
            wire.Dispose();
            throw;
        }
    }

    private static byte[] Request(string method, Query path, ReadOnlyMemory<byte> json, string headers)
    {
        string head = $"{method} {path} HTTP/1.1\r\nHost: hypr\r\nUser-Agent: hypr\r\n{headers}";
        if (json.Length > 0)
            head += $"Content-Type: application/json\r\nContent-Length: {json.Length.ToString(CultureInfo.InvariantCulture)}\r\n";
        else if (method == "POST")
            head += "Content-Length: 0\r\n";
        byte[] first = Encoding.UTF8.GetBytes(head + "\r\n");
        return json.Length == 0 ? first : [.. first, .. json.Span];
    }

    private ApiAnswer Answer(HttpWire wire, string method, Query path)
    {
        var answer = Checked(wire.ReadHead(), wire, path, method == "HEAD");
        if (answer.Header("Warning")?.Split('"') is ["299 hypr ", var text, ..])
            Warned?.Invoke(text);
        return answer;
    }

    private static ApiAnswer Checked(HttpHead head, HttpWire wire, Query path, bool hasNone)
    {
        var answer = new ApiAnswer(head, new AnswerBody(wire, head, hasNone));
        if (head.Status < 400)
            return answer;
        using (answer)
            throw new HyprException(Kind(head.Status), Message(answer, path));
    }

    private static ErrorKind Kind(int status) => status switch
    {
        400 => ErrorKind.InvalidParameter,
        401 or 403 => ErrorKind.Forbidden,
        404 => ErrorKind.NotFound,
        409 => ErrorKind.Conflict,
        501 => ErrorKind.NotImplemented,
        503 => ErrorKind.Unavailable,
        _ => ErrorKind.Internal,
    };

    /// <summary>The server's own words; where it has none, at least the status.</summary>
    private static string Message(ApiAnswer answer, Query path)
    {
        string text = Encoding.UTF8.GetString(answer.Bytes()).Trim();
        try
        {
            if (text.StartsWith('{') && JsonDocument.Parse(text).RootElement.TryGetProperty("message", out var message))
                text = message.GetString() ?? "";
        }
        catch (JsonException)
        {
            // Not Docker's error shape: its text is shown as it is.
        }
        return text.Length > 0 ? text : $"hyprd answers {answer.Status} to {path} without a message";
    }
}
