using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hypr.Proxy.Tests;

public sealed class UdpForwarderTests
{
    private static readonly ForwarderOptions Options = new();

    [Fact]
    public async Task Answers_find_the_client_that_asked()
    {
        using var server = Loopback.Bind();
        await using var forwarder = new UdpForwarder(Loopback.Bind(out var at), (IPEndPoint)server.LocalEndPoint!, Options, TimeProvider.System);
        using var one = Loopback.Bind();
        using var two = Loopback.Bind();
        await one.SendToAsync("one"u8.ToArray(), at);
        await EchoAsync(server);
        await two.SendToAsync("two"u8.ToArray(), at);
        await EchoAsync(server);
        Assert.Equal("echo two", await HearAsync(two));
        Assert.Equal("echo one", await HearAsync(one));
        Assert.Equal(2, forwarder.Open);
    }

    [Fact]
    public async Task A_refused_datagram_does_not_end_the_session()
    {
        IPEndPoint target;
        using (var closed = Loopback.Bind())
        {
            target = (IPEndPoint)closed.LocalEndPoint!;
        }

        await using var forwarder = new UdpForwarder(Loopback.Bind(out var at), target, Options, TimeProvider.System);
        using var client = Loopback.Bind();
        for (var i = 0; i < 5; i++)
        {
            await client.SendToAsync("lost"u8.ToArray(), at);
        }

        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(target);
        await client.SendToAsync("heard"u8.ToArray(), at);
        await EchoAsync(server);
        Assert.StartsWith("echo ", await HearAsync(client));
    }

    [Fact]
    public async Task When_there_are_too_many_the_session_idle_longest_makes_room()
    {
        using var server = Loopback.Bind();
        await using var forwarder = new UdpForwarder(
            Loopback.Bind(out var at), (IPEndPoint)server.LocalEndPoint!, Options with { MaxSessions = 2 }, TimeProvider.System);
        for (var i = 0; i < 5; i++)
        {
            using var client = Loopback.Bind();
            await client.SendToAsync("x"u8.ToArray(), at);
            await EchoAsync(server);
            Assert.Equal("echo x", await HearAsync(client));
            Assert.True(forwarder.Open <= 2);
        }
    }

    /// <summary>A client that is connected hears nobody but the address that it asked; the kernel would answer 127.0.0.2 from 127.0.0.1.</summary>
    [Fact]
    public async Task Of_many_addresses_the_one_that_was_asked_answers()
    {
        using var server = Loopback.Bind();
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        await using var forwarder = new UdpForwarder(socket, (IPEndPoint)server.LocalEndPoint!, Options, TimeProvider.System);
        using var client = Loopback.Bind();
        foreach (var address in new[] { "127.0.0.2", "127.0.0.3", "127.0.0.1" })
        {
            var asked = new IPEndPoint(IPAddress.Parse(address), port);
            await client.SendToAsync("x"u8.ToArray(), asked);
            await EchoAsync(server);
            var answer = await client.ReceiveFromAsync(new byte[2048], new IPEndPoint(IPAddress.Any, 0)).WaitAsync(TimeSpan.FromSeconds(30));
            Assert.Equal(asked, answer.RemoteEndPoint);
        }

        Assert.Equal(3, forwarder.Open);
    }

    private static async Task EchoAsync(Socket server)
    {
        var buffer = new byte[2048];
        var got = await server.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(TimeSpan.FromSeconds(30));
        await server.SendToAsync(Encoding.ASCII.GetBytes("echo " + Encoding.ASCII.GetString(buffer, 0, got.ReceivedBytes)), got.RemoteEndPoint);
    }

    private static async Task<string> HearAsync(Socket client)
    {
        var buffer = new byte[2048];
        var got = await client.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(TimeSpan.FromSeconds(30));
        return Encoding.ASCII.GetString(buffer, 0, got.ReceivedBytes);
    }
}
