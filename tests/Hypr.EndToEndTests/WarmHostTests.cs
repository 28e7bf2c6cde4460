using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>Warm starts as a person sees them.</summary>
public sealed class WarmHostTests(WarmHost host) : IClassFixture<WarmHost>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public void A_warm_VM_serves_its_port_and_info_df_and_events_say_so()
    {
        Assert.Equal("VMs of 1 CPU and 200MiB start warm\n", host.MustHypr("system", "warm", "--cpus", "1", "-m", "200m"));
        host.RunVm("nginx", "warm-web", "--cpus", "1", "-m", "200m", "-p", "8099:80");
        Assert.Contains("Welcome", host.Page(host.Space, "http://127.0.0.1:8099/"), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("warm", StartOf("warm-web"));

        host.MustHypr("restart", "warm-web");
        Assert.Contains("Welcome", host.Page(host.Space, "http://127.0.0.1:8099/"), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("warm", StartOf("warm-web"));

        // Nor is its address that of another VM of the template.
        host.RunVm("nginx", "warm-too", "--cpus", "1", "-m", "200m");
        Assert.Equal("warm", StartOf("warm-too"));
        var addresses = new[] { "warm-web", "warm-too" }.Select(name => host.MustHypr("exec", name, "cat", "/sys/class/net/eth0/address").Trim()).ToList();
        Assert.Equal(new[] { "warm-web", "warm-too" }.Select(name => host.MustHypr("inspect", "-f", "{{.NetworkSettings.MacAddress}}", name).Trim()), addresses);
        Assert.NotEqual(addresses[0], addresses[1]);

        Assert.Contains(" Warm start: on\n", host.MustHypr("info"), StringComparison.Ordinal);
        var row = host.MustHypr("system", "df", "--format", "{{.Type}} {{.TotalCount}} {{.Size}}").Split('\n').Single(l => l.StartsWith("Templates", StringComparison.Ordinal));
        Assert.DoesNotContain(" 0 ", row, StringComparison.Ordinal);
        Assert.DoesNotContain(" 0B", row, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_clients_that_start_a_new_size_at_once_get_two_VMs_that_booted_and_one_template()
    {
        const string Size = "VMs of 1 CPUs and 176 MB start warm from now on";
        host.MustHypr("pull", "-q", "nginx");
        var before = host.TemplateFiles.Count;
        var clients = new[] { "first", "second" }
            .Select(name => host.Start("run", "-d", "--name", "size-" + name, "--cpus", "1", "-m", "176m", "nginx")).ToList();
        foreach (var client in clients)
        {
            var result = client.WaitForEnd(Patience);
            Assert.True(result.Succeeded, result.Error);
        }

        Assert.Equal(["cold", "cold"], [StartOf("size-first"), StartOf("size-second")]);
        Assert.True(Probe.Until(() => host.DaemonLog.Contains(Size, StringComparison.Ordinal) && host.Makers().Count == 0, Patience), host.DaemonLog);
        Assert.Equal(before + 1, host.TemplateFiles.Count);
        Assert.Single(Regex.Matches(host.DaemonLog, Size));

        host.MustHypr("restart", "size-first");
        Assert.Equal("warm", StartOf("size-first"));
        host.MustHypr("rm", "-f", "size-first", "size-second");
    }

    [Fact]
    public void A_hyprd_killed_while_it_makes_a_template_leaves_nothing_of_it()
    {
        host.RunVm("nginx", "cold-web", "--cpus", "1", "-m", "168m");
        Assert.Equal("cold", StartOf("cold-web"));
        Assert.True(Probe.Until(() => host.Makers().Count > 0, Patience), host.DaemonLog);
        var before = host.TemplateFiles;
        host.KillDaemon();
        Assert.True(Probe.Until(() => host.Makers().Count == 0, Patience));
        Assert.Equal(before, host.TemplateFiles);

        host.StartDaemon();
        Assert.Equal("running", host.MustHypr("inspect", "-f", "{{.State.Status}}", "cold-web").Trim());
        Assert.False(Directory.Exists(Path.Combine(host.RuntimeDir, "templates")));
        host.MustHypr("system", "warm", "--cpus", "1", "-m", "168m");
        host.MustHypr("restart", "cold-web");
        Assert.Equal("warm", StartOf("cold-web"));
    }

    [Theory]
    [InlineData("--cpus", "1000", "Range of CPUs")]
    [InlineData("-m", "8m", "memory of 8 MB")]
    [InlineData("-m", "x", "x")]
    public void A_size_that_no_VM_can_have_is_refused(string option, string value, string words)
    {
        var result = host.Hypr("system", "warm", option, value);
        Assert.False(result.Succeeded);
        Assert.Contains(words, result.Error, StringComparison.Ordinal);
    }

    /// <summary>How the VM was started last, by its events.</summary>
    private string StartOf(string name)
    {
        var lines = host.MustHypr("events", "--since", "1h", "--until", "0s", "--filter", "event=start", "--filter", "container=" + name, "--format", "{{json .}}");
        return JsonNode.Parse(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Last())!["Actor"]!["Attributes"]!["start"]!.ToString();
    }
}
