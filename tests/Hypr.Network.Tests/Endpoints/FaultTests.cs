using Hypr.Network.Endpoints;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Network.Tests.Endpoints;

/// <summary>The kernel refuses each call once, in turn: what was before is after.</summary>
public sealed class FaultTests
{
    [Fact]
    public Task A_start_that_fails_at_any_call_leaves_nothing() => EachCallFailsAsync(
        async lab =>
        {
            await lab.CreateAsync("other");
            return await lab.ConnectedAsync("web", "bridge", "other");
        },
        (lab, web, port) => lab.ActivateAsync(web, new PortRequest(null, port, port, 80, PortProtocol.Tcp)));

    [Fact]
    public Task A_live_connect_that_fails_at_any_call_leaves_the_running_machine_as_it_was() => EachCallFailsAsync(
        async lab =>
        {
            await lab.CreateAsync("other");
            var web = await lab.ConnectedAsync("web", "bridge");
            var port = TestPorts.Next();
            await lab.ActivateAsync(web, new PortRequest(null, port, port, 80, PortProtocol.Tcp));
            return web;
        },
        async (lab, web, _) =>
        {
            var request = new EndpointRequest { GatewayPriority = 7 };
            using var live = await lab.Service.ConnectRunningAsync(web, lab.Service.Find("other")!.Id, request, [], CancellationToken.None);
        });

    [Fact]
    public async Task A_stop_goes_on_past_every_refusal()
    {
        await using var lab = await Lab.StartAsync();
        await lab.CreateAsync("other");
        var web = await lab.ConnectedAsync("web", "bridge", "other");
        var port = TestPorts.Next();
        await lab.ActivateAsync(web, new PortRequest(null, port, port, 80, PortProtocol.Tcp));
        lab.Datapath.Fail = _ => true;
        await lab.Service.DeactivateAsync(web.Id, CancellationToken.None);
        lab.Datapath.Fail = null;
        Assert.Empty(lab.Names.Machines);
        Assert.Empty(lab.Service.PortsOf(web.Id));
        Assert.All(lab.Service.EndpointsOf(web.Id), e => Assert.Null(e.Tap));

        // The next hyprd takes down what the kernel kept.
        await lab.RestartAsync();
        Assert.Empty(lab.Datapath.State.Endpoints);
        Assert.Empty(lab.Datapath.State.Ports);
    }

    private static async Task EachCallFailsAsync(Func<Lab, Task<MachineIdentity>> prepare, Func<Lab, MachineIdentity, int, Task> act)
    {
        await using var lab = await Lab.StartAsync();
        var web = await prepare(lab);
        var port = TestPorts.Next();
        var (stored, kernel) = (lab.Dump(), lab.Datapath.Dump());
        var names = lab.Names.Machines.GetValueOrDefault(web.Id);
        var endpoints = lab.Service.EndpointsOf(web.Id);
        for (var call = 1; ; call++)
        {
            lab.Datapath.FailAt = lab.Datapath.Calls + call;
            try
            {
                await act(lab, web, port);
            }
            catch (HyprException e) when (e.Kind == ErrorKind.Unavailable)
            {
                Assert.Equal(stored, lab.Dump());
                Assert.Equal(kernel, lab.Datapath.Dump());
                Assert.Equal(names, lab.Names.Machines.GetValueOrDefault(web.Id));
                Assert.Equal(endpoints, lab.Service.EndpointsOf(web.Id));
                Assert.Equal((UInt128)(3 + endpoints.Count(n => n.IPv4 is not null)), lab.Service.Usage(lab.Default.Id)[0].InUse);
                continue;
            }

            Assert.True(call > 1, "no call was made to fail");
            Assert.NotEqual(kernel, lab.Datapath.Dump());
            return;
        }
    }
}
