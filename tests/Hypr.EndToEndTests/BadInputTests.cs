using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>Each wrong word gets a clear error on one or two lines and Docker's exit code, and leaves the host as it was.</summary>
public sealed class BadInputTests : IClassFixture<HyprHost>
{
    private readonly HyprHost _host;

    public BadInputTests(HyprHost host)
    {
        _host = host;
        // What is asserted of an error's length would else depend on which test pulls first.
        host.MustHypr("pull", "-q", "nginx");
    }

    [Theory]
    [InlineData("no-such-image", "no-such-image")]
    [InlineData("nginx:no-such-tag", "no-such-tag")]
    [InlineData("127.0.0.1:1/nginx", "127.0.0.1:1")]
    [InlineData("Not//A Name", "invalid reference format")]
    public void An_image_that_is_not_to_be_had(string image, string expected) => _host.Refuses(125, expected, "run", "-d", image);

    [Fact]
    public void A_platform_that_the_image_does_not_have() => _host.Refuses(125, "linux/arm64", "run", "-d", "--platform", "linux/arm64", "nginx");

    [Theory]
    [InlineData("8", "memory")]
    [InlineData("minus", "minus")]
    public void Memory_below_what_boots(string memory, string expected) => _host.Refuses(125, expected, "run", "-d", "-m", memory, "nginx");

    [Fact]
    public void An_image_is_not_pulled_for_a_machine_that_cannot_be() => _host.Refuses(125, "memory", "run", "-d", "-m", "8", "127.0.0.1:1/nginx");

    [Fact]
    public void More_cpus_than_the_host_has() => _host.Refuses(125, "CPUs", "run", "-d", "--cpus", "4096", "nginx");

    [Fact]
    public void A_program_that_the_image_lacks_is_127_and_one_that_cannot_be_run_126()
    {
        _host.Refuses(127, "no-such-program", "run", "--rm", "nginx", "no-such-program");
        _host.Refuses(126, "permission denied", "run", "--rm", "nginx", "/etc/passwd");
    }

    [Fact]
    public void A_name_that_is_taken_or_not_allowed()
    {
        _host.RunVm("nginx", "taken");
        _host.Refuses(125, "already in use", "run", "-d", "--name", "taken", "nginx");
        _host.Refuses(125, "Invalid container name", "run", "-d", "--name", "a b", "nginx");
        _host.Refuses(125, "host", "run", "-d", "--name", "host", "nginx");
        _host.MustHypr("rm", "-f", "taken");
    }

    [Fact]
    public void A_port_that_a_vm_has_names_the_vm_and_one_that_a_program_has_names_the_program()
    {
        _host.RunVm("nginx", "holder", "-p", "8121:80");
        _host.Refuses(125, "holder", "run", "-d", "-p", "8121:80", "nginx");
        _host.MustHypr("rm", "-f", "holder");
        var nc = _host.Space.Start("nc", "-lk", "8122");
        Assert.True(Probe.Until(() => _host.Must("ss", "-tln").Contains(":8122", StringComparison.Ordinal)));
        _host.Refuses(125, $"nc", "run", "-d", "-p", "8122:80", "nginx");
        _host.Refuses(125, $"{nc.Pid}", "run", "-d", "-p", "8122:80", "nginx");
        nc.Dispose();
    }

    [Theory]
    [InlineData("0:80", "the host's port 0 is not between 1 and 65535")]
    [InlineData("65536:80", "the host's port 65536 is not between 1 and 65535")]
    [InlineData("80:0", "the VM's port 0 is not between 1 and 65535")]
    [InlineData("80:65536", "the VM's port 65536 is not between 1 and 65535")]
    [InlineData("90-80:1-2", "the host's port range 90-80 ends before it begins")]
    [InlineData("8000-8002:80-81", "the ranges differ in length (3 on the host, 2 in the VM)")]
    [InlineData("80:80/icmp", "\"icmp\" is no protocol: it is tcp, udp or sctp")]
    [InlineData("127.0.0.1.5:80:80", "\"127.0.0.1.5\" is no IP address")]
    [InlineData("8080:", "the VM's port is missing")]
    public void A_port_that_is_none(string port, string expected) => _host.Refuses(125, expected, "run", "-d", "-p", port, "nginx");

    [Fact]
    public void A_port_twice_in_one_command_one_of_hyprds_own_and_one_below_1024_that_a_program_has()
    {
        _host.Refuses(125, "the VM asks for it twice", "run", "-d", "-p", "8123:80", "-p", "8123:81", "nginx");
        foreach (var own in (string[])["41001", "41002"])
        {
            _host.Refuses(125, $"127.0.0.1:{own} is hyprd's own", "run", "-d", "-p", $"127.0.0.1:{own}:80", "nginx");
            _host.Refuses(125, $"127.0.0.1:{own} is hyprd's own", "run", "-d", "-p", $"{own}:80", "nginx");
        }

        using var nc = _host.Space.Start("nc", "-lk", "80");
        Assert.True(Probe.Until(() => _host.Must("ss", "-tln").Contains(":80 ", StringComparison.Ordinal)));
        _host.Refuses(125, $"by nc (pid {nc.Pid})", "run", "-d", "-p", "80:80", "nginx");
        Assert.Empty(_host.MustHypr("ps", "-aq"));
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("start")]
    [InlineData("rm")]
    [InlineData("logs")]
    [InlineData("inspect")]
    [InlineData("port")]
    public void A_vm_that_does_not_exist(string verb) => _host.Refuses(1, "nobody", verb, "nobody");

    [Fact]
    public void Exec_in_a_stopped_vm()
    {
        _host.RunVm("nginx", "stopped");
        _host.MustHypr("stop", "stopped");
        var result = _host.Hypr("exec", "stopped", "true");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("is not running", result.Error);
        _host.MustHypr("rm", "stopped");
    }

    [Fact]
    public void An_option_that_is_misspelt_gets_the_near_one() => _host.Refuses(125, "--publish", "run", "--publsh", "80:80", "nginx");

    [Fact]
    public void Without_a_daemon_the_way_to_start_it_is_told()
    {
        var result = _host.Space.Run("env", "HYPR_RUNTIME_DIR=/nonexistent", Repository.Hypr, "ps");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("systemctl start hypr", result.Error);
    }
}
