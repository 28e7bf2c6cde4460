using Hypr.Linux.Files;
using Hypr.Testing.Images;

namespace Hypr.Tar.Tests;

/// <summary>Tars of people who want out: whatever they hold, nothing beside the folder changes.</summary>
public sealed class TreeUnpackerTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("hypr-unpack-").FullName;
    private readonly string _into;
    private readonly string _outside;

    public TreeUnpackerTests()
    {
        _into = Directory.CreateDirectory(Path.Combine(_root, "into")).FullName;
        _outside = Directory.CreateDirectory(Path.Combine(_root, "outside")).FullName;
        File.WriteAllText(Path.Combine(_outside, "secret"), "mine");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("../outside/evil")]
    [InlineData("a/../../outside/evil")]
    [InlineData("..")]
    [InlineData("/../outside/evil")]
    [InlineData("a/..")]
    public void A_name_that_climbs_out_is_refused(string name) => Refused(t => t.File(name, "x"), "climbs out");

    [Fact]
    public void An_absolute_name_is_one_in_the_folder()
    {
        Unpack(t => t.File("/etc/evil", "x"));
        Assert.Equal("x", File.ReadAllText(Path.Combine(_into, "etc/evil")));
    }

    [Fact]
    public void A_link_that_the_tar_brings_is_no_way_out() => Refused(t => t.Symlink("door", "../outside").File("door/evil", "x"), "leads through door");

    [Fact]
    public void An_absolute_link_that_the_tar_brings_is_no_way_out() => Refused(t => t.Symlink("door", _outside).File("door/evil", "x"), "leads through door");

    [Fact]
    public void A_link_that_was_there_is_no_way_out()
    {
        Directory.CreateSymbolicLink(Path.Combine(_into, "door"), _outside);
        Refused(t => t.File("door/evil", "x"), "leads through door");
    }

    [Fact]
    public void A_file_over_a_link_replaces_the_link_and_not_what_it_names()
    {
        File.CreateSymbolicLink(Path.Combine(_into, "file"), Path.Combine(_outside, "secret"));
        Unpack(t => t.File("file", "theirs"));
        Assert.Null(new FileInfo(Path.Combine(_into, "file")).LinkTarget);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(_outside, "secret")));
    }

    [Fact]
    public void A_folder_over_a_link_replaces_the_link()
    {
        Directory.CreateSymbolicLink(Path.Combine(_into, "door"), _outside);
        Unpack(t => t.Directory("door").File("door/file", "x"));
        Assert.False(File.Exists(Path.Combine(_outside, "file")));
        Assert.Equal("x", File.ReadAllText(Path.Combine(_into, "door/file")));
    }

    [Theory]
    [InlineData("../outside/secret", "climbs out")]
    [InlineData("door/secret", "leads through door")]
    public void A_hard_link_takes_nothing_from_outside(string target, string words)
    {
        Directory.CreateSymbolicLink(Path.Combine(_into, "door"), _outside);
        Refused(t => t.HardLink("theft", target), words);
        Assert.False(File.Exists(Path.Combine(_into, "theft")));
    }

    [Fact]
    public void A_hard_link_to_a_link_gives_the_link_and_not_what_it_names()
    {
        File.CreateSymbolicLink(Path.Combine(_into, "door"), Path.Combine(_outside, "secret"));
        Unpack(t => t.HardLink("theft", "door").File("theft", "theirs"));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(_outside, "secret")));
    }

    [Theory]
    [InlineData('3')]
    [InlineData('4')]
    public void A_device_is_refused_unless_it_was_asked_for(char type) => Refused(t => t.Device("evil", type, 1, 3), "is a device");

    [Fact]
    public void Set_user_id_is_not_kept_where_the_owner_is_not()
    {
        Unpack(t => t.File("program", "x", mode: 0xDED));
        Assert.Equal((UnixFileMode)0x1ED, File.GetUnixFileMode(Path.Combine(_into, "program")));
    }

    [Fact]
    public void A_folder_is_kept_where_that_was_asked_for()
    {
        Directory.CreateDirectory(Path.Combine(_into, "folder/sub"));
        Refused(t => t.File("folder", "x"), "cannot overwrite directory", keepFolders: true);
        Assert.True(Directory.Exists(Path.Combine(_into, "folder/sub")));
    }

    [Fact]
    public void What_is_cut_off_is_refused()
    {
        var tar = new TarBuilder().File("file", new byte[10_000]).ToArray();
        Assert.Throws<MalformedException>(() => Unpack(new MemoryStream(tar, 0, 5_000)));
    }

    private void Refused(Func<TarBuilder, TarBuilder> write, string words, bool keepFolders = false)
    {
        var refusal = Assert.Throws<MalformedException>(() => Unpack(new MemoryStream(write(new TarBuilder()).ToArray()), keepFolders));
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["secret"], Directory.GetFileSystemEntries(_outside).Select(Path.GetFileName));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(_outside, "secret")));
    }

    private void Unpack(Func<TarBuilder, TarBuilder> write) => Unpack(new MemoryStream(write(new TarBuilder()).ToArray()));

    private void Unpack(MemoryStream tar, bool keepFolders = false)
    {
        using var folder = Folder.Open(_into);
        new TreeUnpacker(folder) { KeepFolders = keepFolders }.Unpack(new StreamSource(tar));
    }
}
