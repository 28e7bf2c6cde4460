using System.Net;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Network.Tests.Ports;

/// <summary>Ports that are published and taken back while the machine runs.</summary>
public sealed class LivePortTests
{
    private static PortRequest Tcp(int port, int guest = 80) => new(null, port, port, guest, PortProtocol.Tcp);

    [Fact]
    public async Task A_port_is_published_and_taken_back_while_the_machine_runs()
    {
        await using var lab = await Lab.StartAsync(hasIPv6: true);
        var (web, port) = (await lab.ConnectedAsync("web", "bridge"), TestPorts.Block(2));
        await lab.ActivateAsync(web, Tcp(port));
        var added = await lab.Service.PublishAsync(web.Id, [Tcp(port + 1, 81)], CancellationToken.None);
        Assert.Equal([IPAddress.Any, IPAddress.IPv6Any], added.Select(p => p.HostIp));
        Assert.Equal([port, port + 1], lab.Datapath.State.Ports[web.Id].Select(p => p.HostPort));
        Assert.Equal(4, lab.Reserver.Count);

        // The next hyprd knows it, another machine cannot have it.
        await lab.RestartAsync(web);
        Assert.Equal(4, lab.Service.PortsOf(web.Id).Count);
        var db = await lab.ConnectedAsync("db", "bridge");
        Assert.Contains("VM web publishes it", (await Lab.FailsAsync(ErrorKind.Conflict, () => lab.ActivateAsync(db, Tcp(port + 1)))).Message);

        await lab.Service.UnpublishAsync(web.Id, added, CancellationToken.None);
        await lab.Service.UnpublishAsync(web.Id, added, CancellationToken.None);
        Assert.Equal([port], lab.Datapath.State.Ports[web.Id].Select(p => p.HostPort));
        await lab.ActivateAsync(db, Tcp(port + 1));
    }

    [Fact]
    public async Task What_cannot_be_published_leaves_nothing_behind()
    {
        await using var lab = await Lab.StartAsync(hasIPv6: true);
        var (web, port) = (await lab.ConnectedAsync("web", "bridge"), TestPorts.Block(3));
        await Lab.FailsAsync(ErrorKind.Conflict, () => lab.Service.PublishAsync(web.Id, [Tcp(port)], CancellationToken.None));
        await lab.ActivateAsync(web, Tcp(port));
        var (stored, held) = (lab.Dump(), lab.Reserver.Count);
        Assert.Contains("asks for it twice",
            (await Lab.FailsAsync(ErrorKind.Conflict, () => lab.Service.PublishAsync(web.Id, [Tcp(port + 1), Tcp(port)], CancellationToken.None))).Message);
        FailNextPublish(lab);
        await Assert.ThrowsAsync<HyprException>(() => lab.Service.PublishAsync(web.Id, [Tcp(port + 2)], CancellationToken.None));
        Assert.Equal((stored, held), (lab.Dump(), lab.Reserver.Count));
        Assert.Equal(2, lab.Service.PortsOf(web.Id).Count);
        FailNextPublish(lab);
        await Assert.ThrowsAsync<HyprException>(() => lab.Service.UnpublishAsync(web.Id, lab.Service.PortsOf(web.Id), CancellationToken.None));
        Assert.Equal((stored, held), (lab.Dump(), lab.Reserver.Count));

        await lab.CreateAsync("inner", null, s => s with { Internal = true });
        var closed = await lab.ConnectedAsync("closed", "inner");
        await lab.ActivateAsync(closed);
        Assert.Contains("no network that leads out",
            (await Lab.FailsAsync(ErrorKind.Conflict, () => lab.Service.PublishAsync(closed.Id, [Tcp(port + 1)], CancellationToken.None))).Message);
    }

    [Fact]
    public async Task Hundreds_of_ports_are_one_transaction_of_the_rules()
    {
        await using var lab = await Lab.StartAsync();
        var web = await lab.ConnectedAsync("web", "bridge");
        await lab.ActivateAsync(web);
        var before = lab.Datapath.Calls;
        var port = TestPorts.Block(300);
        await lab.Service.PublishAsync(web.Id, [.. Enumerable.Range(port, 300).Select(p => Tcp(p))], CancellationToken.None);
        Assert.Equal(1, lab.Datapath.Calls - before);
        Assert.Equal(300, lab.Datapath.State.Ports[web.Id].Count);
    }

    /// <summary>The first call fails, taking back succeeds.</summary>
    private static void FailNextPublish(Lab lab)
    {
        var left = 1;
        lab.Datapath.Fail = name => name == "publish" && left-- > 0;
    }
}
