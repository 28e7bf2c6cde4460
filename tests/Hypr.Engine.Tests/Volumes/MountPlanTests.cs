using Hypr.Engine.Machines;
using Hypr.Engine.Volumes;
using Hypr.Primitives;

namespace Hypr.Engine.Tests.Volumes;

public sealed class MountPlanTests
{
    private static readonly MachineConfig None = new() { Image = "x" };

    [Fact]
    public void A_name_is_a_volume_and_the_image_s_own_come_where_nothing_else_is()
    {
        var config = None with { Binds = ["data:/data/:ro", "logs:/var//log"], AnonymousVolumes = ["/cache"], Tmpfs = new Dictionary<string, string> { ["/run"] = "" } };
        var all = MountPlan.Of(config, ["/data", "/cache", "/run", "/var/lib"], NoMachine).Volumes;
        Assert.Equal(["data:/data:ro", "logs:/var/log", ":/cache", ":/var/lib"], all.Select(Text));
        Assert.Equal([false, false, true, true], all.Select(w => w.Mount.Anonymous));
    }

    [Fact]
    public void A_machine_s_own_mounts_go_before_those_taken_over()
    {
        var other = new Machine("1", "other", default, "sha256:1", None with
        {
            Volumes = [new VolumeMount { Volume = "a", Target = "/a" }, new VolumeMount { Volume = "b", Target = "/b", ReadOnly = true, Anonymous = true }],
        }, new MachineState());
        var config = None with { VolumesFrom = ["other"], Binds = ["mine:/a"] };
        var all = MountPlan.Of(config, [], _ => other).Volumes;
        Assert.Equal(["mine:/a", "b:/b:ro"], all.Select(Text));

        // What is another's goes with that one, not with this.
        Assert.False(all[1].Mount.Anonymous);
        Assert.Equal(["a:/a:ro", "b:/b:ro"], MountPlan.Of(None with { VolumesFrom = ["other:ro"] }, [], _ => other).Volumes.Select(Text));
        Assert.Equal(["a:/a", "b:/b"], MountPlan.Of(None with { VolumesFrom = ["other:rw"] }, [], _ => other).Volumes.Select(Text));
    }

    [Fact]
    public void A_mount_says_what_kind_of_volume_is_made()
    {
        var request = new MountRequest { Type = "volume", Source = "data", Target = "/data", NoCopy = true, Options = new Dictionary<string, string> { ["size"] = "1g" } };
        var wish = Assert.Single(MountPlan.Of(None with { Mounts = [request] }, [], NoMachine).Volumes);
        Assert.Equal(("data", "1g", true), (wish.Spec.Name, wish.Spec.Options["size"], wish.Mount.NoCopy));
        var anonymous = Assert.Single(MountPlan.Of(None with { Mounts = [request with { Source = "" }] }, [], NoMachine).Volumes);
        Assert.True(anonymous.Mount.Anonymous);
    }

    [Fact]
    public void A_path_is_a_folder_of_the_host_and_has_its_place_alone()
    {
        var other = new Machine("1", "other", default, "sha256:1", None with
        {
            Volumes = [new VolumeMount { Volume = "a", Target = "/a" }],
            Folders = [new FolderMount { Source = "/srv/b", Target = "/b" }, new FolderMount { Source = "/srv/c", Target = "/c" }],
        }, new MachineState());
        var config = None with
        {
            VolumesFrom = ["other:ro"],
            Binds = ["/srv/../srv/a/:/a:ro,z", "mine:/b"],
            Mounts = [new MountRequest { Type = "bind", Source = "/srv/d", Target = "/d" }],
        };
        var all = MountPlan.Of(config, ["/a", "/d"], _ => other);
        Assert.Equal(["mine:/b"], all.Volumes.Select(Text));
        Assert.Equal(["/srv/a /a True True", "/srv/c /c True False", "/srv/d /d False False"], all.Folders.Select(f => $"{f.Source} {f.Target} {f.ReadOnly} {f.MakesSource}"));
        Assert.Contains("Duplicate mount point: /b", Assert.Throws<HyprException>(
            () => MountPlan.Of(None with { Binds = ["/srv:/b", "mine:/b"] }, [], NoMachine)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/a/../../b/./c//", "/b/c")]
    [InlineData("/a", "/a")]
    public void A_place_is_cleaned(string path, string clean) => Assert.Equal(clean, MountPath.Clean(path));

    [Theory]
    [InlineData("/host:/data:nocopy", "invalid mode: nocopy")]
    [InlineData("/host:/data:rslave", "the bind propagation rslave is not in HYPR")]
    [InlineData("/host:/", "destination can't be '/'")]
    [InlineData("data", "invalid volume specification: 'data'")]
    [InlineData("data:", "invalid volume specification: 'data:'")]
    [InlineData(":/data", "invalid volume specification: ':/data'")]
    [InlineData("data:/data:ro:z", "invalid volume specification: 'data:/data:ro:z'")]
    [InlineData("data:data", "mount path must be absolute")]
    [InlineData("data:/..", "destination can't be '/'")]
    [InlineData("data:/data:rshared", "invalid mode: rshared")]
    [InlineData("./data:/data", "\"./data\" includes invalid characters for a local volume name")]
    [InlineData("a:/data", "volume name is too short")]
    public void What_is_wrong_is_said(string bind, string message) =>
        Assert.Contains(message, Assert.Throws<HyprException>(() => MountPlan.Of(None with { Binds = [bind] }, [], NoMachine)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("1g", 1L << 30)]
    [InlineData("1.5G", 3L << 29)]
    [InlineData("100MiB", 100L << 20)]
    [InlineData("100mb", 100L << 20)]
    [InlineData("17000000", 17L << 20)]
    [InlineData("16t", 16L << 40)]
    public void A_size_has_dockers_units(string text, long bytes) =>
        Assert.Equal(bytes, VolumeOptions.SizeOf(new Dictionary<string, string> { ["size"] = text }, 1, 16L << 20));

    [Theory]
    [InlineData("")]
    [InlineData("g")]
    [InlineData("-1g")]
    [InlineData("1e9")]
    [InlineData("15m")]
    [InlineData("17t")]
    [InlineData("99999999999999999999t")]
    public void A_size_that_is_none_is_refused(string text) =>
        Assert.Contains("invalid size", Assert.Throws<HyprException>(
            () => VolumeOptions.SizeOf(new Dictionary<string, string> { ["size"] = text }, 1, 16L << 20)).Message, StringComparison.Ordinal);

    private static Machine NoMachine(string name) => throw HyprException.NotFound($"No such container: {name}");

    private static string Text(VolumeWish wish) =>
        $"{(wish.Spec.Name.Length > 0 ? wish.Spec.Name : wish.Mount.Volume)}:{wish.Mount.Target}{(wish.Mount.ReadOnly ? ":ro" : "")}";
}
