using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Hypr.Daemon.Hijack;

namespace Hypr.Daemon.Tests.Hijack;

public sealed class RequestPipeTests
{
    private const string Get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    private const string Post = "POST /b HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
    private const string Chunked = "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1f\r\n0123456789012345678901234567890\r\n0\r\nT: 1\r\n\r\n";
    private const string Taken = "POST /exec/1/start HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}data";

    [Theory]
    [InlineData(Get)]
    [InlineData(Post)]
    [InlineData(Chunked)]
    [InlineData(Get + Post + Chunked + Get)]
    [InlineData("not HTTP at all\r\n\r\nanything")]
    [InlineData("POST /d HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab" + Get)]
    [InlineData("POST /e HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz" + Get)]
    [InlineData("GET /half")]
    public async Task Everything_passes_in_order_however_it_is_cut(string text)
    {
        for (var piece = 1; piece <= text.Length; piece = piece < 8 ? piece + 1 : piece * 2)
        {
            var (shown, pipe, _) = await PassAsync(text, piece);
            Assert.Equal(text, shown);
            Assert.Null(pipe.Taken);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(Get)]
    [InlineData(Post + Get)]
    [InlineData(Chunked + Chunked)]
    public async Task A_taken_request_ends_what_is_shown_and_stays_whole_in_the_transport(string before)
    {
        var text = before + Taken;
        for (var piece = 1; piece <= text.Length; piece = piece < 8 ? piece + 1 : piece * 2)
        {
            var (shown, pipe, rest) = await PassAsync(text, piece);
            Assert.Equal(before, shown);
            Assert.Equal("/exec/1/start", pipe.Taken!.Target);
            Assert.Equal(Taken, rest);
        }
    }

    [Fact]
    public async Task A_head_without_end_is_Kestrels_to_refuse()
    {
        var text = "GET / HTTP/1.1\r\nX: " + new string('x', 100_000);
        Assert.Equal(text, (await PassAsync(text, 4096)).Shown);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "GET", "/", 0)]
    [InlineData("POST /x?y=z HTTP/1.1\r\ncontent-LENGTH:  12 \r\n\r\n", "POST", "/x?y=z", 12)]
    [InlineData("POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n", "POST", "/", -1)]
    public void A_head_is_read(string text, string method, string target, long length)
    {
        var head = RequestHead.Parse(new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes(text)), out _)!;
        Assert.Equal((method, target, length, text.Length), (head.Method, head.Target, head.ContentLength, head.Length));
    }

    [Theory]
    [InlineData("GET\r\n\r\n")]
    [InlineData("GET /\r\n\r\n")]
    [InlineData("GET / HTTP/2.0\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nno colon\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")]
    public void A_head_that_could_be_read_in_two_ways_is_not_read_here(string text)
    {
        Assert.Null(RequestHead.Parse(new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes(text)), out var malformed));
        Assert.True(malformed);
    }

    /// <summary>Written in pieces of a size, read as Kestrel does: all that is shown is consumed.</summary>
    private static async Task<(string Shown, RequestPipe Pipe, string Left)> PassAsync(string text, int piece)
    {
        var transport = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var requests = new RequestPipe(transport.Reader, head => head.Target.StartsWith("/exec/", StringComparison.Ordinal));
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < text.Length; i += piece)
            {
                await transport.Writer.WriteAsync(Encoding.ASCII.GetBytes(text, i, Math.Min(piece, text.Length - i)));
                await Task.Yield();
            }

            await transport.Writer.CompleteAsync();
        });
        var shown = new StringBuilder();
        while (true)
        {
            var read = await requests.ReadAsync();
            shown.Append(Encoding.ASCII.GetString(read.Buffer.ToArray()));
            requests.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        await writing;
        var rest = requests.Taken is null ? "" : Encoding.ASCII.GetString((await transport.Reader.ReadAtLeastAsync(int.MaxValue)).Buffer.ToArray());
        return (shown.ToString(), requests, rest);
    }
}
