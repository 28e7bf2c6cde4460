using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hypr.Proxy.Tests;

public sealed class TcpForwarderTests
{
    private static readonly ForwarderOptions Options = new() { ConnectTimeout = TimeSpan.FromSeconds(5) };

    [Fact]
    public async Task A_half_closed_client_still_gets_the_whole_answer()
    {
        using var server = Loopback.Listen();
        await using var forwarder = new TcpForwarder(Loopback.Listen(out var at), (IPEndPoint)server.LocalEndPoint!, Options);
        var serving = Task.Run(async () =>
        {
            using var peer = await server.AcceptAsync();
            var heard = await ReadAllAsync(peer);
            await peer.SendAsync(Encoding.ASCII.GetBytes($"heard {heard.Length}"));
            peer.Shutdown(SocketShutdown.Send);
        });
        using var client = await Loopback.ConnectAsync(at);
        await client.SendAsync(new byte[300_000]);
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("heard 300000", Encoding.ASCII.GetString(await ReadAllAsync(client)));
        await serving;
    }

    [Fact]
    public async Task A_server_that_ends_its_side_first_still_hears_the_client()
    {
        using var server = Loopback.Listen();
        await using var forwarder = new TcpForwarder(Loopback.Listen(out var at), (IPEndPoint)server.LocalEndPoint!, Options);
        using var client = await Loopback.ConnectAsync(at);
        using var peer = await server.AcceptAsync();
        peer.Shutdown(SocketShutdown.Send);
        Assert.Empty(await ReadAllAsync(client));
        await client.SendAsync("late"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("late", Encoding.ASCII.GetString(await ReadAllAsync(peer)));
    }

    [Fact]
    public async Task A_reset_is_passed_on_as_a_reset()
    {
        using var server = Loopback.Listen();
        await using var forwarder = new TcpForwarder(Loopback.Listen(out var at), (IPEndPoint)server.LocalEndPoint!, Options);
        using var client = await Loopback.ConnectAsync(at);
        var peer = await server.AcceptAsync();
        peer.LingerState = new LingerOption(true, 0);
        peer.Dispose();
        var error = await Assert.ThrowsAsync<SocketException>(() => ReadAllAsync(client));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    [Fact]
    public async Task A_target_that_nobody_listens_on_resets_the_client()
    {
        IPEndPoint closed;
        using (var server = Loopback.Listen())
        {
            closed = (IPEndPoint)server.LocalEndPoint!;
        }

        await using var forwarder = new TcpForwarder(Loopback.Listen(out var at), closed, Options);
        using var client = await Loopback.ConnectAsync(at);
        var error = await Assert.ThrowsAsync<SocketException>(() => ReadAllAsync(client));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    [Fact]
    public async Task A_reader_that_does_not_read_holds_the_sender_back()
    {
        using var server = Loopback.Listen();
        await using var forwarder = new TcpForwarder(Loopback.Listen(out var at), (IPEndPoint)server.LocalEndPoint!, Options);
        using var client = await Loopback.ConnectAsync(at);
        using var peer = await server.AcceptAsync();
        client.Blocking = false;
        long sent = 0;
        var chunk = new byte[256 * 1024];

        // Full for two hundred tries in a row, a millisecond apart: nobody takes anything any more.
        for (var full = 0; full < 200;)
        {
            try
            {
                sent += client.Send(chunk);
                full = 0;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
            {
                full++;
                await Task.Delay(1);
            }

            Assert.True(sent < 256L << 20, "256 MiB were taken though nobody reads");
        }

        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(sent, (await ReadAllAsync(peer)).LongLength);
    }

    [Fact]
    public async Task Beyond_the_bound_connections_wait_until_one_ends()
    {
        using var server = Loopback.Listen();
        await using var forwarder = new TcpForwarder(
            Loopback.Listen(out var at), (IPEndPoint)server.LocalEndPoint!, Options with { MaxSessions = 1 });
        using var first = await Loopback.ConnectAsync(at);
        var firstPeer = await server.AcceptAsync();
        using var second = await Loopback.ConnectAsync(at);
        var waiting = server.AcceptAsync();
        Assert.Equal(1, forwarder.Open);
        first.Dispose();
        firstPeer.Dispose();
        using var peer = await waiting.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(peer.Connected);
    }

    private static async Task<byte[]> ReadAllAsync(Socket socket)
    {
        var all = new MemoryStream();
        var buffer = new byte[65536];
        int got;
        while ((got = await socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(30))) > 0)
        {
            all.Write(buffer, 0, got);
        }

        return all.ToArray();
    }
}
