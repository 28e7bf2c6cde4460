using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>From run to rm: what stays over a stop, what goes with the VM, what a hyprd that dies leaves alone.</summary>
public sealed class LifeOfAVmTests(HyprHost host) : IClassFixture<HyprHost>
{
    [Fact]
    public void Over_a_stop_address_mac_and_files_stay_and_the_port_comes_back()
    {
        host.RunVm("nginx", "stays", "-p", "8101:80");
        host.Page(host.Space, "http://127.0.0.1:8101/");
        const string Which = "{{.NetworkSettings.Networks.bridge.IPAddress}} {{.NetworkSettings.Networks.bridge.MacAddress}}";
        var before = host.MustHypr("inspect", "-f", Which, "stays");
        host.MustHypr("exec", "stays", "sh", "-c", "echo kept > /root/file");
        host.MustHypr("stop", "stays");
        Assert.NotEqual(0, host.Space.Run("curl", "-s", "-m", "2", "http://127.0.0.1:8101/").ExitCode);
        Assert.Contains("Exited (0)", host.MustHypr("ps", "-a", "--filter", "name=stays"));
        host.MustHypr("start", "stays");
        host.Page(host.Space, "http://127.0.0.1:8101/");
        Assert.Equal(before, host.MustHypr("inspect", "-f", Which, "stays"));
        Assert.Equal("kept\n", host.MustHypr("exec", "stays", "cat", "/root/file"));
        host.MustHypr("rm", "-f", "stays");
    }

    [Fact]
    public void In_the_foreground_output_and_exit_code_are_the_programs_own_and_rm_leaves_nothing()
    {
        host.MustHypr("pull", "-q", "tools");
        var result = host.Hypr("run", "--rm", "-e", "GREETING=hello", "tools", "sh", "-c", "echo $GREETING; echo oops >&2; exit 3");
        Assert.Equal((3, "hello\n", "oops\n"), (result.ExitCode, result.Output, result.Error));
        Assert.DoesNotContain("Exited (3)", host.MustHypr("ps", "-a"));
    }

    [Fact]
    public void Stdin_goes_in_and_ends_with_a_half_close()
    {
        var program = host.Start("run", "--rm", "-i", "tools", "sh", "-c", "wc -c; echo after");
        program.WriteAndClose(new string('x', 200_000));
        Assert.Equal("200000\nafter\n", program.WaitForEnd(TimeSpan.FromMinutes(2)).Output);
    }

    [Fact]
    public void Memory_and_cpus_are_what_the_guest_sees()
    {
        host.RunVm("nginx", "sized", "-m", "256", "--cpus", "1");
        Assert.Equal("1\n", host.MustHypr("exec", "sized", "nproc"));
        var kilobytes = int.Parse(host.MustHypr("exec", "sized", "sh", "-c", "grep MemTotal /proc/meminfo | tr -dc 0-9"), System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(kilobytes, 180_000, 262_144);
        host.MustHypr("rm", "-f", "sized");
    }

    [Fact]
    public void A_vm_without_a_name_gets_one_of_two_words()
    {
        var id = host.MustHypr("run", "-d", "nginx").Trim();
        Assert.Matches("^/[a-z]+-[a-z]+(-[0-9]+)?\n$", host.MustHypr("inspect", "-f", "{{.Name}}", id));
        host.MustHypr("rm", "-f", id);
    }

    [Fact]
    public void Orphans_are_reaped_and_an_unprivileged_program_may_ping()
    {
        host.RunVm("nginx", "reaper", "-p", "8103:80");

        // As PID 1 of its VM nginx reaps what it inherits, once it has its signals set up.
        host.Page(host.Space, "http://127.0.0.1:8103/");
        host.MustHypr("exec", "reaper", "sh", "-c", "for i in 1 2 3 4 5; do (sleep 0.1 &) ; done");
        Assert.True(Probe.Until(() => host.MustHypr("exec", "reaper", "sh", "-c", "ps -eo stat,comm | grep -c '^Z' || true").Trim() == "0"));
        Assert.Equal("0\t2147483647\n", host.MustHypr("exec", "reaper", "cat", "/proc/sys/net/ipv4/ping_group_range"));
        host.MustHypr("exec", "-u", "www-data", "reaper", "ping", "-c", "1", "-W", "5", "10.88.0.1");
        host.MustHypr("rm", "-f", "reaper");
    }
}

/// <summary>A hyprd that dies, in any way, leaves its VMs alone; the next one finds them.</summary>
public sealed class DaemonRestartTests(HyprHost host) : IClassFixture<HyprHost>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Vms_ports_and_logs_outlive_it(bool crash)
    {
        var name = crash ? "crash" : "orderly";
        host.RunVm("nginx", name, "-p", "8111:80");
        host.Page(host.Space, "http://127.0.0.1:8111/before");
        if (crash)
        {
            host.KillDaemon();
        }
        else
        {
            host.StopDaemon();
        }

        host.Page(host.Lab.Lan, "http://192.0.2.10:8111/while-away");
        host.Page(host.Space, "http://127.0.0.1:8111/while-away");
        host.StartDaemon();
        Assert.Contains("Up ", host.MustHypr("ps", "--filter", $"name={name}"));
        host.Page(host.Space, "http://127.0.0.1:8111/after");
        Assert.Equal("still here\n", host.MustHypr("exec", name, "echo", "still here"));
        Assert.Equal("10.88.0.2\n", host.Must("dig", "+short", "@10.88.0.1", $"{name}.hypr"));
        Assert.True(Probe.Until(() => host.MustHypr("logs", name) is var log && Once(log, "/before") && Once(log, "/after") && log.Contains("/while-away")), host.MustHypr("logs", name));
        host.MustHypr("rm", "-f", name);
    }

    [Fact]
    public void A_vm_that_ends_meanwhile_has_its_exit_code_and_its_last_words()
    {
        // It ends when somebody has called it; its guest then keeps the exit code for the next hyprd.
        host.MustHypr("run", "-d", "--name", "ends", "tools", "sh", "-c", "nc.openbsd -l 80; echo last words; exit 9");
        var address = host.MustHypr("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "ends").Trim();
        host.KillDaemon();
        Assert.True(Probe.Until(() => Answers(address), TimeSpan.FromSeconds(60)));
        Assert.True(Probe.Until(() => !Answers(address)));
        Assert.Single(host.Vmms());
        host.StartDaemon();
        Assert.True(Probe.Until(() => host.MustHypr("ps", "-a").Contains("Exited (9)", StringComparison.Ordinal)), host.MustHypr("ps", "-a"));
        Assert.Contains("last words", host.MustHypr("logs", "ends"));
        host.MustHypr("rm", "ends");
    }

    [Fact]
    public void A_vm_whose_end_nobody_heard_says_that_its_exit_code_is_unknown()
    {
        host.RunVm("nginx", "unheard");
        host.KillDaemon();
        host.Must("kill", "-KILL", $"{host.Vmms().Single()}");
        Assert.True(Probe.Until(() => host.Vmms().Count == 0));
        host.StartDaemon();
        Assert.Equal(
            "exited 255 the exit code is unknown: the VM ended while hyprd was not running\n",
            host.MustHypr("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}", "unheard"));
        host.MustHypr("rm", "unheard");
    }

    private bool Answers(string address) => host.Space.Run("nc", "-z", "-w", "5", address, "80").Succeeded;

    private static bool Once(string text, string what) => text.Split(what).Length == 2;
}
