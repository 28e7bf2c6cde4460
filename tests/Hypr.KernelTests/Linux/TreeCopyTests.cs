using System.Diagnostics;
using Hypr.Linux.Files;

namespace Hypr.KernelTests.Linux;

/// <summary>Against cp -a, and the ways out of a tree that a link may try.</summary>
public sealed class TreeCopyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-tree-").FullName;

    /// <summary>.NET does not find a file whose name is not UTF-8.</summary>
    public void Dispose() => Process.Start("rm", ["-rf", _folder]).WaitForExit();

    [Fact]
    public void A_tree_is_copied_with_all_that_cp_a_keeps()
    {
        Shell("""
            mkdir -p from/deep/er to by-cp && cd from
            echo text > file && chmod 4751 file && chown 1000:1001 file && chmod 4751 file
            head -c 300000 /dev/urandom > deep/big
            ln -s /nowhere dangling && ln -s deep link && chown -h 7:8 link
            ln file deep/hard && ln deep/big deep/er/hard
            mkfifo -m 0620 deep/fifo && mknod deep/null c 1 3
            printf 'x' > "$(printf 'not-utf8-\377')"
            setfattr -n user.note -v hello file 2>/dev/null || true
            touch -d '2001-02-03 04:05:06.789' deep/er file
            chmod 0711 deep && chown 5:6 . && chmod 1777 .
            touch -d '2002-02-02' .
            """);
        using (var from = Descriptor.Open(_folder + "/from", Descriptor.ReadOnly))
        using (var to = Descriptor.Open(_folder + "/to", Descriptor.ReadOnly))
            TreeCopy.Run(from, to);
        Shell("cp -a from/. by-cp/");
        const string List = "cd $0 && ls -lAnR --time-style=full-iso . | sed 's/^total.*//' && ls -ldn --time-style=full-iso . && md5sum deep/big && getfattr -dR . 2>/dev/null || true";
        Assert.Equal(Shell(List, "by-cp"), Shell(List, "to"));
        Assert.Equal("same\n", Shell("[ to/file -ef to/deep/hard ] && [ to/deep/big -ef to/deep/er/hard ] && echo same"));
    }

    [Fact]
    public void A_path_within_a_root_does_not_leave_it()
    {
        Shell("mkdir -p root/real outside && touch root/real/in outside/out && ln -s /real root/absolute && ln -s ../../../../outside root/dots && ln -s real/in root/file");
        using var root = Descriptor.Open(_folder + "/root", Descriptor.ReadOnly);
        using var found = TreeCopy.OpenFolderWithin(root, "/absolute");
        Assert.Equal(["in"], FileTree.Names($"/proc/self/fd/{found!.DangerousGetHandle()}"));
        foreach (var none in new[] { "/dots", "/../outside", "/nothing", "/file" })
            Assert.Null(TreeCopy.OpenFolderWithin(root, none));
    }

    private string Shell(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("/bin/bash", ["-euc", script, .. arguments]) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output + error.Result);
        return output;
    }
}
