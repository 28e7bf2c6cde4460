using System.Globalization;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Verbs;

/// <summary>top, stats, diff, update: by hypr and by every docker CLI.</summary>
public sealed class LookingTests(OneVm vm) : IClassFixture<OneVm>
{
    public static TheoryData<string> Clients => OneVm.Clients;

    [Theory]
    [MemberData(nameof(Clients))]
    public void Top_lists_processes_by_the_images_users(string client)
    {
        var lines = vm.Ok(client, "top", "web").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Matches("^UID +PID +PPID +C +STIME +TTY +TIME +CMD$", lines[0]);
        Assert.Matches("^root +1 +0 +[0-9]+ +[0-9:A-Za-z]+ +\\? +00:00:0[0-9] +nginx: master", lines[1]);
        Assert.Contains(lines, line => line.StartsWith("www-data ", StringComparison.Ordinal) && line.Contains("worker", StringComparison.Ordinal));
        var own = vm.Ok(client, "top", "web", "-o", "pid,comm").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Matches("^PID +COMMAND$", own[0]);
        Assert.Matches("^1 +nginx$", own[1]);
        Assert.Contains("unknown column nonsense", vm.Run(client, "top", "web", "-o", "pid,nonsense").Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void Stats_are_sane(string client)
    {
        // A second of work and traffic, to be seen in what it tells.
        vm.Shell("touch /run/busy");
        var busy = vm.Start("exec", "web", "sh", "-c", "while [ -e /run/busy ]; do :; done");
        vm.Page(vm.Space, "http://127.0.0.1:8080/");
        var fields = vm.Ok(client, "stats", "--no-stream", "--format", "{{.Name}}|{{.CPUPerc}}|{{.MemUsage}}|{{.MemPerc}}|{{.NetIO}}|{{.BlockIO}}|{{.PIDs}}", "web").Trim().Split('|');
        vm.Shell("rm /run/busy");
        busy.WaitForEnd();
        Assert.Equal("web", fields[0]);
        Assert.InRange(Percent(fields[1]), 1, 100 * Environment.ProcessorCount);
        Assert.Matches("^[0-9.]+MiB / 512MiB$", fields[2]);
        Assert.InRange(Percent(fields[3]), 0.1, 100);
        Assert.Matches("^[0-9.]+[kM]?B / [0-9.]+[kM]?B$", fields[4]);
        Assert.NotEqual("0B / 0B", fields[4]);
        Assert.Matches("^[0-9.]+MB / [0-9.]+[kM]?B$", fields[5]);
        Assert.InRange(int.Parse(fields[6], CultureInfo.InvariantCulture), 2, 50);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void Stats_stream_goes_on(string client)
    {
        using var program = vm.Begin(client, "stats", "--format", "{{.Name}}", "web");
        Assert.True(Probe.Until(() => program.Output.Split("web").Length > 3), program.Output + program.Error);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void Diff_tells_what_was_written(string client)
    {
        vm.Shell("mkdir -p /etc/made; echo x > /etc/made/file; echo >> /etc/group; rm -f /etc/issue.net");
        var lines = vm.Ok(client, "diff", "web").Split('\n');
        Assert.Contains("A /etc/made", lines);
        Assert.Contains("A /etc/made/file", lines);
        Assert.Contains("C /etc", lines);
        Assert.Contains("C /etc/group", lines);
        Assert.Contains("D /etc/issue.net", lines);
        Assert.DoesNotContain(lines, line => line.EndsWith(" /proc", StringComparison.Ordinal) || line.EndsWith("/etc/resolv.conf", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void Update_changes_the_policy_now_and_the_size_at_the_next_start(string client)
    {
        var name = "sized-" + Path.GetFileName(vm.Scratch())[..6];
        vm.MustHypr("create", "--name", name, "-m", "256", "tools", "true");
        vm.Ok(client, "update", "--restart", "on-failure:3", "--memory", "300m", "--cpus", "1", name);
        Assert.Equal("on-failure 3 314572800 1000000000\n", vm.MustHypr(
            "inspect", "-f", "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}} {{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}", name));
        var small = vm.Run(client, "update", "--memory", "8m", name);
        Assert.Equal(1, small.ExitCode);
        Assert.Contains("does not boot with less", small.Error, StringComparison.Ordinal);
        vm.MustHypr("rm", name);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void A_new_size_of_a_vm_that_runs_is_told_to_count_from_its_next_start(string client)
    {
        var result = vm.Run(client, "update", "--cpus", "1", "web");
        Assert.True(result.Succeeded, result.Error);
        Assert.Contains("next start", result.Output + result.Error, StringComparison.Ordinal);
        vm.MustHypr("update", "--cpus", $"{Math.Min(2, Environment.ProcessorCount)}", "web");
    }

    private static double Percent(string text) => double.Parse(text.TrimEnd('%'), CultureInfo.InvariantCulture);
}
