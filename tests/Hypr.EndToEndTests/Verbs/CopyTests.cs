using Hypr.Testing;

namespace Hypr.EndToEndTests.Verbs;

/// <summary>cp both ways, by hypr and by every docker CLI.</summary>
public sealed class CopyTests(OneVm vm) : IClassFixture<OneVm>
{
    public static TheoryData<string> Clients => OneVm.Clients;

    [Theory]
    [MemberData(nameof(Clients))]
    public void A_file_goes_in_and_out_with_content_mode_and_time(string client)
    {
        var folder = vm.Scratch();
        var bytes = new byte[3_000_000];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes($"{folder}/in", bytes);
        vm.Must("chmod", "500", $"{folder}/in");
        File.SetLastWriteTimeUtc($"{folder}/in", new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        vm.Ok(client, "cp", $"{folder}/in", "web:/root/in");
        Assert.Equal("500 1577934245 3000000 0\n", vm.Shell("stat -c '%a %Y %s %u' /root/in"));
        vm.Ok(client, "cp", "web:/root/in", $"{folder}/out");
        Assert.Equal(bytes, File.ReadAllBytes($"{folder}/out"));
        Assert.Equal(new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc), File.GetLastWriteTimeUtc($"{folder}/out"));
        vm.Ok(client, "cp", "web:/root/in", folder + "/in");
        vm.Shell("rm /root/in");
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void Folders_land_where_docker_says(string client)
    {
        var folder = vm.Scratch();
        Directory.CreateDirectory($"{folder}/site/sub");
        File.WriteAllText($"{folder}/site/index", "one");
        File.WriteAllText($"{folder}/site/sub/page", "two");
        File.CreateSymbolicLink($"{folder}/site/link", "sub/page");
        vm.Shell("rm -rf /root/new /root/there; mkdir /root/there");

        // To what is not there it becomes it; into what is there it goes; of /. only the content.
        vm.Ok(client, "cp", $"{folder}/site", "web:/root/new");
        Assert.Equal("one two sub/page\n", vm.Shell("cd /root/new; echo $(cat index) $(cat sub/page) $(readlink link)"));
        vm.Ok(client, "cp", $"{folder}/site", "web:/root/there");
        vm.Ok(client, "cp", $"{folder}/site/.", "web:/root/there");
        Assert.Equal("index\nlink\nsite\nsub\n", vm.Shell("ls /root/there"));

        vm.Ok(client, "cp", "web:/root/new", $"{folder}/new");
        Assert.Equal("two", File.ReadAllText($"{folder}/new/sub/page"));
        Assert.Equal("sub/page", new FileInfo($"{folder}/new/link").LinkTarget);
        Directory.CreateDirectory($"{folder}/there");
        vm.Ok(client, "cp", "web:/root/new", $"{folder}/there");
        vm.Ok(client, "cp", "web:/root/new/.", $"{folder}/there");
        Assert.Equal(["index", "link", "new", "sub"], Directory.GetFileSystemEntries($"{folder}/there").Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void A_link_is_copied_as_a_link_and_followed_with_L(string client)
    {
        var folder = vm.Scratch();
        vm.Shell("echo real > /root/target; ln -sf /root/target /root/link; ln -sfn /etc /root/folder");
        vm.Ok(client, "cp", "web:/root/link", $"{folder}/link");
        Assert.Equal("/root/target", new FileInfo($"{folder}/link").LinkTarget);
        vm.Ok(client, "cp", "-L", "web:/root/link", $"{folder}/followed");
        Assert.Equal("real\n", File.ReadAllText($"{folder}/followed"));
        // A link on the way is followed inside the VM, also one to an absolute path.
        vm.Ok(client, "cp", "web:/root/folder/hostname", $"{folder}/hostname");
        Assert.Equal(vm.Shell("cat /etc/hostname"), File.ReadAllText($"{folder}/hostname"));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void A_dash_is_a_tar(string client)
    {
        var folder = vm.Scratch();
        File.WriteAllText($"{folder}/piped", "by tar");
        vm.Must("sh", "-c", $"tar -cf {folder}/in.tar --owner=33 --group=33 -C {folder} piped");
        var program = vm.Begin(client, "cp", "-", "web:/root");
        program.WriteAndClose(File.ReadAllText($"{folder}/in.tar"));
        var result = program.WaitForEnd();
        Assert.True(result.Succeeded, result.Error);
        Assert.Equal("33 by tar\n", vm.Shell("echo $(stat -c %u /root/piped) $(cat /root/piped)"));
        Assert.StartsWith("piped", vm.Ok(client, "cp", "web:/root/piped", "-"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void What_is_wrong_is_said_and_nothing_is_made(string client)
    {
        var folder = vm.Scratch();
        File.WriteAllText($"{folder}/file", "");
        Fails("web:/no/such/file", ["cp", "web:/no/such/file", folder], "/no/such/file");
        Fails("a folder over a file", ["cp", folder, "web:/etc/passwd"], "cannot copy");
        Fails("a missing folder", ["cp", $"{folder}/file", "web:/no/such/folder/"], "");
        Fails("a missing VM", ["cp", "nowhere:/etc/passwd", folder], "nowhere");
        Fails("a missing file", ["cp", $"{folder}/none", "web:/root"], "no such file or directory");
        Fails("two hosts", ["cp", folder, folder], "");
        Assert.Equal(["file"], Directory.GetFileSystemEntries(folder).Select(Path.GetFileName));

        void Fails(string what, string[] arguments, string words)
        {
            var result = vm.Run(client, arguments);
            Assert.True(result.ExitCode is 1 or 125, $"{what}: {result.ExitCode} {result.Error}");
            Assert.Contains(words, result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_device_and_a_hostile_tar_get_nothing_out_of_the_folder()
    {
        var folder = vm.Scratch();
        var device = vm.Run("hypr", "cp", "web:/dev/null", $"{folder}/null");
        Assert.Equal(1, device.ExitCode);
        Assert.Contains("is a device", device.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder));

        // A folder of the VM's that holds one: what was copied before it stays, the device is not made.
        vm.Shell("mkdir -p /root/hostile; mknod /root/hostile/zero c 1 5 || true");
        Assert.Equal(1, vm.Run("hypr", "cp", "web:/root/hostile", folder).ExitCode);
        Assert.False(File.Exists($"{folder}/hostile/zero"));
    }

    [Fact]
    public void A_full_disk_of_the_vm_is_an_error()
    {
        var folder = vm.Scratch();
        File.WriteAllBytes($"{folder}/big", new byte[70 << 20]);
        var result = vm.Run("hypr", "cp", $"{folder}/big", "web:/dev/shm/big");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("space", result.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Single(result.Error.Trim().Split('\n'));
        vm.Shell("rm -f /dev/shm/big");
    }

    [Fact]
    public void Of_a_stopped_vm_it_says_how_to_go_on()
    {
        vm.MustHypr("create", "--name", "stopped", "tools", "true");
        var result = vm.Run("hypr", "cp", "stopped:/etc/passwd", vm.Scratch());
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("hypr start stopped", result.Error, StringComparison.Ordinal);
        vm.MustHypr("rm", "stopped");
    }
}
