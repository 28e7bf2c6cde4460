using System.Collections.Concurrent;
using Hypr.Store;
using Hypr.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypr.Images.Tests;

/// <summary>An image service on a folder of its own, and eyes for what it wrote.</summary>
internal sealed class ImageLab : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-images-").FullName;

    public ImageLab(Func<ImageSettings, ImageSettings>? with = null)
    {
        Settings = new ImageSettings { Folder = Path.Combine(_folder, "images"), RetryDelay = TimeSpan.FromMilliseconds(10) };
        Settings = with?.Invoke(Settings) ?? Settings;
        Database = Database.Open(Path.Combine(_folder, "hypr.db"));
        Images = new ImageService(Database, Settings, TimeProvider.System, NullLoggerFactory.Instance);
    }

    public ImageSettings Settings { get; }

    public Database Database { get; private set; }

    public ImageService Images { get; private set; }

    public string Folder => Settings.Folder;

    public Task<Image> PullAsync(string name, string? platform = null, CancellationToken cancel = default) => Images.PullAsync(name, new PullOptions(platform, null), cancel);

    /// <summary>As if hyprd had been started again.</summary>
    public void Restart()
    {
        Images.Dispose();
        Database.Dispose();
        Database = Database.Open(Path.Combine(_folder, "hypr.db"));
        Images = new ImageService(Database, Settings, TimeProvider.System, NullLoggerFactory.Instance);
    }

    public IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Folder, folder), "*", SearchOption.AllDirectories).Select(f => Path.GetFileName(f)).Order();

    /// <summary>Nothing half made, no image, no file system.</summary>
    public void AssertNothingLeft()
    {
        Assert.Empty(Files("tmp"));
        Assert.Empty(Files("rootfs"));
        Assert.Empty(Images.List());
    }

    public static string Must(string program, params string[] arguments)
    {
        using var started = TestProgram.Start(null, program, arguments);
        var result = started.WaitForEnd();
        return result.Succeeded ? result.Output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {result.Error}{result.Output}");
    }

    public void Dispose()
    {
        Images.Dispose();
        Database.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>Keeps a pull's lines.</summary>
internal sealed class Lines : IProgress<PullProgress>
{
    private readonly ConcurrentQueue<PullProgress> _lines = new();

    public IReadOnlyList<PullProgress> All => [.. _lines];

    public void Report(PullProgress value) => _lines.Enqueue(value);
}
