using System.Net;
using Hypr.Engine.Machines;
using Hypr.Images;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Engine.Tests;

/// <summary>What a client's words come to: names, signals, ports, networks.</summary>
public sealed class MachineWordsTests
{
    [Theory]
    [InlineData("SIGTERM", 15)]
    [InlineData("quit", 3)]
    [InlineData("9", 9)]
    [InlineData("SIGRTMIN+3", 37)]
    public void A_signal_has_a_number(string text, int number) => Assert.Equal(number, Signals.Parse(text));

    [Theory]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("-1")]
    [InlineData("SIGFOO")]
    [InlineData("")]
    public void A_wrong_signal_is_named(string text) =>
        Assert.StartsWith($"Invalid signal: {text}", Assert.Throws<HyprException>(() => Signals.Parse(text)).Message);

    [Theory]
    [InlineData("a")]
    [InlineData("-web")]
    [InlineData("we b")]
    [InlineData("web/1")]
    [InlineData("host")]
    [InlineData("gateway")]
    public void A_name_that_cannot_be_is_refused(string name) =>
        Assert.Equal(ErrorKind.InvalidParameter, Assert.Throws<HyprException>(() => MachineName.Checked(name)).Kind);

    [Fact]
    public void A_name_may_carry_dockers_slash() => Assert.Equal("web", MachineName.Checked("/web"));

    [Fact]
    public void A_drawn_name_is_free_even_when_most_are_taken()
    {
        var name = MachineName.Free(n => n.Count(c => c == '-') < 2);
        Assert.Matches("^[a-z]+-[a-z]+-[0-9]+$", name);
    }

    [Fact]
    public void Bindings_become_requests()
    {
        var config = new MachineConfig
        {
            Image = "x",
            PortBindings = [new("80/tcp", "", "8080"), new("53/udp", "127.0.0.1", ""), new("90", "", "8000-8010")],
        };
        Assert.Equal(
            [
                new PortRequest(null, 8080, 8080, 80, PortProtocol.Tcp),
                new PortRequest(IPAddress.Loopback, 0, 0, 53, PortProtocol.Udp),
                new PortRequest(null, 8000, 8010, 90, PortProtocol.Tcp),
            ],
            PortPlan.Of(config, new ImageConfig()));
    }

    [Fact]
    public void Publish_all_takes_every_exposed_port_that_is_not_bound()
    {
        var config = new MachineConfig { Image = "x", PublishAllPorts = true, ExposedPorts = ["90/udp"], PortBindings = [new("80", "", "8080")] };
        Assert.Equal(
            [new PortRequest(null, 8080, 8080, 80, PortProtocol.Tcp), new PortRequest(null, 0, 0, 90, PortProtocol.Udp)],
            PortPlan.Of(config, new ImageConfig { ExposedPorts = ["80/tcp"] }));
    }

    [Theory]
    [InlineData("0/tcp", "", "1")]
    [InlineData("65536", "", "1")]
    [InlineData("80/icmp", "", "1")]
    [InlineData("80", "", "65536")]
    [InlineData("80", "", "9-8")]
    [InlineData("80", "nowhere", "80")]
    public void A_wrong_port_is_refused(string guest, string ip, string host) =>
        Assert.Equal(ErrorKind.InvalidParameter, Assert.Throws<HyprException>(
            () => PortPlan.Of(new MachineConfig { Image = "x", PortBindings = [new(guest, ip, host)] }, new ImageConfig())).Kind);

    [Theory]
    [InlineData("default", "bridge")]
    [InlineData("bridge", "bridge")]
    [InlineData("mynet", "mynet")]
    public void The_mode_names_the_first_network(string mode, string network) =>
        Assert.Equal([network], CreateMachine.Attachments(new MachineConfig { Image = "x", NetworkMode = mode }).Select(a => a.Network));

    [Fact]
    public void Settings_for_the_modes_network_are_kept_and_none_has_none()
    {
        var both = new MachineConfig { Image = "x", NetworkMode = "a", Networks = [new() { Network = "b" }, new() { Network = "a", IPv4 = "10.1.0.9" }] };
        Assert.Equal([("b", null), ("a", "10.1.0.9")], CreateMachine.Attachments(both).Select(a => (a.Network, a.IPv4)));
        Assert.Empty(CreateMachine.Attachments(new MachineConfig { Image = "x", NetworkMode = "none" }));
    }

    [Theory]
    [InlineData("host", "host.hypr")]
    [InlineData("container:web", "one network")]
    public void What_a_vm_cannot_have_says_the_way_out(string mode, string wayOut) =>
        Assert.Contains(wayOut, Assert.Throws<HyprException>(
            () => CreateMachine.Attachments(new MachineConfig { Image = "x", NetworkMode = mode })).Message);

    [Theory]
    [InlineData("db:10.0.0.5", "10.0.0.5", "db")]
    [InlineData("db=host-gateway", "host-gateway", "db")]
    [InlineData("six:[fd00::1]", "fd00::1", "six")]
    public void An_extra_host_is_split(string entry, string address, string name) =>
        Assert.Equal((address, name), CreateMachine.ExtraHost(entry));
}
