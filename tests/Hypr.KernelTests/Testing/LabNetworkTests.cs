using Hypr.Testing;

namespace Hypr.KernelTests.Testing;

public sealed class LabNetworkTests
{
    [Fact]
    public void The_lab_reaches_itself_and_nothing_remains_of_it()
    {
        var lab = new LabNetwork();
        var names = new[] { lab.Host.Name, lab.Lan.Name, lab.Internet.Name };
        using (var server = new EchoServer(lab.Internet, "internet", LabNetwork.InternetAddress, 0))
        {
            Assert.Equal($"internet {LabNetwork.HostOnWan}", Probe.Tcp(lab.Host, LabNetwork.InternetAddress, server.Port));
            Assert.Equal($"internet {LabNetwork.HostOnWan}", Probe.Udp(lab.Host, LabNetwork.InternetAddress, server.Port));
            Assert.Null(Probe.Tcp(lab.Lan, LabNetwork.InternetAddress, server.Port, Probe.Silence));
        }

        var sleeper = lab.Lan.Start("sleep", "600");
        Assert.True(Probe.Until(() => lab.Lan.Processes().Contains(sleeper.Pid)));
        lab.Dispose();
        Assert.All(names, name => Assert.False(File.Exists($"/run/netns/{name}")));
        Assert.False(Directory.Exists($"/proc/{sleeper.Pid}") && File.ReadAllText($"/proc/{sleeper.Pid}/comm") == "sleep\n");
    }

    [Fact]
    public void A_program_that_the_test_did_not_start_itself_is_killed_and_told()
    {
        var space = TestNamespace.Create("left");
        space.Must("sh", "-c", "setsid sleep 600 >/dev/null 2>&1 </dev/null &");
        var error = Assert.Throws<LeftoverException>(space.Dispose);
        Assert.Contains("sleep", error.Message);
        Assert.False(File.Exists(space.Path));
    }
}
