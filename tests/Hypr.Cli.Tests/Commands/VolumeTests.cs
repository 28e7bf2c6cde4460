namespace Hypr.Cli.Tests.Commands;

public sealed class VolumeTests : CommandRunner
{
    private const string Two = """
        {"Volumes":[
          {"Name":"zebra","Driver":"local","Scope":"local","Mountpoint":"/var/lib/hypr/volumes/zebra.ext4","Labels":{"a":"b"},"Hypr":{"SizeBytes":1073741824,"UsedBytes":1000000}},
          {"Name":"ant","Driver":"local","Scope":"local","Mountpoint":"/var/lib/hypr/volumes/ant.ext4","Labels":null}],
         "Warnings":[]}
        """;

    [Fact]
    public void Volume_ls_is_dockers()
    {
        Daemon.On("GET /volumes", Two);
        Assert.Equal((0, "DRIVER     VOLUME NAME\nlocal      ant\nlocal      zebra\n", ""), Run("volume ls"));
        Assert.Equal("ant\nzebra\n", Run("volume ls -q -f dangling=true").Output);
        Assert.Contains("dangling", Daemon.Requests[^1].Query, StringComparison.Ordinal);
        Assert.Equal("ant  \nzebra a=b b\n", Run(["volume", "ls", "--format", "{{.Name}} {{.Labels}} {{.Label \"a\"}}"]).Output);
        Assert.Contains("/var/lib/hypr/volumes/zebra.ext4", Run(["volume", "ls", "--format", "{{.Mountpoint}}"]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Volume_create_rm_and_prune_ask_as_docker_asks()
    {
        Daemon.On("POST /volumes/create", """{"Name":"data"}""", 201).On("DELETE /volumes/data", "", 204)
            .On("POST /volumes/prune", """{"VolumesDeleted":["a","b"],"SpaceReclaimed":1500000}""")
            .On("GET /volumes/data", """{"Name":"data","Mountpoint":"/d/data.ext4"}""");
        Assert.Equal((0, "data\n", ""), Run("volume create -o size=20g --label a=b data"));
        Assert.Equal("""{"Name":"data","Driver":"local","DriverOpts":{"size":"20g"},"Labels":{"a":"b"}}""", Daemon.Requests[^1].Text);
        var removed = Run("volume rm data gone");
        Assert.Equal((1, "data\n"), (removed.Code, removed.Output));
        Assert.Equal("/d/data.ext4\n", Run(["volume", "inspect", "-f", "{{.Mountpoint}}", "data"]).Output);
        Assert.Equal((0, "Deleted Volumes:\na\nb\n\nTotal reclaimed space: 1.5MB\n", ""), Run("volume prune -f"));
        Assert.Equal("", Daemon.Requests[^1].Query);
        Assert.EndsWith("[y/N] ", Run("volume prune -a", input: "n\n").Output, StringComparison.Ordinal);
        Assert.Equal(0, Run("volume prune -af").Code);
        Assert.Contains("all", Daemon.Requests[^1].Query, StringComparison.Ordinal);
    }

    [Fact]
    public void Mounts_are_sent_as_dockers_client_sends_them()
    {
        Daemon.On("POST /containers/create", """{"Id":"c1","Warnings":[]}""", 201);
        Assert.Equal(0, Run(
            "create -v data:/data:ro -v /anonymous --volumes-from db:ro --volume-driver local --mount type=volume,src=logs,dst=/logs,volume-nocopy,volume-opt=size=1g,volume-label=a=b,ro "
            + "--mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1770 nginx").Code);
        var sent = Daemon.Requests[0].Text;
        Assert.Contains("\"Volumes\":{\"/anonymous\":{}}", sent, StringComparison.Ordinal);
        Assert.Contains("\"Binds\":[\"data:/data:ro\"]", sent, StringComparison.Ordinal);
        Assert.Contains("\"VolumesFrom\":[\"db:ro\"]", sent, StringComparison.Ordinal);
        Assert.Contains("\"VolumeDriver\":\"local\"", sent, StringComparison.Ordinal);
        Assert.Contains(
            """{"Type":"volume","Source":"logs","Target":"/logs","ReadOnly":true,"VolumeOptions":{"NoCopy":true,"Labels":{"a":"b"},"DriverConfig":{"Options":{"size":"1g"}}}}""",
            sent, StringComparison.Ordinal);
        Assert.Contains("\"TmpfsOptions\":{\"SizeBytes\":1048576,\"Mode\":1016}", sent, StringComparison.Ordinal);
        Assert.Contains("tmpfs-mode takes an octal number", Run("create --mount type=tmpfs,dst=/t,tmpfs-mode=99 nginx").Error, StringComparison.Ordinal);
    }
}
