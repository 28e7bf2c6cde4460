using Hypr.Primitives;
using Hypr.Testing.Images;

namespace Hypr.Images.Tests;

/// <summary>Names, removal, what stays after a restart, two pulls at a time.</summary>
public sealed class StoreTests
{
    private static readonly Func<string, IReadOnlyList<string>> Unused = _ => [];
    private static readonly BuiltImage One = new ImageBuilder { Cmd = ["one"] }.Layer(t => t.File("base", "b")).Layer(t => t.File("one", "1")).Build();
    private static readonly BuiltImage Two = new ImageBuilder { Cmd = ["two"] }.Layer(t => t.File("base", "b")).Layer(t => t.File("two", "2")).Build();

    /// <summary>The same layers as One, another configuration.</summary>
    private static readonly BuiltImage OneAgain = new ImageBuilder { Cmd = ["again"] }.Layer(t => t.File("base", "b")).Layer(t => t.File("one", "1")).Build();

    [Fact]
    public async Task An_image_is_found_by_id_name_digest_and_prefix()
    {
        using var lab = new ImageLab();
        await LoadAsync(lab, One, "nginx:1");
        var hex = One.Id["sha256:".Length..];
        foreach (var way in (string[])[One.Id, hex, hex[..12], hex[..4], "sha256:" + hex[..12], "nginx:1", "docker.io/library/nginx:1"])
            Assert.Equal(One.Id, lab.Images.Find(way)?.Id);
        foreach (var way in (string[])["nginx", "nginx:2", "other", "", "sha256:", "UPPER", hex[..63] + (hex[63] == '0' ? '1' : '0')])
            Assert.Null(lab.Images.Find(way));
    }

    [Fact]
    public async Task A_prefix_of_two_ids_is_ambiguous_and_a_name_comes_before_a_prefix()
    {
        using var lab = new ImageLab();
        for (var i = 0; i < 17; i++)
            await LoadAsync(lab, new ImageBuilder { Cmd = [$"{i}"] }.Build(), $"i:{i}");
        var shared = lab.Images.List().GroupBy(i => i.Id["sha256:".Length..][..1]).First(g => g.Count() > 1).Key;
        Assert.Equal(ErrorKind.InvalidParameter, Assert.Throws<HyprException>(() => lab.Images.Find(shared)).Kind);
        lab.Images.Tag("i:3", shared);
        Assert.Contains("i:3", lab.Images.Find(shared)!.Tags);
    }

    [Fact]
    public async Task A_name_moves_to_the_newer_image_and_the_older_stays_without()
    {
        using var lab = new ImageLab();
        await LoadAsync(lab, One, "app:1");
        await LoadAsync(lab, Two, "app:1");
        Assert.Equal(Two.Id, lab.Images.Find("app:1")!.Id);
        Assert.Empty(lab.Images.Find(One.Id)!.Tags);
        Assert.Equal(2, lab.Images.List().Count);
    }

    [Fact]
    public async Task Removing_a_name_of_several_only_untags_and_the_last_one_deletes_everything()
    {
        using var lab = new ImageLab();
        await LoadAsync(lab, One, "app:1");
        lab.Images.Tag("app:1", "127.0.0.1:5000/other:2");
        Assert.Equal([new ImageRemoval("app:1", null)], lab.Images.Remove("app:1", false, Unused));
        Assert.Equal(["127.0.0.1:5000/other:2"], lab.Images.Find(One.Id)!.Tags);
        Assert.Equal([new ImageRemoval("127.0.0.1:5000/other:2", null), new ImageRemoval(null, One.Id)], lab.Images.Remove("127.0.0.1:5000/other:2", false, Unused));
        Assert.Empty(lab.Images.List());
        Assert.Empty(lab.Files("blobs"));
        Assert.Empty(lab.Files("rootfs"));
        Assert.Equal("No such image: app:1", Assert.Throws<HyprException>(() => lab.Images.Remove("app:1", true, Unused)).Message);
    }

    [Fact]
    public async Task Removing_by_id_takes_all_names_of_one_repository_and_refuses_several_repositories_unless_forced()
    {
        using var lab = new ImageLab();
        await LoadAsync(lab, One, "app:1");
        lab.Images.Tag("app:1", "other:1");
        var id = One.Id["sha256:".Length..][..12];
        var refused = Assert.Throws<HyprException>(() => lab.Images.Remove(id, false, Unused));
        Assert.Equal(ErrorKind.Conflict, refused.Kind);
        Assert.Equal($"conflict: unable to delete {id} (must be forced) - image is referenced in multiple repositories", refused.Message);
        Assert.Equal(3, lab.Images.Remove(id, true, Unused).Count);
        Assert.Empty(lab.Images.List());
    }

    [Fact]
    public async Task An_image_in_use_keeps_its_file_system_even_when_forced()
    {
        var machine = new string('a', 64);
        using var lab = new ImageLab();
        await LoadAsync(lab, One, "app:1");
        var id = One.Id["sha256:".Length..][..12];
        Assert.Equal($"conflict: unable to remove repository reference \"app:1\" (must force) - container aaaaaaaaaaaa is using its referenced image {id}",
            Assert.Throws<HyprException>(() => lab.Images.Remove("app:1", false, _ => [machine])).Message);
        Assert.Equal($"conflict: unable to delete {id} (cannot be forced) - image is being used by container aaaaaaaaaaaa",
            Assert.Throws<HyprException>(() => lab.Images.Remove(id, true, _ => [machine])).Message);
        Assert.Equal([new ImageRemoval("app:1", null)], lab.Images.Remove("app:1", true, _ => [machine]));
        Assert.True(File.Exists(lab.Images.Find(id)!.RootFs));
        Assert.Equal([new ImageRemoval(null, One.Id)], lab.Images.Remove(id, false, Unused));
        Assert.Empty(lab.Files("rootfs"));
    }

    [Fact]
    public async Task Files_that_another_image_has_too_stay()
    {
        using var lab = new ImageLab();
        foreach (var (image, name) in new[] { (One, "one:1"), (Two, "two:1"), (OneAgain, "again:1") })
            await LoadAsync(lab, image, name);
        Assert.Equal(2, lab.Files("rootfs").Count());
        Assert.Equal(lab.Images.Find("one:1")!.RootFs, lab.Images.Find("again:1")!.RootFs);
        lab.Images.Remove("one:1", false, Unused);
        Assert.True(File.Exists(lab.Images.Find("again:1")!.RootFs));
        lab.Images.Remove("again:1", false, Unused);
        Assert.True(File.Exists(lab.Images.Find("two:1")!.RootFs));
        Assert.Equal(Two.Blobs.Keys.Select(k => k["sha256:".Length..]).Order(), lab.Files("blobs"));
    }

    [Fact]
    public async Task After_a_restart_everything_is_there_and_what_was_half_made_is_gone()
    {
        using var lab = new ImageLab();
        await LoadAsync(lab, One, "app:1");
        var before = lab.Images.Find("app:1")!;
        File.WriteAllText(Path.Combine(lab.Folder, "tmp", "7"), "half");
        File.WriteAllText(Path.Combine(lab.Folder, "rootfs", "orphan.squashfs"), "x");
        var recent = Path.Combine(lab.Folder, "blobs", "sha256", new string('1', 64));
        var old = Path.Combine(lab.Folder, "blobs", "sha256", new string('2', 64));
        File.WriteAllText(recent, "x");
        File.WriteAllText(old, "x");
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddDays(-2));
        lab.Restart();
        Assert.Equivalent(before, lab.Images.Find("app:1"), strict: true);
        Assert.Empty(lab.Files("tmp"));
        Assert.Single(lab.Files("rootfs"));
        Assert.True(File.Exists(recent));
        Assert.False(File.Exists(old));
    }

    [Fact]
    public async Task An_image_whose_file_system_was_lost_is_forgotten()
    {
        using var lab = new ImageLab();
        await LoadAsync(lab, One, "app:1");
        File.Delete(lab.Images.Find("app:1")!.RootFs);
        lab.Restart();
        Assert.Empty(lab.Images.List());
        await LoadAsync(lab, One, "app:1");
        Assert.True(File.Exists(lab.Images.Find("app:1")!.RootFs));
    }

    [Fact]
    public async Task Two_pulls_of_one_image_fetch_each_blob_once_and_both_see_the_progress()
    {
        using var registry = new FakeRegistry(One, _ => null);
        using var lab = new ImageLab();
        var logs = Enumerable.Range(0, 4).Select(_ => new Lines()).ToList();
        var images = await Task.WhenAll(logs.Select(l => lab.Images.PullAsync($"{registry.Authority}/app", new PullOptions(null, l), CancellationToken.None)));
        Assert.All(images, i => Assert.Equal(One.Id, i.Id));
        foreach (var digest in One.Blobs.Keys)
            Assert.Equal(1, registry.Count(digest));
        Assert.All(logs, l => Assert.StartsWith("Status: ", l.All[^1].Status));
        Assert.Single(lab.Images.List());
    }

    [Fact]
    public async Task Two_images_fetch_the_layer_they_share_once()
    {
        using var one = new FakeRegistry(One, _ => null);
        using var two = new FakeRegistry(Two, _ => null);
        using var lab = new ImageLab();
        await Task.WhenAll(lab.PullAsync($"{one.Authority}/a"), lab.PullAsync($"{two.Authority}/a"));
        var shared = One.Blobs.Keys.Intersect(Two.Blobs.Keys).Single();
        Assert.Equal(1, one.Count(shared) + two.Count(shared));
    }

    [Fact]
    public async Task A_pull_that_is_cancelled_leaves_nothing_half_made_and_the_other_one_goes_on()
    {
        var big = One.Blobs.MaxBy(b => b.Value.Length).Key;
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new ManualResetEventSlim();
        using var registry = new FakeRegistry(One, r =>
        {
            if (!r.Path.EndsWith(big, StringComparison.Ordinal))
                return null;
            reached.TrySetResult();
            gate.Wait(TimeSpan.FromSeconds(20));
            return null;
        });
        using var lab = new ImageLab();
        using var stop = new CancellationTokenSource();
        var cancelled = lab.PullAsync($"{registry.Authority}/app", cancel: stop.Token);
        await reached.Task;
        var other = lab.PullAsync($"{registry.Authority}/app");
        // The other has joined when it has asked for the manifest and nothing of it is left to be asked.
        while (registry.Count("/manifests/") < 2)
            await Task.Yield();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        gate.Set();
        Assert.Equal(One.Id, (await other).Id);
        Assert.Empty(lab.Files("tmp"));
    }

    [Fact]
    public async Task A_cancelled_pull_and_a_cancelled_build_leave_nothing()
    {
        var built = new ImageBuilder().Layer(t =>
        {
            var noise = new byte[20 << 20];
            new Random(2).NextBytes(noise);
            t.File("noise", noise);
        }, LayerPacking.Plain).Build();
        using var registry = new FakeRegistry(built, _ => null);
        foreach (var at in (string[])["Pulling fs layer", "Downloading", "Download complete", "Extracting"])
        {
            using var lab = new ImageLab();
            using var stop = new CancellationTokenSource();
            var progress = new StopAt(at, stop);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lab.Images.PullAsync($"{registry.Authority}/app", new PullOptions(null, progress), stop.Token));
            lab.AssertNothingLeft();
        }
    }

    [Fact]
    public async Task What_docker_save_and_skopeo_write_is_loaded()
    {
        var folder = Directory.CreateTempSubdirectory("hypr-save-").FullName;
        try
        {
            One.WriteLayout(Path.Combine(folder, "oci"), "x");
            foreach (var (kind, name) in new[] { ("docker-archive", "my/app:3"), ("oci-archive", "my/app:4") })
            {
                var file = Path.Combine(folder, kind);
                ImageLab.Must("skopeo", "--insecure-policy", "copy", "-q", $"oci:{folder}/oci:x", $"{kind}:{file}:{name}");
                foreach (var packed in (bool[])[false, true])
                {
                    using var lab = new ImageLab();
                    var bytes = await File.ReadAllBytesAsync(file);
                    var loaded = await lab.Images.LoadAsync(new MemoryStream(packed ? ImageBuilder.Gzip(bytes) : bytes), CancellationToken.None);
                    Assert.Equal([name], Assert.Single(loaded).Names);
                    Assert.Equal(["one"], lab.Images.Find(name)!.Config.Cmd);
                    Assert.Equal("1\n", ImageLab.Must("unsquashfs", "-cat", loaded[0].Image.RootFs, "one"));
                    Assert.Empty(lab.Files("tmp"));
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(new byte[0], "neither manifest.json")]
    [InlineData(new byte[] { 1, 2, 3 }, "truncated")]
    public async Task What_is_no_archive_is_refused(byte[] bytes, string words)
    {
        using var lab = new ImageLab();
        var refused = await Assert.ThrowsAsync<HyprException>(() => lab.Images.LoadAsync(new MemoryStream(bytes), CancellationToken.None));
        Assert.Equal(ErrorKind.InvalidParameter, refused.Kind);
        Assert.Contains(words, refused.Message);
        lab.AssertNothingLeft();
    }

    [Fact]
    public async Task An_archive_whose_blob_is_not_its_name_is_refused()
    {
        var bytes = One.ToArchive("app:1");
        var layer = One.Blobs.First(b => b.Key != One.Id);
        var at = bytes.AsSpan().IndexOf(layer.Value);
        bytes[at + layer.Value.Length - 1] ^= 1;
        using var lab = new ImageLab();
        var refused = await Assert.ThrowsAsync<HyprException>(() => lab.Images.LoadAsync(new MemoryStream(bytes), CancellationToken.None));
        Assert.Contains(layer.Key["sha256:".Length..], refused.Message);
        lab.AssertNothingLeft();
    }

    [Fact]
    public async Task An_image_of_another_architecture_is_refused_by_load()
    {
        using var lab = new ImageLab();
        var refused = await Assert.ThrowsAsync<HyprException>(() => LoadAsync(lab, new ImageBuilder { Architecture = "s390x" }.Layer(t => t.File("a", "b")).Build(), "app:1"));
        Assert.Contains("linux/s390x", refused.Message);
        lab.AssertNothingLeft();
    }

    private static Task LoadAsync(ImageLab lab, BuiltImage image, string name) => lab.Images.LoadAsync(new MemoryStream(image.ToArchive(name)), CancellationToken.None);

    private sealed class StopAt(string status, CancellationTokenSource stop) : IProgress<PullProgress>
    {
        public void Report(PullProgress value)
        {
            if (value.Status == status)
                stop.Cancel();
        }
    }
}
