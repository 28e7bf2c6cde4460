using System.Net.Sockets;
using System.Text;
using Hypr.Daemon.Tests.Fakes;

namespace Hypr.Daemon.Tests.Hijack;

public sealed class HijackTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private const string Upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
    private const string Cat = """{"Image":"busybox","Cmd":["cat"],"OpenStdin":true,"StdinOnce":true,"AttachStdin":true,"AttachStdout":true,"AttachStderr":true}""";

    [Fact]
    public async Task Exec_with_data_and_end_in_one_segment_loses_nothing_a_hundred_times()
    {
        var machine = await api.RunAsync("""{"Image":"busybox","Cmd":["sleep","1000"]}""");
        for (var i = 0; i < 100; i++)
        {
            var id = await CreateExecAsync(machine, """{"Cmd":["cat"],"AttachStdin":true,"AttachStdout":true,"AttachStderr":true}""");
            var text = $"line {i}\n";
            var all = await SendAndEndAsync([.. ApiFixture.Request("POST", $"/exec/{id}/start", """{"Detach":false,"Tty":false}""", Upgrade), .. Encoding.ASCII.GetBytes(text)]);
            Assert.Equal(text, Frames(all, out var head).Out);
            Assert.StartsWith("HTTP/1.1 101", head, StringComparison.Ordinal);
            Assert.Contains("application/vnd.docker.multiplexed-stream", head, StringComparison.Ordinal);
            var inspect = (await api.SendAsync("GET", $"/exec/{id}/json")).Json;
            Assert.Equal(0, inspect.GetProperty("ExitCode").GetInt32());
        }
    }

    [Fact]
    public async Task Attach_before_start_with_data_and_end_in_one_segment_loses_nothing()
    {
        for (var i = 0; i < 20; i++)
        {
            var id = await api.RunAsync(Cat, start: false);
            var attached = SendAndEndAsync([.. ApiFixture.Request("POST", $"/containers/{id}/attach?stream=1&stdin=1&stdout=1&stderr=1", null, Upgrade), .. "x\n"u8]);
            Assert.Equal(204, (await api.SendAsync("POST", $"/containers/{id}/start")).Status);
            Assert.Equal("x\n", Frames(await attached, out _).Out);
        }
    }

    [Fact]
    public async Task Attach_at_any_moment_of_a_start_is_served()
    {
        for (var i = 0; i < 50; i++)
        {
            var id = await api.RunAsync("""{"Image":"busybox","Cmd":["sh","-c","cat; echo end"],"OpenStdin":true,"StdinOnce":true}""", start: false);
            var starting = api.SendAsync("POST", $"/containers/{id}/start");
            await Task.Delay(TimeSpan.FromMicroseconds(i * 100));
            var attached = SendAndEndAsync(ApiFixture.Request("POST", $"/containers/{id}/attach?stream=1&stdin=1&stdout=1", null, Upgrade));
            Assert.Equal(204, (await starting).Status);
            Assert.Equal("end\n", Frames(await attached, out _).Out);
        }
    }

    [Fact]
    public async Task A_hijack_may_follow_other_requests_on_the_same_connection()
    {
        var machine = await api.RunAsync("""{"Image":"busybox","Cmd":["sleep","1000"]}""");
        var id = await CreateExecAsync(machine, """{"Cmd":["sh","-c","cat; echo bad >&2; exit 3"],"AttachStdin":true,"AttachStdout":true,"AttachStderr":true}""");
        using var socket = api.Connect();
        await socket.SendAsync(ApiFixture.Request("GET", "/_ping"));
        var buffer = new byte[4096];
        Assert.StartsWith("HTTP/1.1 200", Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer)), StringComparison.Ordinal);

        // Chunked, as clients send what they do not measure first.
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            "POST /containers/create HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\n{\"I\r\n10\r\nmage\":\"nowhere\"}\r\n0\r\nTrailer: 1\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 404", Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer)), StringComparison.Ordinal);
        await socket.SendAsync(ApiFixture.Request("POST", $"/v1.41/exec/{id}/start", "{}", Upgrade));
        await socket.SendAsync("later"u8.ToArray());
        socket.Shutdown(SocketShutdown.Send);
        var (output, error) = Frames(await ApiFixture.ReadAllAsync(socket), out var head);
        Assert.Equal(("later", "bad\n"), (output, error));
        Assert.Contains("application/vnd.docker.raw-stream", head, StringComparison.Ordinal);
        Assert.Equal(3, (await api.SendAsync("GET", $"/exec/{id}/json")).Json.GetProperty("ExitCode").GetInt32());
    }

    [Fact]
    public async Task The_process_may_end_while_the_client_still_sends()
    {
        var machine = await api.RunAsync("""{"Image":"busybox","Cmd":["sleep","1000"]}""");
        var id = await CreateExecAsync(machine, """{"Cmd":["sh","-c","echo done"],"AttachStdin":true,"AttachStdout":true}""");
        using var socket = api.Connect();
        await socket.SendAsync((byte[])[.. ApiFixture.Request("POST", $"/exec/{id}/start", "{}", Upgrade), .. new byte[500_000]]);
        Assert.Equal("done\n", Frames(await ApiFixture.ReadAllAsync(socket), out _).Out);
    }

    [Fact]
    public async Task Large_streams_pass_whole_in_both_directions()
    {
        var machine = await api.RunAsync("""{"Image":"busybox","Cmd":["sleep","1000"]}""");
        var id = await CreateExecAsync(machine, """{"Cmd":["cat"],"AttachStdin":true,"AttachStdout":true}""");
        var data = new byte[5_000_000];
        new Random(1).NextBytes(data);
        using var socket = api.Connect();
        var reading = ApiFixture.ReadAllAsync(socket);
        await socket.SendAsync((byte[])[.. ApiFixture.Request("POST", $"/exec/{id}/start", "{}", Upgrade), .. data]);
        socket.Shutdown(SocketShutdown.Send);
        var all = await reading;
        Assert.Equal(data, RawFrames(all, out _).Out);
    }

    [Theory]
    [InlineData("/exec/none/start", 404, "No such exec instance")]
    [InlineData("/containers/none/attach?stream=1", 404, "No such container")]
    [InlineData("/v1.12/exec/none/start", 400, "client version 1.12 is too old")]
    public async Task A_failure_before_the_streams_is_an_answer_in_JSON(string target, int status, string message)
    {
        var answer = Answer.Parse(await SendAndEndAsync(ApiFixture.Request("POST", target, "{}", Upgrade)));
        Assert.Equal(status, answer.Status);
        Assert.Contains(message, answer.Message, StringComparison.Ordinal);
        Assert.Equal("application/json", answer.Fields["Content-Type"]);
        Assert.Equal("1.51", answer.Fields["Api-Version"]);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_text_in_the_stream_and_exit_code_127()
    {
        var machine = await api.RunAsync("""{"Image":"busybox","Cmd":["sleep","1000"]}""");
        var id = await CreateExecAsync(machine, """{"Cmd":["no-such-program"],"AttachStdout":true,"AttachStderr":true}""");
        Assert.Contains("executable file not found", Frames(await SendAndEndAsync(ApiFixture.Request("POST", $"/exec/{id}/start", "{}", Upgrade)), out _).Error, StringComparison.Ordinal);
        Assert.Equal(127, (await api.SendAsync("GET", $"/exec/{id}/json")).Json.GetProperty("ExitCode").GetInt32());
        Assert.Equal(409, Answer.Parse(await SendAndEndAsync(ApiFixture.Request("POST", $"/exec/{id}/start", "{}", Upgrade))).Status);
    }

    [Fact]
    public async Task A_detached_exec_answers_at_once()
    {
        var machine = await api.RunAsync("""{"Image":"busybox","Cmd":["sleep","1000"]}""");
        var id = await CreateExecAsync(machine, """{"Cmd":["sleep","0.2"],"Detach":true}""");
        Assert.Equal(200, (await api.SendAsync("POST", $"/exec/{id}/start", """{"Detach":true}""")).Status);
        await Sockets.UntilAsync(async () => (await api.SendAsync("GET", $"/exec/{id}/json")).Json.GetProperty("ExitCode").ToString() == "0");
    }

    [Fact]
    public async Task A_client_that_is_gone_while_it_waits_for_a_start_is_forgotten()
    {
        var id = await api.RunAsync(Cat, start: false);
        var before = Sockets.Open();
        for (var i = 0; i < 10; i++)
        {
            using var socket = api.Connect();
            await socket.SendAsync(ApiFixture.Request("POST", $"/containers/{id}/attach?stream=1&stdout=1", null, Upgrade));
            var buffer = new byte[1024];
            Assert.True(await socket.ReceiveAsync(buffer) > 0);
        }

        await Sockets.UntilOpenAsync(before);
    }

    [Fact]
    public async Task The_detach_keys_let_go_of_a_terminal_and_leave_the_process()
    {
        var id = await api.RunAsync("""{"Image":"busybox","Cmd":["cat"],"OpenStdin":true,"Tty":true}""");
        using var socket = api.Connect();
        await socket.SendAsync((byte[])[.. ApiFixture.Request("POST", $"/containers/{id}/attach?stream=1&stdin=1&stdout=1", null, Upgrade), .. "hi\n"u8]);
        var seen = "";
        var buffer = new byte[1024];
        while (!seen.EndsWith("hi\n", StringComparison.Ordinal))
        {
            seen += Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer));
        }

        await socket.SendAsync(new byte[] { 16, 17 });
        Assert.Empty(await ApiFixture.ReadAllAsync(socket));
        Assert.True((await api.SendAsync("GET", $"/containers/{id}/json")).Json.GetProperty("State").GetProperty("Running").GetBoolean());
    }

    private async Task<string> CreateExecAsync(string machine, string body)
    {
        var answer = await api.SendAsync("POST", $"/containers/{machine}/exec", body);
        Assert.Equal(201, answer.Status);
        return answer.Json.GetProperty("Id").GetString()!;
    }

    /// <summary>One send and the half-close behind it: head, body, data and FIN lie in the socket before the other end reads.</summary>
    private async Task<byte[]> SendAndEndAsync(byte[] bytes)
    {
        using var socket = api.Connect();
        await socket.SendAsync(bytes);
        socket.Shutdown(SocketShutdown.Send);
        return await ApiFixture.ReadAllAsync(socket);
    }

    private static (string Out, string Error) Frames(byte[] all, out string head)
    {
        var (output, error) = RawFrames(all, out head);
        return (Encoding.UTF8.GetString(output), Encoding.UTF8.GetString(error));
    }

    private static (byte[] Out, byte[] Error) RawFrames(byte[] all, out string head)
    {
        var end = all.AsSpan().IndexOf("\r\n\r\n"u8);
        head = Encoding.ASCII.GetString(all, 0, end);
        var (output, error) = (new MemoryStream(), new MemoryStream());
        for (var i = end + 4; i < all.Length;)
        {
            var length = (all[i + 4] << 24) | (all[i + 5] << 16) | (all[i + 6] << 8) | all[i + 7];
            (all[i] == 1 ? output : error).Write(all, i + 8, length);
            i += 8 + length;
        }

        return (output.ToArray(), error.ToArray());
    }
}
