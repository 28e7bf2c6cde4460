using Hypr.Primitives;
using Hypr.Testing.Images;

namespace Hypr.Images.Tests;

/// <summary>Against Debian's docker-registry on loopback.</summary>
public sealed class PullTests(PullTests.RegistryFixture fixture) : IClassFixture<PullTests.RegistryFixture>
{
    private LocalRegistry Registry => fixture.Registry;

    [Fact]
    public async Task A_pulled_image_has_its_configuration_its_names_and_one_file_system()
    {
        var built = new ImageBuilder { Entrypoint = ["/bin/x"], Cmd = ["-v"], ExposedPorts = ["80/tcp"], StopSignal = "SIGQUIT", HealthTest = "exit 0", Labels = new Dictionary<string, string> { ["a"] = "b" } }
            .Layer(t => t.Directory("etc").File("etc/one", "1"))
            .Layer(t => t.File("etc/two", "2"))
            .Build();
        var name = await Registry.PushAsync(built, "first/image", "v1");
        using var lab = new ImageLab();
        var lines = new Lines();
        var image = await lab.Images.PullAsync(name, new PullOptions(null, lines), CancellationToken.None);

        Assert.Equal(built.Id, image.Id);
        Assert.Equal([name], image.Tags);
        Assert.Equal([$"{Registry.Authority}/first/image@{built.ManifestDigest}"], image.Digests);
        Assert.Equal(["/bin/x"], image.Config.Entrypoint);
        Assert.Equal(["-v"], image.Config.Cmd);
        Assert.Equal(["80/tcp"], image.Config.ExposedPorts);
        Assert.Equal("SIGQUIT", image.Config.StopSignal);
        Assert.Equal(["CMD-SHELL", "exit 0"], image.Config.Healthcheck!.Test);
        Assert.Equal((5_000_000_000, 0), (image.Config.Healthcheck.Interval, image.Config.Healthcheck.Retries));
        Assert.Equal("b", image.Config.Labels["a"]);
        Assert.Equal(DateTimeOffset.Parse("2024-05-06T07:08:09.1234568Z", System.Globalization.CultureInfo.InvariantCulture), image.Created);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(image.RootFs));
        Assert.Equal("1\n", ImageLab.Must("unsquashfs", "-cat", image.RootFs, "etc/one"));
        Assert.Equal("2\n", ImageLab.Must("unsquashfs", "-cat", image.RootFs, "etc/two"));
        Assert.Empty(lab.Files("tmp"));
        Assert.Equal(image.Id, lab.Images.Find(name)?.Id);

        var words = lines.All.Select(l => l.Status).ToList();
        Assert.Equal("Pulling from first/image", words[0]);
        Assert.Equal("v1", lines.All[0].Id);
        foreach (var word in (string[])["Pulling fs layer", "Downloading", "Verifying Checksum", "Download complete", "Extracting", "Pull complete"])
            Assert.True(words.Contains(word), $"no line '{word}'");
        Assert.Equal([$"Digest: {built.ManifestDigest}", $"Status: Downloaded newer image for {name}"], words[^2..]);

        var again = new Lines();
        await lab.Images.PullAsync(name, new PullOptions(null, again), CancellationToken.None);
        Assert.Equal($"Status: Image is up to date for {name}", again.All[^1].Status);
        Assert.DoesNotContain(again.All, l => l.Status == "Downloading");
    }

    [Fact]
    public async Task The_platform_of_the_host_is_chosen_or_the_one_asked_for()
    {
        var amd = Of("amd64", null);
        var arm7 = Of("arm", "v7");
        var arm64 = Of("arm64", "v8");
        var name = await Registry.PushIndexAsync([arm7, arm64, amd], "multi");
        using var lab = new ImageLab();
        var host = System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? arm64 : amd;
        Assert.Equal(host.Id, (await lab.PullAsync(name)).Id);
        Assert.Equal(arm7.Id, (await lab.PullAsync(name, "linux/arm/v7")).Id);
        Assert.Equal(arm64.Id, (await lab.PullAsync(name, "arm64")).Id);
        Assert.Equal("arm64", lab.Images.Find(name)!.Architecture);
        // All are called by the digest of the list, which now means the last one pulled.
        Assert.Equal([$"{Registry.Authority}/multi@{ImageBuilder.Digest(BuiltImage.Index(arm7, arm64, amd))}"], lab.Images.Find(name)!.Digests);
        await RefusedAsync(lab, name, "linux/s390x", ErrorKind.NotFound, "no matching manifest for linux/s390x in the manifest list entries");
        await RefusedAsync(lab, name, "linux/arm/v5", ErrorKind.NotFound, "no matching manifest for linux/arm/v5 in the manifest list entries");

        static BuiltImage Of(string architecture, string? variant) =>
            new ImageBuilder { Architecture = architecture, Variant = variant }.Layer(t => t.File("arch", architecture)).Build();
    }

    [Fact]
    public async Task An_image_of_one_other_platform_is_refused()
    {
        var name = await Registry.PushAsync(new ImageBuilder { Architecture = "riscv64" }.Layer(t => t.File("a", "b")).Build(), "foreign");
        using var lab = new ImageLab();
        await RefusedAsync(lab, name, "linux/amd64", ErrorKind.NotFound, $"image with reference {name} was found but its platform (linux/riscv64) does not match the specified platform (linux/amd64)");
        lab.AssertNothingLeft();
    }

    [Fact]
    public async Task An_image_is_pulled_by_digest_and_keeps_only_that_name()
    {
        var built = new ImageBuilder().Layer(t => t.File("by", "digest")).Build();
        await Registry.PushAsync(built, "pinned", "v1");
        using var lab = new ImageLab();
        var name = $"{Registry.Authority}/pinned@{built.ManifestDigest}";
        var image = await lab.PullAsync(name);
        Assert.Empty(image.Tags);
        Assert.Equal([name], image.Digests);
        Assert.Equal(built.Id, lab.Images.Find($"{Registry.Authority}/pinned:v1@{built.ManifestDigest}")?.Id);
    }

    [Fact]
    public async Task What_is_not_there_is_said_in_Dockers_words()
    {
        await Registry.PushAsync(new ImageBuilder().Layer(t => t.File("a", "b")).Build(), "known");
        using var lab = new ImageLab();
        await RefusedAsync(lab, $"{Registry.Authority}/known:nope", null, ErrorKind.NotFound, $"manifest for {Registry.Authority}/known:nope not found: manifest unknown: manifest unknown");
        // docker-registry answers so for a repository too.
        await RefusedAsync(lab, $"{Registry.Authority}/unknown", null, ErrorKind.NotFound, $"{Registry.Authority}/unknown");
        lab.AssertNothingLeft();
    }

    [Fact]
    public async Task What_skopeo_stores_in_Dockers_formats_is_pulled()
    {
        var folder = Directory.CreateTempSubdirectory("hypr-v2s2-").FullName;
        try
        {
            var built = new ImageBuilder { Cmd = ["x"] }.Layer(t => t.File("f", "schema 2")).Build();
            built.WriteLayout(folder, "x");
            foreach (var options in (string[][])[["--format=v2s2"], ["--format=oci", "--dest-compress-format=zstd", "--dest-compress"]])
            {
                var name = Registry.Copy($"oci:{folder}:x", "copied", "latest", options);
                using var lab = new ImageLab();
                var image = await lab.PullAsync(name);
                Assert.Equal(["x"], image.Config.Cmd);
                Assert.Equal("schema 2\n", ImageLab.Must("unsquashfs", "-cat", image.RootFs, "f"));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_whole_Debian_with_nginx_is_pulled_and_equals_its_tar()
    {
        var name = await Registry.PushAsync(TestImages.NginxLight().Build(), "library/nginx");
        using var lab = new ImageLab(s => s with { RegistryMirrors = [$"http://{Registry.Authority}"] });
        var image = await lab.PullAsync("nginx");
        Assert.Equal(["nginx:latest"], image.Tags);
        Assert.Equal(["80/tcp"], image.Config.ExposedPorts);
        using var unpacked = new Unpacked(image.RootFs);
        var folder = Directory.CreateTempSubdirectory("hypr-nginx-").FullName;
        try
        {
            ImageLab.Must("tar", "-C", folder, "--numeric-owner", "--xattrs", "--xattrs-include=*", "-xpf", Directory.GetFiles(TestImages.CacheFolder(), "nginx*.tar").Single());
            Assert.Equal(Unpacked.Stat(folder), unpacked.Stat());
            Assert.Equal("", ImageLab.Must("diff", "-r", "--no-dereference", "--exclude=dev", folder, unpacked.Folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        Assert.NotNull(name);
    }

    [Fact]
    public async Task A_registry_can_stand_in_another_namespace()
    {
        using var space = Hypr.Testing.TestNamespace.Create("reg");
        using var registry = await LocalRegistry.StartAsync(space.Space, 5000);
        var built = TestImages.Busybox().Build();
        Assert.Equal("127.0.0.1:5000/busybox:latest", await registry.PushAsync(built, "busybox"));
        Assert.Contains(built.Id, space.Must("skopeo", "--insecure-policy", "inspect", "--raw", "--tls-verify=false", "docker://127.0.0.1:5000/busybox:latest"));
    }

    private static async Task RefusedAsync(ImageLab lab, string name, string? platform, ErrorKind kind, string words)
    {
        var refused = await Assert.ThrowsAsync<HyprException>(() => lab.PullAsync(name, platform));
        Assert.Equal(kind, refused.Kind);
        Assert.Contains(words, refused.Message);
    }

    public sealed class RegistryFixture : IAsyncLifetime
    {
        public LocalRegistry Registry { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Registry = await LocalRegistry.StartAsync();

        public ValueTask DisposeAsync()
        {
            Registry.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
