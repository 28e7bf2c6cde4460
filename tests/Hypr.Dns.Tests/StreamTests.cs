using System.Net;
using System.Net.Sockets;

namespace Hypr.Dns.Tests;

public sealed class StreamTests
{
    private static Client Served(FakeUpstream? upstream = null)
    {
        var client = new Client(new NameServerSettings
        {
            Upstreams = [upstream?.EndPoint ?? new IPEndPoint(IPAddress.Loopback, 9)],
            MostConnections = 64
        });
        client.Server.AddNetwork(new DnsNetwork("n", "n", "nothing0", [], [IPNetwork.Parse("10.88.0.0/16")], false));
        client.Server.SetMachine(new DnsMachine(new string('a', 64), "web", null, null,
            [new DnsEndpoint("n", [IPAddress.Parse("10.88.0.2")], [])], [], []));
        return client;
    }

    [Fact]
    public async Task Many_questions_in_a_row_are_all_answered()
    {
        using var client = Served();
        using var socket = client.OpenStream();
        var all = Enumerable.Range(0, 1000).SelectMany(i => Client.Frame(Packets.Query("web.hypr", id: (ushort)i))).ToArray();
        var sending = Task.Run(() => socket.Send(all));
        Assert.Equal(Enumerable.Range(0, 1000), Enumerable.Range(0, 1000).Select(_ => (int)Client.ReceiveFrame(socket)!.Id));
        Assert.Equal(all.Length, await sending);
    }

    [Fact]
    public void An_answer_that_is_there_does_not_wait_for_one_that_is_not()
    {
        using var hold = new ManualResetEventSlim();
        using var upstream = new FakeUpstream((query, _) =>
        {
            hold.Wait(TimeSpan.FromSeconds(20));
            return [FakeUpstream.Ok(query)];
        });
        using var client = Served(upstream);
        using var socket = client.OpenStream();
        socket.Send((byte[])[.. Client.Frame(Packets.Query("slow.example", id: 1)), .. Client.Frame(Packets.Query("web.hypr", id: 2))]);
        Assert.Equal(2, Client.ReceiveFrame(socket)!.Id);
        hold.Set();
        Assert.Equal(1, Client.ReceiveFrame(socket)!.Id);
    }

    [Fact]
    public void More_questions_at_the_resolvers_than_a_connection_may_have_are_answered_in_time()
    {
        using var upstream = FakeUpstream.Good();
        using var client = Served(upstream);
        using var socket = client.OpenStream();
        socket.Send(Enumerable.Range(0, 400).SelectMany(i => Client.Frame(Packets.Query($"n{i}.example", id: (ushort)i))).ToArray());
        Assert.Equal(Enumerable.Range(0, 400), Enumerable.Range(0, 400).Select(_ => (int)Client.ReceiveFrame(socket)!.Id).Order());
    }

    [Fact]
    public void A_question_that_comes_octet_by_octet_is_answered()
    {
        using var client = Served();
        using var socket = client.OpenStream();
        foreach (var octet in Client.Frame(Packets.Query("web.hypr")))
        {
            socket.Send([octet]);
        }

        Assert.Equal(["10.88.0.2"], Client.ReceiveFrame(socket)!.Data);
    }

    [Fact]
    public void Who_closes_its_half_still_gets_its_answers()
    {
        using var client = Served();
        using var socket = client.OpenStream();
        socket.Send(Client.Frame(Packets.Query("web.hypr")));
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(["10.88.0.2"], Client.ReceiveFrame(socket)!.Data);
        Assert.Null(Client.ReceiveFrame(socket));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(11)]
    [InlineData(5000)]
    [InlineData(65535)]
    public void A_frame_of_a_length_that_no_question_has_ends_the_connection(int length)
    {
        using var client = Served();
        using var socket = client.OpenStream();
        socket.Send([(byte)(length >> 8), (byte)length, 0, 0]);
        Assert.Null(Client.ReceiveFrame(socket));
    }

    [Fact]
    public void Who_asks_without_reading_is_closed_and_others_are_served()
    {
        using var client = Served();
        using var deaf = client.OpenStream();
        deaf.ReceiveBufferSize = 4096;
        deaf.SendTimeout = 500;
        var block = Enumerable.Range(0, 1000).SelectMany(i => Client.Frame(Packets.Query("web.hypr", id: (ushort)i))).ToArray();
        try
        {
            // Until the server stops reading, or has closed it.
            for (var i = 0; i < 2000; i++)
            {
                _ = deaf.Send(block);
            }
        }
        catch (SocketException)
        {
            // Either is right: the point is the next line.
        }

        Assert.Equal(["10.88.0.2"], client.Ask("web.hypr").Data);
    }

    [Fact]
    public void With_too_many_connections_the_one_idle_the_longest_makes_room()
    {
        using var client = Served();
        var idle = new List<Socket>();
        try
        {
            for (var i = 0; i < 300; i++)
            {
                idle.Add(client.OpenStream());
            }

            using var last = client.OpenStream();
            last.Send(Client.Frame(Packets.Query("web.hypr")));
            Assert.Equal(["10.88.0.2"], Client.ReceiveFrame(last)!.Data);
            Assert.Null(Client.ReceiveFrame(idle[0]));
        }
        finally
        {
            idle.ForEach(s => s.Dispose());
        }
    }
}
