using System.Text;
using Hypr.Api.Client;
using Hypr.Primitives;
using Hypr.Testing;

namespace Hypr.Api.Tests.Client;

public sealed class DockerClientTests : IDisposable
{
    private readonly FakeDaemon _daemon = new();
    private readonly DockerClient _client;

    public DockerClientTests() => _client = new DockerClient(new DockerHost(_daemon.SocketPath));

    public void Dispose() => _daemon.Dispose();

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n{\"a\":1}")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4;x=y\r\n\":1}\r\n0\r\nTrailer: t\r\n\r\n")]
    [InlineData("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:7\r\n\r\n{\"a\":1}")]
    public void A_body_is_read_in_every_framing_even_byte_by_byte(string answer)
    {
        _daemon.On("GET /x", (_, stream) =>
        {
            foreach (byte one in Encoding.ASCII.GetBytes(answer))
                stream.WriteByte(one);
        });
        Assert.Equal(1, _client.Get(new Query("x")).GetProperty("a").GetInt32());
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n{\"a\":1}")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n30\r\n{\"a\":1}")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Len")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n\r\n")]
    [InlineData("")]
    public void An_answer_that_is_broken_is_an_error_and_no_hang(string answer)
    {
        _daemon.On("GET /x", (_, stream) => stream.Write(Encoding.ASCII.GetBytes(answer)));
        Assert.Throws<IOException>(() => _client.Get(new Query("x")));
    }

    [Theory]
    [InlineData(400, ErrorKind.InvalidParameter)]
    [InlineData(403, ErrorKind.Forbidden)]
    [InlineData(404, ErrorKind.NotFound)]
    [InlineData(409, ErrorKind.Conflict)]
    [InlineData(500, ErrorKind.Internal)]
    [InlineData(501, ErrorKind.NotImplemented)]
    [InlineData(503, ErrorKind.Unavailable)]
    public void An_error_keeps_the_servers_message_and_kind(int status, ErrorKind kind)
    {
        _daemon.On("GET /x", """{"message":"network \"a\" is gone"}""", status);
        var error = Assert.Throws<HyprException>(() => _client.Get(new Query("x")));
        Assert.Equal(kind, error.Kind);
        Assert.Equal("network \"a\" is gone", error.Message);
    }

    [Fact]
    public void An_error_without_dockers_shape_shows_its_text()
    {
        _daemon.On("GET /x", "oops", 500);
        Assert.Equal("oops", Assert.Throws<HyprException>(() => _client.Get(new Query("x"))).Message);
        _daemon.On("GET /x", "", 502);
        Assert.Contains("502", Assert.Throws<HyprException>(() => _client.Get(new Query("x"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_daemon_says_how_to_start_it()
    {
        var error = Assert.Throws<HyprException>(() => new DockerClient(new DockerHost("/nonexistent/hypr.sock")).Get(new Query("x")));
        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains("/nonexistent/hypr.sock", error.Message, StringComparison.Ordinal);
        Assert.Contains("systemctl start hypr", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_too_long_for_a_socket_is_an_error_for_people() =>
        Assert.Throws<HyprException>(() => new DockerClient(new DockerHost("/" + new string('a', 300))).Get(new Query("x")));

    [Fact]
    public void Names_filters_and_values_are_escaped()
    {
        _daemon.On("GET /images/a/b:1/json", "{}");
        _client.Get(new Query("images", "a/b:1", "json").Add("x", "a b&c").Add("none", (string?)null).Add("off", false).AddFilters(
            [KeyValuePair.Create("label", "a=\"b\""), KeyValuePair.Create("label", "c"), KeyValuePair.Create("name", "n")]));
        var request = Assert.Single(_daemon.Requests);
        Assert.StartsWith("/images/a%2Fb%3A1/json?x=a%20b%26c&filters=", request.Target, StringComparison.Ordinal);
        Assert.EndsWith("""filters={"label":{"a=\u0022b\u0022":true,"c":true},"name":{"n":true}}""", request.Query,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_hijacked_stream_keeps_reading_after_its_writing_side_is_closed()
    {
        _daemon.OnUpgrade("POST /exec/e/start", (request, stream) =>
        {
            using var typed = new MemoryStream();
            stream.CopyTo(typed);
            stream.Write(FakeDaemon.Frame(1, $"{request.Text}|{Encoding.UTF8.GetString(typed.ToArray())}"));
            stream.Write(FakeDaemon.Frame(2, "err"));
        });
        using var hijacked = _client.Hijack(new Query("exec", "e", "start"), """{"Tty":false}"""u8.ToArray());
        hijacked.Write("typed"u8);
        hijacked.CloseWrite();
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        StreamFrames.CopyTo(hijacked.Read, output, error);
        Assert.Equal("{\"Tty\":false}|typed", Encoding.UTF8.GetString(output.ToArray()));
        Assert.Equal("err", Encoding.UTF8.GetString(error.ToArray()));
    }

    [Fact]
    public void Data_that_comes_in_the_same_segment_as_the_101_is_not_lost()
    {
        _daemon.On("POST /a", (_, stream) => stream.Write(
            [.. "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"u8, .. FakeDaemon.Frame(1, "early")]));
        using var hijacked = _client.Hijack(new Query("a"));
        using var output = new MemoryStream();
        StreamFrames.CopyTo(hijacked.Read, output, Stream.Null);
        Assert.Equal("early", Encoding.UTF8.GetString(output.ToArray()));
    }

    [Fact]
    public void A_refused_hijack_is_the_servers_error()
    {
        _daemon.On("POST /a", """{"message":"not running"}""", 409);
        Assert.Equal("not running", Assert.Throws<HyprException>(() => _client.Hijack(new Query("a"))).Message);
    }

    [Fact]
    public void An_upload_is_chunked_and_arrives_whole()
    {
        byte[] archive = new byte[300_000];
        new Random(1).NextBytes(archive);
        _daemon.On("POST /images/load", "{}");
        using var answer = _client.Upload("POST", new Query("images", "load"), new MemoryStream(archive), "application/x-tar");
        Assert.Equal(200, answer.Status);
        Assert.Equal(archive, Assert.Single(_daemon.Requests).Body);
    }

    [Fact]
    public void Json_lines_come_one_by_one_before_the_answer_ends()
    {
        using var more = new ManualResetEventSlim();
        _daemon.On("GET /events", (_, stream) =>
        {
            stream.Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"a\":1}\n\r\n"u8);
            more.Wait(TimeSpan.FromSeconds(30));
            stream.Write("8\r\n{\"a\":2}\n\r\n0\r\n\r\n"u8);
        });
        using var answer = _client.Send("GET", new Query("events"));
        using var lines = answer.JsonLines().GetEnumerator();
        Assert.True(lines.MoveNext());
        more.Set();
        Assert.True(lines.MoveNext());
        Assert.Equal(2, lines.Current.GetProperty("a").GetInt32());
        Assert.False(lines.MoveNext());
    }
}
