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
        var built = new ImageBuilder { Entrypoint = ["/bin/x"], Cmd = ["-v"], ExposedPorts = ["80/tcp"], StopSignal = "SIGQUIT", Labels = new Dictionary<string, string> { ["a"] = "b" } }
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
