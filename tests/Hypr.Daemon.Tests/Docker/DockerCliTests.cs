using Hypr.Daemon.Tests.Fakes;

namespace Hypr.Daemon.Tests.Docker;

/// <summary>Each test for each docker that is installed: 20.10 (Debian's) and 28.2 differ in what they send and in what they read.</summary>
public sealed class DockerCliTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    public static IEnumerable<TheoryDataRow<string>> Dockers => DockerCli.Found.Select(d => new TheoryDataRow<string>(d));

    [Theory, MemberData(nameof(Dockers))]
    public async Task Version_and_info(string docker)
    {
        Assert.Contains("1.51", (await api.RunAsync(docker, "version")).Good, StringComparison.Ordinal);
        Assert.Equal("linux", (await api.RunAsync(docker, "version --format {{.Server.Os}}")).Good.Trim());
        var info = await api.RunAsync(docker, "info");
        Assert.Contains("squashfs", info.Good, StringComparison.Ordinal);
        Assert.DoesNotContain("No swap limit", info.Error, StringComparison.Ordinal);
        Assert.Contains("this is a test", info.Out + info.Error, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Dockers))]
    public async Task Ps_images_and_networks(string docker)
    {
        Assert.StartsWith("CONTAINER ID", (await api.RunAsync(docker, "ps -a")).Good, StringComparison.Ordinal);
        Assert.Contains("busybox", (await api.RunAsync(docker, "images")).Good, StringComparison.Ordinal);
        Assert.Contains("bridge", (await api.RunAsync(docker, "network ls")).Good, StringComparison.Ordinal);
        Assert.Contains("10.88.0.0/16", (await api.RunAsync(docker, "network inspect bridge")).Good, StringComparison.Ordinal);
        Assert.Contains("TYPE", (await api.RunAsync(docker, "system df")).Good, StringComparison.Ordinal);
        Assert.Contains("DRIVER", (await api.RunAsync(docker, "volume ls")).Good, StringComparison.Ordinal);
        Assert.Contains("sha256:", (await api.RunAsync(docker, "inspect --format {{.Id}} busybox")).Good, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Dockers))]
    public async Task A_machines_life(string docker)
    {
        var name = "life" + docker.Count(c => c == '/');
        await api.RunAsync(docker, $"run -d --name {name} -p 8080:80 --label a=b busybox sh -c echo~out;echo~err>&2;exec~sleep~1000").Checked();
        var ps = (await api.RunAsync(docker, $"ps --filter name={name}")).Good;
        Assert.Contains("0.0.0.0:8080->80/tcp", ps, StringComparison.Ordinal);
        Assert.Contains("Up ", ps, StringComparison.Ordinal);
        Assert.Contains("8080", (await api.RunAsync(docker, $"port {name} 80")).Good, StringComparison.Ordinal);
        var logs = await api.RunAsync(docker, $"logs --timestamps {name}");
        Assert.Contains("Z out", logs.Good, StringComparison.Ordinal);
        Assert.Contains("Z err", logs.Error, StringComparison.Ordinal);
        Assert.Equal("hello", (await api.RunAsync(docker, $"exec {name} echo hello")).Good.Trim());
        Assert.Equal(7, (await api.RunAsync(docker, $"exec {name} sh -c exit~7")).Code);
        Assert.Equal(127, (await api.RunAsync(docker, $"exec {name} no-such-program")).Code);
        await api.RunAsync(docker, $"rename {name} {name}b").Checked();
        await api.RunAsync(docker, $"pause {name}b").Checked();
        Assert.Contains("(Paused)", (await api.RunAsync(docker, "ps")).Good, StringComparison.Ordinal);
        await api.RunAsync(docker, $"unpause {name}b").Checked();
        await api.RunAsync(docker, $"stop {name}b").Checked();
        Assert.Contains("Exited (143)", (await api.RunAsync(docker, "ps -a --filter status=exited")).Good, StringComparison.Ordinal);
        await api.RunAsync(docker, $"start {name}b").Checked();
        await api.RunAsync(docker, $"restart -t 1 {name}b").Checked();
        Assert.Equal(1, (await api.RunAsync(docker, $"rm {name}b")).Code);
        await api.RunAsync(docker, $"kill {name}b").Checked();
        Assert.Equal("137", (await api.RunAsync(docker, $"wait {name}b")).Good.Trim());
        await api.RunAsync(docker, $"rm {name}b").Checked();
        Assert.Contains("No such", (await api.RunAsync(docker, $"inspect {name}b")).Error, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Dockers))]
    public async Task Run_in_the_foreground_gives_streams_and_exit_code(string docker)
    {
        var run = await api.RunAsync(docker, "run --rm busybox sh -c echo~out;echo~err>&2;exit~5");
        Assert.Equal((5, "out\n", "err\n"), (run.Code, run.Out, run.Error));
        Assert.DoesNotContain("sh -c", (await api.RunAsync(docker, "ps -a --filter exited=5")).Good, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Dockers))]
    public async Task A_run_that_does_not_start_ends_with_its_code_and_leaves_nothing(string docker)
    {
        var run = await api.RunAsync(docker, "run --rm --name nostart busybox no-such-program");
        Assert.Equal(127, run.Code);
        Assert.Contains("executable file not found", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("nostart", (await api.RunAsync(docker, "ps -a")).Good, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Dockers))]
    public async Task Input_through_run_and_exec_comes_back_whole(string docker)
    {
        var name = "in" + docker.Count(c => c == '/');
        await api.RunAsync(docker, $"run -d --name {name} busybox sleep 1000").Checked();
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal($"x{i}\n", (await api.RunAsync(docker, $"exec -i {name} cat", $"x{i}\n")).Good);
        }

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal($"x{i}\n", (await api.RunAsync(docker, "run --rm -i busybox cat", $"x{i}\n")).Good);
        }
    }

    [Theory, MemberData(nameof(Dockers))]
    public async Task Networks_are_made_joined_and_removed(string docker)
    {
        var name = "net" + docker.Count(c => c == '/');
        await api.RunAsync(docker, $"network create --label x=y {name}").Checked();
        Assert.Contains("already exists", (await api.RunAsync(docker, $"network create {name}")).Error, StringComparison.Ordinal);
        await api.RunAsync(docker, $"create --name {name}m --network {name} busybox").Checked();
        await api.RunAsync(docker, $"network connect bridge {name}m").Checked();
        Assert.Equal(1, (await api.RunAsync(docker, $"network rm {name}")).Code);
        await api.RunAsync(docker, $"network disconnect {name} {name}m").Checked();
        await api.RunAsync(docker, $"network rm {name}").Checked();
        await api.RunAsync(docker, $"rm {name}m").Checked();
    }

    [Theory, MemberData(nameof(Dockers))]
    public async Task Pull_tag_by_tag_and_remove(string docker)
    {
        var name = "image" + docker.Count(c => c == '/');
        Assert.Contains("Downloaded newer image", (await api.RunAsync(docker, $"pull {name}:1")).Good, StringComparison.Ordinal);
        var missing = await api.RunAsync(docker, "pull missing");
        Assert.Contains("not found", missing.Out + missing.Error, StringComparison.Ordinal);
        Assert.Equal(1, missing.Code);
        Assert.Contains("lied about a digest", (await api.RunAsync(docker, "pull broken")).Error, StringComparison.Ordinal);
        await api.RunAsync(docker, $"tag {name}:1 {name}:2").Checked();
        Assert.Contains($"Loaded image: {name}:3", (await api.RunAsync(docker, "load", $"{name}:3\n")).Good, StringComparison.Ordinal);
        Assert.Contains("none of mine", (await api.RunAsync(docker, "load", new string('x', 20_000_000))).Error, StringComparison.Ordinal);
        Assert.Contains("Untagged", (await api.RunAsync(docker, $"rmi {name}:1")).Good, StringComparison.Ordinal);
        Assert.Equal(125, (await api.RunAsync(docker, "run missing")).Code);
    }

    [Theory, MemberData(nameof(Dockers))]
    public async Task What_is_not_used_is_named_in_a_warning(string docker)
    {
        var name = "unused" + docker.Count(c => c == '/');
        Assert.Equal("", (await api.RunAsync(docker, $"create --name {name} busybox")).Error);
        var told = await api.RunAsync(docker, $"create --name {name}x --pids-limit 5 --ulimit nofile=9 --cpu-shares 5 busybox");
        Assert.Contains("WARNING: --cpu-shares, --pids-limit: not used by HYPR", told.Error + told.Out, StringComparison.Ordinal);
        await api.RunAsync(docker, $"rm {name} {name}x").Checked();
    }

    [Theory, MemberData(nameof(Dockers))]
    public async Task What_HYPR_lacks_is_said_in_a_sentence(string docker)
    {
        Assert.Contains("is not in HYPR", (await api.RunAsync(docker, "push busybox")).Error, StringComparison.Ordinal);
        Assert.Contains("not a swarm manager", (await api.RunAsync(docker, "node ls")).Error, StringComparison.Ordinal);
        Assert.Contains("--device and --gpus: a VM has its own devices", (await api.RunAsync(docker, "run --device /dev/null busybox")).Error, StringComparison.Ordinal);
    }
}

internal static class CliResults
{
    public static async Task Checked(this Task<CliResult> result) => _ = (await result).Good;
}
