using System.Net;
using System.Net.Sockets;
using Hypr.Dns;
using Hypr.Testing;

namespace Hypr.KernelTests.Dns;

public sealed class LoadTests
{
    [Fact]
    public void Ten_thousand_idle_connections_do_not_keep_others_from_their_answers()
    {
        using var lab = new DnsLab(new NameServerSettings { Workers = 1 });

        // A program of its own: both ends of all in one would be more descriptors than a process commonly may have.
        const string Connect = "use Socket; $|=1; my @all; for (1..10000) { socket(my $s, PF_INET, SOCK_STREAM, 0) or die $!; "
            + "connect($s, sockaddr_in(41003, inet_aton('127.0.0.1'))) or die $!; push @all, $s } print \"ready\\n\"; <STDIN>";
        using var idle = lab.Host.Start("sh", "-c", "ulimit -n 12000 && exec perl -e \"$0\"", Connect);
        Assert.True(Probe.Until(() => idle.Output == "ready\n", TimeSpan.FromSeconds(60)), idle.Error);
        Assert.Equal(["10.88.0.2"], DnsLab.Dig(lab.Web, "@10.88.0.1", "web.hypr"));
        Assert.Equal(["10.88.0.2"], DnsLab.Dig(lab.Web, "@10.88.0.1", "+tcp", "web.hypr"));
        Assert.Equal(["10.88.0.2"], DnsLab.Dig(lab.Host, "@127.0.0.1", "-p", "41003", "+tcp", "web.hypr"));

        // None of them was closed for it.
        var open = lab.Host.Must("ss", "-Htn", "state", "established", "dport", "=", ":41003").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(10_000, open.Length);
    }

    [Fact]
    public void A_machine_that_asks_without_end_does_not_starve_another()
    {
        using var lab = new DnsLab(new NameServerSettings { Workers = 1 });
        using var stop = new CancellationTokenSource();
        var flood = lab.Web.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        flood.Connect(DnsLab.Front, 41003);
        var sender = new Thread(() =>
        {
            // web.hypr A, of which it never reads an answer; and names that only an upstream would know.
            byte[][] questions =
            [
                [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, (byte)'w', (byte)'e', (byte)'b', 4, (byte)'h', (byte)'y', (byte)'p', (byte)'r', 0, 0, 1, 0, 1],
                [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 3, (byte)'c', (byte)'o', (byte)'m', 0, 0, 1, 0, 1],
            ];
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var question = questions[i & 1];
                if ((i & 1) == 1)
                {
                    (question[13], question[14], question[15]) = ((byte)(i >> 1), (byte)(i >> 9), (byte)(i >> 17));
                }

                try
                {
                    flood.Send(question);
                }
                catch (SocketException)
                {
                    // Its own queue is full.
                }
            }
        });
        sender.Start();
        try
        {
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal(["10.89.0.2"], DnsLab.Dig(lab.Db, "@10.89.0.1", "db.hypr"));
            }
        }
        finally
        {
            stop.Cancel();
            sender.Join();
            flood.Dispose();
        }
    }

    [Fact]
    public void Outside_names_are_asked_of_the_servers_resolvers_and_of_a_machines_own()
    {
        using var lab = new DnsLab(new NameServerSettings { Upstreams = [new IPEndPoint(IPAddress.Loopback, 5399)] });
        using var one = Resolver(lab, "192.0.2.1", "5399");
        using var own = Resolver(lab, "192.0.2.2", "5398");
        Assert.Equal(["192.0.2.1"], DnsLab.Dig(lab.Web, "@10.88.0.1", "www.example.com"));
        lab.Server.SetMachine(DnsLab.Machine("web", DnsLab.FrontId, "10.88.0.2") with { Upstreams = [new IPEndPoint(IPAddress.Loopback, 5398)] });
        Assert.Equal(["192.0.2.2"], DnsLab.Dig(lab.Web, "@10.88.0.1", "+tcp", "www.example.com"));
        Assert.Equal(["192.0.2.1"], DnsLab.Dig(lab.Host, "@10.88.0.1", "www.example.com"));
        Assert.Contains("REFUSED", DnsLab.DigAll(lab.Db, "@10.89.0.1", "www.example.com"));
    }

    private static TestProgram Resolver(DnsLab lab, string address, string port)
    {
        var started = lab.Host.Start("dnsmasq", "--no-daemon", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file=",
            "--bind-interfaces", "--listen-address=127.0.0.1", $"--port={port}", $"--address=/example.com/{address}");
        Assert.True(Probe.Until(() => DnsLab.Dig(lab.Host, "@127.0.0.1", "-p", port, "example.com") is [var found] && found == address));
        return started;
    }
}
