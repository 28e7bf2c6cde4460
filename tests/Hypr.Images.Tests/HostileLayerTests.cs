using System.Text;
using Hypr.Primitives;
using Hypr.Testing.Images;

namespace Hypr.Images.Tests;

/// <summary>Tars that nobody should send: each is refused with the layer and the entry, and nothing stays.</summary>
public sealed class HostileLayerTests
{
    [Theory]
    [InlineData("../evil", "climbs out")]
    [InlineData("a/../../evil", "climbs out")]
    [InlineData("/../evil", "climbs out")]
    public Task A_name_that_climbs_out_is_refused(string name, string words) => RefusedAsync(t => t.File("fine", "1").File(name, "x"), words, name);

    [Fact]
    public Task A_hard_link_that_climbs_out_is_refused() => RefusedAsync(t => t.HardLink("evil", "../../etc/shadow"), "climbs out", "evil");

    [Fact]
    public Task A_hard_link_to_nothing_is_refused() => RefusedAsync(t => t.HardLink("evil", "/etc/shadow"), "not there", "evil");

    [Fact]
    public Task A_hard_link_to_a_folder_is_refused() => RefusedAsync(t => t.Directory("d").HardLink("evil", "d"), "directory", "evil");

    [Fact]
    public Task A_name_through_a_symbolic_link_that_climbs_out_is_refused() =>
        RefusedAsync(t => t.Symlink("out", "../../..").File("out/etc/evil", "x"), "climbs out", "out/etc/evil");

    [Fact]
    public Task A_name_through_symbolic_links_that_go_round_is_refused() =>
        RefusedAsync(t => t.Symlink("a", "b").Symlink("b", "a").File("a/evil", "x"), "too many symbolic links", "a/evil");

    [Fact]
    public async Task An_absolute_symbolic_link_leads_into_the_image_and_never_to_the_host()
    {
        var mark = $"/tmp/hypr-evil-{Guid.NewGuid():N}";
        using var lab = new ImageLab();
        var image = (await lab.Images.LoadAsync(Archive(t => t.Symlink("out", "/tmp").File("out/" + Path.GetFileName(mark), "x")), CancellationToken.None))[0].Image;
        Assert.False(File.Exists(mark));
        Assert.Contains("squashfs-root" + mark, ImageLab.Must("unsquashfs", "-l", image.RootFs));
    }

    [Fact]
    public Task A_file_in_the_way_of_a_folder_is_refused() => RefusedAsync(t => t.File("f", "1").File("f/evil", "x"), "not a directory", "f/evil");

    [Fact]
    public Task A_whiteout_of_nothing_is_refused() => RefusedAsync(t => t.File("d/.wh...", ""), "whiteout", ".wh...");

    [Fact]
    public Task A_part_of_a_name_that_is_too_long_is_refused() => RefusedAsync(t => t.File(new string('n', 256), "x"), "255", "nnn");

    [Fact]
    public Task A_name_that_is_too_long_is_refused() => RefusedAsync(t => t.File(string.Join('/', Enumerable.Repeat("part", 1000)), "x"), "4096", "part");

    [Fact]
    public Task A_name_with_a_NUL_is_refused() => RefusedAsync(t => Pax(t, "path", Encoding.ASCII.GetBytes("a\0b")), "NUL", null);

    [Fact]
    public Task An_attribute_that_is_too_large_is_refused() => RefusedAsync(t => t.File("f", "x", 0x1A4, 0, 0, ("user.big", new byte[70_000])), "user.big", null);

    [Fact]
    public Task A_huge_PAX_header_is_refused() =>
        RefusedAsync(t => t.Raw(t.Header("x", 'x', 2L << 30, "", 0, 0, 0, 0, 0)), "a PAX header has", null);

    [Theory]
    [InlineData("99999 path=x\n")]
    [InlineData("5 abcdefg\n")]
    [InlineData("-1 path=x\n")]
    [InlineData("hello")]
    public Task A_malformed_PAX_header_is_refused(string pax) =>
        RefusedAsync(t => t.Raw(t.Header("x", 'x', pax.Length, "", 0, 0, 0, 0, 0)).Data(Encoding.ASCII.GetBytes(pax)).File("f", "x"), "PAX", null);

    [Fact]
    public Task A_negative_size_is_refused() => RefusedAsync(t =>
    {
        var header = t.Header("f", '0', 0, "", 0, 0, 0, 0, 0);
        header.AsSpan(124, 12).Fill(0xFF);
        t.Raw(TarBuilder.Sum(header));
    }, "negative size", null);

    [Fact]
    public Task A_sparse_map_that_goes_back_is_refused() => RefusedAsync(t =>
    {
        var pax = new MemoryStream();
        TarBuilder.Record(pax, "GNU.sparse.size", "4096"u8.ToArray());
        TarBuilder.Record(pax, "GNU.sparse.map", "1024,512,0,512"u8.ToArray());
        t.Raw(t.Header("x", 'x', pax.Length, "", 0, 0, 0, 0, 0)).Data(pax.ToArray()).File("holes", new byte[1024]);
    }, "map of the sparse file holes", null);

    [Fact]
    public Task A_truncated_layer_is_refused() => RefusedAsync(new TarBuilder().File("f", new byte[10_000]).ToArray()[..3000], "truncated", null);

    [Fact]
    public Task A_layer_that_is_no_tar_is_refused() => RefusedAsync(Encoding.ASCII.GetBytes(new string('x', 5000)), "no tar archive", null);

    [Fact]
    public Task An_unknown_type_is_refused() => RefusedAsync(t => t.Entry("odd", 'Q', [], "", 0, 0, 0, 0, 0, []), "unknown type 'Q'", null);

    [Fact]
    public async Task Packed_rubbish_and_a_broken_packing_are_refused()
    {
        var packed = ImageBuilder.Gzip(new TarBuilder().File("f", Enumerable.Range(0, 50_000).Select(i => (byte)(i * 7919 >> 3)).ToArray()).ToArray());
        foreach (var blob in (byte[][])[packed[..(packed.Length / 2)], [.. packed[..200], .. new byte[200], .. packed[400..]], "BZh91AY&SY"u8.ToArray(), [0x28, 0xB5, 0x2F, 0xFD, 1, 2, 3, 4]])
            await RefusedBlobAsync(new ImageBuilder().Blob(blob, "sha256:" + new string('0', 64), "application/vnd.oci.image.layer.v1.tar+gzip"), "layer 1", null);
    }

    [Fact]
    public Task A_layer_that_is_not_what_the_configuration_says_is_refused_with_both_digests()
    {
        var tar = new TarBuilder().File("f", "x").ToArray();
        var wrong = "sha256:" + new string('1', 64);
        return RefusedBlobAsync(new ImageBuilder().Blob(ImageBuilder.Gzip(tar), wrong, "application/vnd.oci.image.layer.v1.tar+gzip"), wrong, ImageBuilder.Digest(tar));
    }

    [Fact]
    public async Task Too_many_entries_are_refused_as_a_bomb()
    {
        using var lab = new ImageLab(s => s with { MaxEntries = 50 });
        var refused = await Assert.ThrowsAsync<HyprException>(() => lab.Images.LoadAsync(Archive(t =>
        {
            for (var i = 0; i < 60; i++)
                t.File($"f{i}", "");
        }), CancellationToken.None));
        Assert.Contains("tar bomb", refused.Message);
        lab.AssertNothingLeft();
    }

    [Fact]
    public async Task A_bomb_of_zeros_stops_before_the_disk_is_full()
    {
        // All but 300 MB of the disk counts as kept free; 1 GB of zeros packs to 1 MB.
        var free = new DriveInfo(Path.GetTempPath()).AvailableFreeSpace;
        using var lab = new ImageLab(s => s with { KeepFree = free - (300L << 20) });
        var chunk = ImageBuilder.Gzip(new byte[16 << 20]);
        var header = ImageBuilder.Gzip(new TarBuilder().Header("zeros", '0', 1L << 30, "", 0x1A4, 0, 0, 0, 0));
        byte[] bomb = [.. header, .. Enumerable.Repeat(chunk, 64).SelectMany(c => c)];
        var refused = await Assert.ThrowsAsync<HyprException>(() => lab.Images.LoadAsync(
            new MemoryStream(new ImageBuilder().Blob(bomb, "sha256:" + new string('0', 64), "application/vnd.oci.image.layer.v1.tar+gzip").Build().ToArchive("t:1")),
            CancellationToken.None));
        Assert.Equal(ErrorKind.Unavailable, refused.Kind);
        Assert.Contains("no space left on device", refused.Message);
        Assert.Contains("layer 1 of t:1", refused.Message);
        lab.AssertNothingLeft();
    }

    [Fact]
    public async Task Any_damage_to_a_tar_is_refused_or_read_and_never_breaks_us()
    {
        var tar = new TarBuilder().Directory("d").File("d/" + new string('n', 150), "text", 0x1A4, 0, 0, ("user.a", [1, 2])).Symlink("s", "d").HardLink("h", "d/" + new string('n', 150)).ToArray();
        var random = new Random(4711);
        using var lab = new ImageLab();
        for (var round = 0; round < 300; round++)
        {
            var damaged = (byte[])tar.Clone();
            var at = random.Next(damaged.Length / 512) * 512;
            for (var i = 0; i < 3; i++)
                damaged[at + random.Next(512)] = (byte)random.Next(256);
            // Half of them with a right checksum, so that the fields are looked at.
            if (round % 2 == 0)
                TarBuilder.Sum(damaged.AsSpan(at, 512).ToArray()).CopyTo(damaged, at);
            var path = Path.Combine(lab.Folder, "damaged");
            await File.WriteAllBytesAsync(path, damaged);
            try
            {
                using var index = Layers.LayerIndex.Read(path, default, path + ".t", 1000, (_, _) => { }, CancellationToken.None);
                new Layers.RootTree(1000).Apply(0, index.Entries, index.Tar.SafeFileHandle);
            }
            catch (Tar.MalformedException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }
    }

    private static void Pax(TarBuilder tar, string key, byte[] value)
    {
        var pax = new MemoryStream();
        TarBuilder.Record(pax, key, value);
        tar.Raw(tar.Header("x", 'x', pax.Length, "", 0, 0, 0, 0, 0)).Data(pax.ToArray()).File("f", "x");
    }

    private static MemoryStream Archive(Action<TarBuilder> fill) => new(new ImageBuilder().Layer(fill).Build().ToArchive("t:1"));

    private static Task RefusedAsync(Action<TarBuilder> fill, string words, string? entry)
    {
        var tar = new TarBuilder();
        fill(tar);
        return RefusedAsync(tar.ToArray(), words, entry);
    }

    private static Task RefusedAsync(byte[] tar, string words, string? entry) => RefusedBlobAsync(new ImageBuilder().Layer(t => t.File("base", "1")).Layer(tar), words, entry, "layer 2 of t:1");

    private static async Task RefusedBlobAsync(ImageBuilder builder, string words, string? more, string layer = "layer 1 of t:1")
    {
        using var lab = new ImageLab();
        var refused = await Assert.ThrowsAsync<HyprException>(() => lab.Images.LoadAsync(new MemoryStream(builder.Build().ToArchive("t:1")), CancellationToken.None));
        Assert.Equal(ErrorKind.InvalidParameter, refused.Kind);
        Assert.Contains(layer, refused.Message);
        Assert.Contains(words, refused.Message);
        Assert.Contains(more ?? "", refused.Message);
        Assert.DoesNotContain('\n', refused.Message);
        lab.AssertNothingLeft();
    }
}
