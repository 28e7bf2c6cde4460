using System.Diagnostics;
using Hypr.Machines.Disks;

namespace Hypr.Machines.Tests.Disks;

/// <summary>With the real mkfs.ext4, e2fsck and debugfs.</summary>
public sealed class VolumeFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-volumes-").FullName;
    private readonly VolumeFiles _files;

    public VolumeFilesTests() => _files = new VolumeFiles(_folder, new EmptyDisks(_folder, 1L << 30));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(16L << 20)]
    [InlineData(100L << 20)]
    [InlineData(1L << 30)]
    [InlineData(200L << 30)]
    public async Task A_disk_is_a_sound_ext4_of_its_size_that_takes_little_of_the_host(long bytes)
    {
        await _files.CreateAsync("data", bytes, CancellationToken.None);
        var path = _files.PathOf("data");
        Assert.Equal(bytes, new FileInfo(path).Length);
        Assert.InRange(_files.UsedBytes("data"), 4096, 64L << 20);
        Assert.Equal("600", Run("stat", "-c", "%a", path).Trim());
        Assert.Contains("has_journal", Run("dumpe2fs", "-h", path), StringComparison.Ordinal);
        Run("e2fsck", "-fn", path);
        _files.Delete("data");
        Assert.Equal(0, _files.UsedBytes("data"));
        _files.Delete("data");
    }

    [Fact]
    public async Task A_new_disk_and_one_that_was_not_unmounted_are_not_in_order()
    {
        await _files.CreateAsync("data", 64L << 20, CancellationToken.None);
        var path = _files.PathOf("data");
        Assert.False(_files.IsInOrder("data"));
        Run("debugfs", "-w", "-R", "set_super_value mtime 20261124", path);
        Assert.True(_files.IsInOrder("data"));
        Run("debugfs", "-w", "-R", "feature needs_recovery", path);
        Assert.False(_files.IsInOrder("data"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData(".new")]
    public void No_name_leads_out_of_the_folder(string name) => Assert.Throws<ArgumentException>(() => _files.PathOf(name));

    private static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = "/usr/sbin:/sbin:/usr/bin:/bin";
        start.FileName = new[] { "/usr/sbin/", "/sbin/", "/usr/bin/" }.Select(f => f + program).First(File.Exists);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: {output}{error.Result}");
        return output;
    }
}
