using System.Text;
using Hypr.Testing;
using Hypr.Testing.Images;

namespace Hypr.Images.Tests;

/// <summary>Layers become one file system: what it lists, and that it equals what umoci unpacks.</summary>
public sealed class MergeTests
{
    private static readonly byte[] Capability = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0xFF, 0xFE, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    [Fact]
    public async Task A_whiteout_hides_what_lower_layers_have_and_nothing_of_its_own_layer()
    {
        var files = await ListAsync(new ImageBuilder()
            .Layer(t => t.Directory("a").File("a/gone", "1").File("a/stays", "1").Directory("b/deep").File("b/deep/x", "1").File("c", "1"))
            .Layer(t => t.Whiteout("a/gone").Whiteout("b").Whiteout("c").File("c", "2").Whiteout("not-there").Whiteout("nor/there")));
        Assert.Equal(["/a", "/a/stays", "/c"], files.Keys);
    }

    [Fact]
    public async Task Padding_that_is_missing_behind_the_last_file_does_not_matter_as_for_Go()
    {
        // umoci 0.4.7 inserts layers that end with the last file's last byte.
        var tar = new TarBuilder().File("a", "1").File("last", "12").ToArray()[..(512 + 512 + 512 + 2)];
        var files = await ListAsync(new ImageBuilder().Blob(ImageBuilder.Gzip(tar), ImageBuilder.Digest(tar), "application/vnd.oci.image.layer.v1.tar+gzip"));
        Assert.Equal(["/a", "/last"], files.Keys);
    }

    [Fact]
    public async Task A_whiteout_behind_the_new_file_does_not_hide_it()
    {
        var files = await ListAsync(new ImageBuilder()
            .Layer(t => t.File("d/old", "1").File("f", "1"))
            .Layer(t => t.File("f", "2").Whiteout("f").File("d/new", "2").Whiteout("d")));
        Assert.Equal(["/d", "/d/new", "/f"], files.Keys);
    }

    [Fact]
    public async Task An_opaque_folder_keeps_only_what_its_layer_and_later_ones_put_there()
    {
        var files = await ListAsync(new ImageBuilder()
            .Layer(t => t.File("d/old", "1").File("d/sub/old", "1"))
            .Layer(t => t.Directory("d").File("d/new", "2").Opaque("d").File("d/sub/new", "2"))
            .Layer(t => t.File("d/later", "3")));
        Assert.Equal(["/d", "/d/later", "/d/new", "/d/sub", "/d/sub/new"], files.Keys);
    }

    [Fact]
    public async Task A_file_replaces_a_folder_and_a_folder_a_file()
    {
        var files = await ListAsync(new ImageBuilder()
            .Layer(t => t.File("d/x", "1").File("f", "1"))
            .Layer(t => t.File("d", "2").Directory("f").File("f/y", "2")));
        Assert.Equal(["/d", "/f", "/f/y"], files.Keys);
        Assert.StartsWith("-", files["/d"]);
        Assert.StartsWith("d", files["/f"]);
    }

    [Fact]
    public async Task A_folder_named_again_keeps_its_files_and_takes_the_new_mode_and_owner()
    {
        var files = await ListAsync(new ImageBuilder()
            .Layer(t => t.Directory("d").File("d/x", "1"))
            .Layer(t => t.Directory("d", 0x1C0, 7, 8)));
        Assert.Contains("/d/x", files.Keys);
        Assert.StartsWith("drwx------ 7/8", files["/d"]);
    }

    [Fact]
    public async Task Hard_links_share_one_inode_across_layers_and_outlive_the_first_name()
    {
        using var lab = new ImageLab();
        var image = await LoadAsync(lab, new ImageBuilder()
            .Layer(t => t.File("a", "shared").HardLink("b", "a"))
            .Layer(t => t.HardLink("c", "/b").Whiteout("a").File("d", "other").HardLink("e", "d")));
        using var unpacked = new Unpacked(image.RootFs);
        Assert.Equal("shared", File.ReadAllText(unpacked.Path("c")));
        Assert.False(File.Exists(unpacked.Path("a")));
        Assert.Equal(unpacked.Inode("b"), unpacked.Inode("c"));
        Assert.Equal(unpacked.Inode("d"), unpacked.Inode("e"));
        Assert.NotEqual(unpacked.Inode("b"), unpacked.Inode("d"));
    }

    [Fact]
    public async Task Names_go_through_symbolic_links_inside_the_image_as_in_a_chroot()
    {
        using var lab = new ImageLab();
        var image = await LoadAsync(lab, new ImageBuilder()
            .Layer(t => t.Directory("usr/lib").Symlink("lib", "usr/lib").Directory("run").Directory("var").Symlink("var/run", "/run").Symlink("up", "usr/../run"))
            .Layer(t => t.File("lib/x.so", "x").File("var/run/pid", "1").File("up/y", "y").Whiteout("lib/nothing")));
        using var unpacked = new Unpacked(image.RootFs);
        Assert.Equal("x", File.ReadAllText(unpacked.Path("usr/lib/x.so")));
        Assert.Equal("1", File.ReadAllText(unpacked.Path("run/pid")));
        Assert.Equal("y", File.ReadAllText(unpacked.Path("run/y")));
        Assert.Equal("usr/lib", new FileInfo(unpacked.Path("lib")).LinkTarget);
    }

    [Fact]
    public async Task Everything_a_file_has_is_kept()
    {
        var longName = string.Join('/', Enumerable.Repeat(new string('n', 120), 5)) + "/é ö\u4e2d";
        using var lab = new ImageLab();
        var image = await LoadAsync(lab, new ImageBuilder().Layer(t =>
        {
            t.Directory(".", 0x1C9, 11, 12)
                .File("suid", "s", 0x9ED, 1000, 70_000)
                .File("big-owner", "o", 0x1A4, 3_000_000_000, 4_000_000_000)
                .File("capable", "c", 0x1ED, 0, 0, ("security.capability", Capability), ("user.note", Encoding.UTF8.GetBytes("a=b\nc")))
                .Directory("marked", 0x1ED, 0, 0, ("user.dir", [0, 255, 10]))
                .File(longName, "deep")
                .Symlink("far", "/" + longName)
                .Symlink("up", "../" + longName)
                .Entry("labelled", '2', [], "/" + longName, 0x1FF, 0, 0, 0, 0, [("trusted.label", [1])])
                .HardLink("deep", longName)
                .Device("null", '3', 1, 3).Device("disk", '4', 259, 1000).Fifo("pipe")
                .File("zeros", new byte[3_000_000]).File("empty", "");
        }));
        using var unpacked = new Unpacked(image.RootFs);
        var lines = unpacked.Stat();
        Assert.Equal("711 11 12 directory", lines["."]);
        Assert.Equal("4755 1000 70000 regular file", lines["./suid"]);
        Assert.Equal("644 3000000000 4000000000 regular file", lines["./big-owner"]);
        Assert.Equal("666 0 0 character special file 1 3", lines["./null"]);
        Assert.Equal("666 0 0 block special file 103 3e8", lines["./disk"]);
        Assert.Equal("644 0 0 fifo", lines["./pipe"]);
        Assert.Equal("deep", File.ReadAllText(unpacked.Path(longName)));
        Assert.Equal("/" + longName, new FileInfo(unpacked.Path("far")).LinkTarget);
        Assert.Equal("../" + longName, new FileInfo(unpacked.Path("up")).LinkTarget);
        Assert.Equal("/" + longName, new FileInfo(unpacked.Path("labelled")).LinkTarget);
        Assert.Equal(unpacked.Inode(longName), unpacked.Inode("deep"));
        Assert.Equal(3_000_000, new FileInfo(unpacked.Path("zeros")).Length);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000).UtcDateTime, File.GetLastWriteTimeUtc(unpacked.Path("suid")));
        Assert.Equal(Convert.ToHexStringLower(Capability), unpacked.Xattr("capable", "security.capability"));
        Assert.Equal(Convert.ToHexStringLower("a=b\nc"u8), unpacked.Xattr("capable", "user.note"));
        Assert.Equal("00ff0a", unpacked.Xattr("marked", "user.dir"));
    }

    [Theory]
    [InlineData("--format=gnu")]
    [InlineData("--format=posix")]
    [InlineData("--format=v7")]
    [InlineData("--format=gnu --sparse")]
    [InlineData("--format=posix --sparse --sparse-version=0.0")]
    [InlineData("--format=posix --sparse --sparse-version=0.1")]
    [InlineData("--format=posix --sparse --sparse-version=1.0")]
    public async Task What_GNU_tar_writes_is_read_in_all_its_formats(string options)
    {
        var folder = Directory.CreateTempSubdirectory("hypr-tar-").FullName;
        try
        {
            var long_ = options.Contains("v7", StringComparison.Ordinal) ? "short" : new string('x', 200);
            Directory.CreateDirectory(Path.Combine(folder, "in", "sub"));
            File.WriteAllText(Path.Combine(folder, "in", long_), "long");
            using (var sparse = File.Create(Path.Combine(folder, "in", "sub", "sparse")))
            {
                // More pieces than one header has room for.
                for (var i = 0; i < 40; i++)
                {
                    sparse.Position = i * 200_000L;
                    sparse.Write("piece"u8);
                }

                sparse.SetLength(10_000_000);
            }

            ImageLab.Must("tar", [.. options.Split(' '), "-C", Path.Combine(folder, "in"), "-cf", Path.Combine(folder, "t.tar"), "."]);
            using var lab = new ImageLab();
            var image = await LoadAsync(lab, new ImageBuilder().Layer(File.ReadAllBytes(Path.Combine(folder, "t.tar"))));
            using var unpacked = new Unpacked(image.RootFs);
            Assert.Equal("long", File.ReadAllText(unpacked.Path(long_)));
            Assert.Equal(File.ReadAllBytes(Path.Combine(folder, "in", "sub", "sparse")), File.ReadAllBytes(unpacked.Path("sub/sparse")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Layers_packed_with_gzip_in_pieces_with_zstd_and_not_at_all_are_read()
    {
        static byte[] Tar(string name) => new TarBuilder().File(name, name).ToArray();
        var half = Tar("pieces");
        using var zstd = new ZstdSharp.Compressor();
        using var lab = new ImageLab();
        var image = await LoadAsync(lab, new ImageBuilder()
            .Blob([.. ImageBuilder.Gzip(half[..512]), .. ImageBuilder.Gzip(half[512..])], ImageBuilder.Digest(half), "application/vnd.oci.image.layer.v1.tar+gzip")
            .Blob(zstd.Wrap(Tar("zstd")).ToArray(), ImageBuilder.Digest(Tar("zstd")), "application/vnd.oci.image.layer.v1.tar+zstd")
            .Layer(Tar("plain"), LayerPacking.Plain));
        Assert.Equal(["/pieces", "/plain", "/zstd"], List(image.RootFs).Keys);
    }

    [Fact]
    public async Task An_image_without_layers_is_an_empty_root()
    {
        var files = await ListAsync(new ImageBuilder());
        Assert.Empty(files);
    }

    [Fact]
    public async Task The_file_system_equals_what_umoci_unpacks()
    {
        var built = TestImages.Busybox()
            .Layer(t => t.Whiteout("bin/vi").Symlink("bin/extra", "busybox").HardLink("bin/hard", "bin/busybox").Directory("etc").Opaque("etc").File("etc/hosts", "x", 0x180, 5, 6))
            .Layer(t => t.Directory("home", 0x1C0, 1000, 1000).File("home/capable", "c", 0x1ED, 0, 0, ("security.capability", Capability)).Whiteout("var"))
            .Build();
        var folder = Directory.CreateTempSubdirectory("hypr-umoci-").FullName;
        try
        {
            built.WriteLayout(Path.Combine(folder, "oci"), "x");
            ImageLab.Must("umoci", "unpack", "--image", Path.Combine(folder, "oci") + ":x", Path.Combine(folder, "bundle"));
            using var lab = new ImageLab();
            var image = (await lab.Images.LoadAsync(new MemoryStream(built.ToArchive("x:1")), CancellationToken.None))[0].Image;
            using var unpacked = new Unpacked(image.RootFs);
            var expected = Unpacked.Stat(Path.Combine(folder, "bundle", "rootfs"));
            var actual = unpacked.Stat();
            // The root itself is in no layer here.
            expected.Remove(".");
            actual.Remove(".");
            Assert.Equal(expected, actual);
            Assert.Equal("", ImageLab.Must("diff", "-r", "--no-dereference", Path.Combine(folder, "bundle", "rootfs"), unpacked.Folder));
            Assert.Equal(unpacked.Inode("bin/busybox"), unpacked.Inode("bin/hard"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<SortedDictionary<string, string>> ListAsync(ImageBuilder builder)
    {
        using var lab = new ImageLab();
        return List((await LoadAsync(lab, builder)).RootFs);
    }

    private static async Task<Image> LoadAsync(ImageLab lab, ImageBuilder builder) =>
        (await lab.Images.LoadAsync(new MemoryStream(builder.Build().ToArchive("t:1")), CancellationToken.None))[0].Image;

    /// <summary>Path to mode and owner, without the root.</summary>
    private static SortedDictionary<string, string> List(string squashfs)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in ImageLab.Must("unsquashfs", "-llnumeric", "-d", "", squashfs).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 6)
                found[words[5]] = $"{words[0]} {words[1]}";
        }

        return found;
    }
}
