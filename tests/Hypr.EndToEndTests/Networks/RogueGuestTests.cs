using Hypr.EndToEndTests.Support;
using Hypr.Primitives;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Networks;

/// <summary>A VM whose root sends whatever frames he likes, into the NIC that he has, to take the place of his neighbours and of the gateway.</summary>
public sealed class RogueGuestTests
{
    private const string End = "that was all";

    private const string Listen = """
        import socket
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        s.bind(('eth0', 0))
        s.settimeout(120)
        print('listening', flush=True)
        frame = b''
        while b'that was all' not in frame:
            frame = s.recv(4096)
            print(frame.hex(), flush=True)
        """;

    private const string Send = """
        import socket, sys
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        s.bind(('eth0', 0))
        for frame in sys.argv[1:]:
            s.send(bytes.fromhex(frame))
        """;

    [Fact]
    public void Nothing_of_it_reaches_a_neighbour_and_nobody_believes_it()
    {
        using var host = new HyprHost();
        host.MustHypr("network", "create", "--ipv6", "--subnet", "10.91.0.0/24", "--subnet", "fd00:91::/64", "shared");
        foreach (var name in (string[])["mallory", "victim", "third"])
        {
            host.MustHypr("run", "-d", "--name", name, "--network", "shared", "tools", "sleep", "infinity");
        }

        Station Of(string vm, string address) => new(
            MacAddress.Parse(host.MustHypr("inspect", "-f", "{{.NetworkSettings.Networks.shared.MacAddress}}", vm).Trim()), $"10.91.0.{address}", $"fd00:91::{address}");
        var (mallory, victim) = (Of("mallory", "2"), Of("victim", "3"));
        var gateway = new Station(MacAddress.Parse(host.Must("ip", "-br", "link", "show", "vbr1").Split(' ', StringSplitOptions.RemoveEmptyEntries)[2]), "10.91.0.1", "fd00:91::1");
        var attacks = Attacks.Of(mallory, victim, Of("third", "4"), gateway);
        foreach (var address in (string[])["10.91.0.1", "10.91.0.4", "fd00:91::1", "fd00:91::4"])
        {
            In("victim", "ping", "-c", "1", "-W", "10", address);
        }

        var before = Beliefs();
        using var listening = host.Start("exec", "victim", "python3", "-c", Listen);
        Assert.True(Probe.Until(() => listening.Output.StartsWith("listening\n", StringComparison.Ordinal)), listening.Error);

        // A link keeps the order: when the last one, which is honest, has come, so has whatever else comes.
        In("mallory", ["python3", "-c", Send, .. attacks.Values.Select(Convert.ToHexStringLower), Convert.ToHexStringLower(Frames.Udp4(
            victim.Mac.ToBytes(), mallory.Mac, mallory.IPv4, victim.IPv4, 1, 2, End))]);
        var heard = listening.WaitForEnd(TimeSpan.FromMinutes(2)).Output.Split('\n');
        Assert.Contains(heard, f => f.Contains(Convert.ToHexStringLower(System.Text.Encoding.ASCII.GetBytes(End)), StringComparison.Ordinal));
        foreach (var (attack, frame) in attacks)
        {
            // The receiver's kernel takes a tag out of a frame.
            var untagged = frame[12] == 0x81 ? [.. frame[..12], .. frame[16..]] : frame;
            Assert.False(heard.Any(f => f.StartsWith(Convert.ToHexStringLower(untagged), StringComparison.Ordinal)), $"the victim heard {attack}");
        }

        Assert.Equal(before, Beliefs());
        In("victim", "ping", "-c", "1", "-W", "10", "10.91.0.4");
        In("third", "ping", "-c", "1", "-W", "10", "fd00:91::3");
        host.MustHypr("rm", "-f", "mallory", "victim", "third");
        host.MustHypr("network", "rm", "shared");

        string In(string vm, params string[] command) => host.MustHypr(["exec", vm, .. command]);

        // Who has which address, which routers there are, and which addresses the victim has itself.
        string Beliefs() => In("victim", "sh", "-c",
            """
            for address in 10.91.0.1 10.91.0.4 fd00:91::1 fd00:91::4; do ip neigh show $address | grep -o 'lladdr [^ ]*'; done
            ip -6 route show | sed 's/ expires.*//' | sort; ip -br addr show eth0
            """) + host.Must("sh", "-c", "for address in 10.91.0.3 10.91.0.4; do ip neigh show $address | grep -o 'lladdr [^ ]*'; done; ip -6 route show default dev vbr1");
    }
}
