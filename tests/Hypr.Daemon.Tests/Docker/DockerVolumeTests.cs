using Hypr.Daemon.Tests.Fakes;

namespace Hypr.Daemon.Tests.Docker;

/// <summary>docker's own volume commands and options, for each docker that is installed.</summary>
public sealed class DockerVolumeTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    public static IEnumerable<TheoryDataRow<string>> Dockers => DockerCli.Found.Select(d => new TheoryDataRow<string>(d));

    [Theory, MemberData(nameof(Dockers))]
    public async Task A_volumes_life(string docker)
    {
        var name = Name(docker, "life");
        Assert.Equal(name, (await api.RunAsync(docker, $"volume create --label who={name} -o size=64m {name}")).Good.Trim());
        Assert.Equal(name, (await api.RunAsync(docker, $"volume create {name}")).Good.Trim());
        Assert.Contains("already exists with a size of 64m", (await api.RunAsync(docker, $"volume create -o size=65m {name}")).Error, StringComparison.Ordinal);
        Assert.Equal(name, (await api.RunAsync(docker, $"volume ls -q --filter label=who={name}")).Good.Trim());
        Assert.Equal($"local {name} local 64m", (await api.RunAsync(docker, $"volume inspect -f {{{{.Driver}}}}~{{{{.Name}}}}~{{{{.Scope}}}}~{{{{.Options.size}}}} {name}")).Good.Trim());
        Assert.Contains("Local Volumes", (await api.RunAsync(docker, "system df")).Good, StringComparison.Ordinal);
        Assert.Contains(name, (await api.RunAsync(docker, "system df -v")).Good, StringComparison.Ordinal);
        Assert.Equal(name, (await api.RunAsync(docker, $"volume rm {name}")).Good.Trim());
        Assert.Contains("no such volume", (await api.RunAsync(docker, $"volume rm {name}")).Error, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, (await api.RunAsync(docker, $"volume rm -f {name}")).Code);
        Assert.False(File.Exists(api.Machines.Volumes.PathOf(name)));
    }

    [Theory, MemberData(nameof(Dockers))]
    public async Task A_named_volume_is_made_by_its_first_use_and_outlives_the_machine(string docker)
    {
        var name = Name(docker, "kept");
        var id = (await api.RunAsync(docker, $"create -v {name}:/data/./x/:ro,nocopy busybox true")).Good.Trim();
        Assert.Equal($"volume {name} /data/x false", (await api.RunAsync(docker, $"inspect -f {{{{range~.Mounts}}}}{{{{.Type}}}}~{{{{.Name}}}}~{{{{.Destination}}}}~{{{{.RW}}}}{{{{end}}}} {id}")).Good.Trim());
        Assert.Equal(id[..12], (await api.RunAsync(docker, $"ps -aq --filter volume={name}")).Good.Trim());
        Assert.Contains($"volume is in use - [{id}]", (await api.RunAsync(docker, $"volume rm {name}")).Error, StringComparison.Ordinal);
        await api.RunAsync(docker, $"rm -v {id}").Checked();
        Assert.Equal(name, (await api.RunAsync(docker, $"volume ls -q --filter dangling=true --filter name={name}")).Good.Trim());
        await api.RunAsync(docker, $"volume rm {name}").Checked();
    }

    [Theory, MemberData(nameof(Dockers))]
    public async Task An_anonymous_volume_goes_with_its_machine_if_that_is_asked_for(string docker)
    {
        var kept = (await api.RunAsync(docker, "create -v /a --mount type=volume,dst=/b busybox true")).Good.Trim();
        var volumes = (await VolumesOfAsync(docker, kept)).ToList();
        Assert.Equal(2, volumes.Count);
        Assert.All(volumes, v => Assert.Equal(64, v.Length));
        await api.RunAsync(docker, $"rm {kept}").Checked();
        var left = (await api.RunAsync(docker, "volume ls -q")).Good.Split('\n');
        Assert.All(volumes, v => Assert.Contains(v, left));

        await api.RunAsync(docker, "run --rm -v /a busybox true").Checked();
        var gone = (await api.RunAsync(docker, "create -v /a busybox true")).Good.Trim();
        await api.RunAsync(docker, $"rm -v {gone}").Checked();
        Assert.Equal(left.Order(), (await api.RunAsync(docker, "volume ls -q")).Good.Split('\n').Order());
        await api.RunAsync(docker, $"volume rm {string.Join(' ', volumes)}").Checked();
    }

    [Theory, MemberData(nameof(Dockers))]
    public async Task Volumes_from_takes_over_what_another_machine_has(string docker)
    {
        var name = Name(docker, "from");
        await api.RunAsync(docker, $"create --name {name} -v {name}:/data busybox true").Checked();
        var id = (await api.RunAsync(docker, $"create --volumes-from {name}:ro busybox true")).Good.Trim();
        Assert.Equal([name], await VolumesOfAsync(docker, id));
        Assert.Equal("false", (await api.RunAsync(docker, $"inspect -f {{{{(index~.Mounts~0).RW}}}} {id}")).Good.Trim());
        var missing = await api.RunAsync(docker, "create --volumes-from nobody busybox true");
        Assert.Contains("--volumes-from nobody: No such container: nobody", missing.Error, StringComparison.Ordinal);
        await api.RunAsync(docker, $"rm {id} {name}").Checked();
        await api.RunAsync(docker, $"volume rm {name}").Checked();
    }

    [Theory, MemberData(nameof(Dockers))]
    public async Task One_running_machine_writes_to_a_volume_and_readers_share_it(string docker)
    {
        var name = Name(docker, "once");
        await api.RunAsync(docker, $"run -d --name {name} -v {name}:/data busybox sleep 1000").Checked();
        var second = await api.RunAsync(docker, $"run -d --name {name}2 -v {name}:/data:ro busybox sleep 1000");
        Assert.Equal(125, second.Code);
        Assert.Contains($"the volume {name} is in use by the running VM {name} (read-write)", second.Error, StringComparison.Ordinal);
        await api.RunAsync(docker, $"kill {name}").Checked();
        await api.RunAsync(docker, $"start {name}2").Checked();
        await api.RunAsync(docker, $"run -d --name {name}3 -v {name}:/other:ro busybox sleep 1000").Checked();
        Assert.Contains("(read-only)", (await api.RunAsync(docker, $"start {name}")).Error, StringComparison.Ordinal);
        await api.RunAsync(docker, $"rm -f {name} {name}2 {name}3").Checked();
        await api.RunAsync(docker, $"volume rm {name}").Checked();
    }

    [Theory, MemberData(nameof(Dockers))]
    public async Task What_is_wrong_is_said_and_leaves_no_volume(string docker)
    {
        var name = Name(docker, "bad");
        foreach (var (arguments, message) in new[]
        {
            ($"-v {name}:relative", "mount path must be absolute"),
            ($"-v {name}:/", "destination can't be '/'"),
            ($"-v {name}:/data:rx", "invalid mode: rx"),
            ($"-v {name}:/data -v {name}2:/data", "Duplicate mount point: /data"),
            ($"-v {name}:/data --tmpfs /data", "Duplicate mount point: /data"),
            ($"-v {name}:/data -v /run/socket:/socket", "/run/socket on /socket: folders and files of the host can be mounted in a VM, and this is a socket"),
            ($"-v {name}:/data --mount type=bind,src=/gone,dst=/gone", "invalid mount config for type \"bind\": bind source path does not exist: /gone"),
            ($"-v {name}:/data -v /srv:/srv:rshared", "the bind propagation rshared is not in HYPR"),
            ($"--volume-driver nfs -v {name}:/data", "plugin \"nfs\" not found"),
            ($"-v {name}:/data --mount type=volume,src={name}x,dst=/other,volume-opt=size=huge", "invalid size: 'huge'"),
        })
        {
            var result = await api.RunAsync(docker, $"create {arguments} busybox true");
            Assert.NotEqual(0, result.Code);
            Assert.Contains(message, result.Error, StringComparison.Ordinal);
        }

        Assert.Equal("", (await api.RunAsync(docker, $"volume ls -q --filter name={name}")).Good.Trim());
    }

    [Theory, MemberData(nameof(Dockers))]
    public async Task Prune_takes_what_nobody_uses(string docker)
    {
        var name = Name(docker, "prune");
        await api.RunAsync(docker, $"volume create --label prune={name} {name}").Checked();
        var used = (await api.RunAsync(docker, $"create --mount type=volume,src={name}u,dst=/data,volume-label=prune={name} busybox true")).Good.Trim();
        var spared = await api.RunAsync(docker, $"volume prune -f --filter label=prune={name}");
        var isNew = (await api.RunAsync(docker, "volume prune --help")).Out.Contains("--all", StringComparison.Ordinal);
        Assert.Equal(!isNew, spared.Good.Contains(name + "\n", StringComparison.Ordinal));
        if (isNew)
        {
            Assert.Contains(name + "\n", (await api.RunAsync(docker, $"volume prune -af --filter label=prune={name}")).Good, StringComparison.Ordinal);
        }

        Assert.Equal(name + "u", (await api.RunAsync(docker, $"volume ls -q --filter label=prune={name}")).Good.Trim());
        await api.RunAsync(docker, $"rm {used}").Checked();
        await api.RunAsync(docker, $"volume rm {name}u").Checked();
    }

    private async Task<string[]> VolumesOfAsync(string docker, string id) =>
        (await api.RunAsync(docker, $"inspect -f {{{{range~.Mounts}}}}{{{{.Name}}}}~{{{{end}}}} {id}")).Good.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);

    private static string Name(string docker, string what) => what + docker.Count(c => c == '/');
}
