using Hypr.Testing;

namespace Hypr.KernelTests.Networks;

/// <summary>Another program has port 53: a dnsmasq on all addresses, as many hosts have it.</summary>
public sealed class TakenPortTests
{
    [Fact]
    public async Task Questions_to_port_53_are_redirected_while_another_program_has_it_and_the_port_is_had_when_it_leaves()
    {
        await using var lab = await ServiceLab.StartAsync();
        var dnsmasq = lab.Host.Start("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root", "--pid-file=", "--listen-address=10.95.0.1", "--address=/#/192.0.2.99");
        Assert.True(Probe.Until(() => lab.Host.Must("ss", "-lun").Contains(":53 ", StringComparison.Ordinal)), dnsmasq.Error);
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
        Assert.NotEqual("", lab.Host.Must("nft", "list", "map", "inet", "hypr", "taken4").Split("elements").ElementAtOrDefault(1) ?? "");
        dnsmasq.Dispose();
        Assert.True(Probe.Until(() => !lab.Service.Notes.Any(n => n.Contains("10.95.0.1:53", StringComparison.Ordinal)), TimeSpan.FromSeconds(30)));
        Assert.DoesNotContain("elements", lab.Host.Must("nft", "list", "map", "inet", "hypr", "taken4"));
        Answers();
    }
}
