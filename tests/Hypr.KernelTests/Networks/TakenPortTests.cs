using System.Net;
using System.Net.Sockets;
using Hypr.Testing;

namespace Hypr.KernelTests.Networks;

/// <summary>Another program has port 53 of a gateway and says nothing there.</summary>
public sealed class TakenPortTests
{
    [Fact]
    public async Task Questions_to_port_53_are_redirected_while_another_program_has_it_and_the_port_is_had_when_it_leaves()
    {
        await using var lab = await ServiceLab.StartAsync();
        Socket[] others = [.. ((string[])["10.95.0.1", "10.96.0.1"]).SelectMany(a => new[] { Hold(lab.Host, a, SocketType.Dgram), Hold(lab.Host, a, SocketType.Stream) })];
        await lab.CreateAsync("taken", s => s with { Subnets = [new("10.95.0.0/24", null, null, null)] });
        await lab.CreateAsync("closed", s => s with { Internal = true, Subnets = [new("10.96.0.0/24", null, null, null)] });
        var (_, web) = await lab.RunAsync("web", ["taken"]);
        var (_, shut) = await lab.RunAsync("shut", ["closed"]);
        Assert.Contains(lab.Service.Notes, n => n.Contains("10.95.0.1:53 (udp", StringComparison.Ordinal) && n.Contains("redirected to port 41003", StringComparison.Ordinal));
        void Answers()
        {
            foreach (var transport in (string[])["+notcp", "+tcp"])
            {
                Assert.Equal("10.95.0.2\n", web.Space.Must("dig", "+short", "+tries=2", transport, "@10.95.0.1", "web"));
                Assert.Equal("10.96.0.2\n", shut.Space.Must("dig", "+short", "+tries=2", transport, "@10.96.0.1", "shut.hypr"));
                Assert.Equal("10.96.0.2\n", lab.Host.Must("dig", "+short", "+tries=2", transport, "@10.95.0.1", "shut.hypr"));
            }
        }

        Answers();
        Assert.NotEqual("", lab.Host.Must("nft", "list", "map", "inet", "hypr", "one4").Split("elements").ElementAtOrDefault(1) ?? "");
        Array.ForEach(others, s => s.Dispose());
        Assert.True(Probe.Until(() => !lab.Service.Notes.Any(n => n.Contains("another program has", StringComparison.Ordinal)), TimeSpan.FromSeconds(30)));
        Assert.DoesNotContain("elements", lab.Host.Must("nft", "list", "map", "inet", "hypr", "one4"));
        Answers();
    }

    private static Socket Hold(TestNamespace host, string address, SocketType type) => host.Run(() =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, type, ProtocolType.Unspecified);
        // IP_FREEBIND: the bridge comes later.
        socket.SetRawSocketOption(0, 15, BitConverter.GetBytes(1));
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 53));
        if (type == SocketType.Stream)
        {
            socket.Listen();
        }

        return socket;
    });
}
