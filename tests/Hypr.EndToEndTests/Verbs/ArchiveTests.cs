using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Verbs;

/// <summary>Images out of and into archives: history, save, load, import, commit, by hypr and by every docker CLI; skopeo is the stranger that must understand them.</summary>
public sealed class ArchiveTests(OneVm vm) : IClassFixture<OneVm>
{
    public static TheoryData<string> Clients => OneVm.Clients;

    [Theory]
    [MemberData(nameof(Clients))]
    public void History_begins_with_the_image_and_counts_its_layers(string client)
    {
        var lines = vm.Ok(client, "history", "--no-trunc", "--format", "{{.ID}} {{.Size}}", "nginx").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith(vm.MustHypr("image", "inspect", "-f", "{{.Id}}", "nginx").Trim(), lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.EndsWith("MB", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void What_is_saved_is_loaded_again_and_understood_by_skopeo_both_ways(string client)
    {
        var folder = vm.Scratch();
        var name = $"kept-{Path.GetFileName(folder)[..6]}";
        vm.MustHypr("tag", "nginx", $"{name}:1");
        var id = vm.MustHypr("image", "inspect", "-f", "{{.Id}}", $"{name}:1");
        vm.Ok(client, "save", "-o", $"{folder}/image.tar", $"{name}:1");
        vm.MustHypr("rmi", $"{name}:1");
        Assert.Contains($"Loaded image: {name}:1", vm.Ok(client, "load", "-i", $"{folder}/image.tar"), StringComparison.Ordinal);
        Assert.Equal(id, vm.MustHypr("image", "inspect", "-f", "{{.Id}}", $"{name}:1"));
        foreach (var format in (string[])["docker-archive", "oci-archive"])
        {
            Assert.Contains("nginx", vm.Must("skopeo", "inspect", "--config", $"{format}:{folder}/image.tar"), StringComparison.Ordinal);
        }

        vm.MustHypr("rmi", $"{name}:1");
    }

    /// <summary>A root of one static program: small, so that the whole of it goes out and in for every client.</summary>
    [Theory]
    [MemberData(nameof(Clients))]
    public void A_root_is_imported_and_a_vm_of_it_exported_and_committed(string client)
    {
        var folder = vm.Scratch();
        var name = $"tiny-{Path.GetFileName(folder)[..6]}";
        vm.Must("sh", "-c", $"mkdir -p {folder}/root/bin && cp /bin/busybox {folder}/root/bin/sh && ln -s sh {folder}/root/bin/sleep && tar -czf {folder}/root.tar -C {folder}/root .");
        var imported = vm.Ok(client, "import", "--change", "CMD [\"sleep\", \"900\"]", "--change", "ENV A=b", $"{folder}/root.tar", $"{name}:1");
        Assert.Contains(vm.MustHypr("image", "inspect", "-f", "{{.Id}}", $"{name}:1").Trim(), imported, StringComparison.Ordinal);
        vm.MustHypr("run", "-d", "--name", name, $"{name}:1");
        Assert.Equal("b\n", vm.MustHypr("exec", name, "sh", "-c", "echo $A; echo written > /mark"));

        vm.Ok(client, "export", "-o", $"{folder}/out.tar", name);
        Assert.Equal("written\n", vm.Must("tar", "-xOf", $"{folder}/out.tar", "mark"));
        var names = vm.Must("tar", "-tf", $"{folder}/out.tar").Split('\n');
        Assert.Contains("bin/sleep", names);
        Assert.Contains("proc/", names);
        Assert.DoesNotContain(names, n => n.StartsWith("proc/1", StringComparison.Ordinal));

        vm.Ok(client, "commit", "-m", "a message", "--change", "CMD [\"sh\", \"-c\", \"echo $A; exec sh -c 'read x < /mark; echo $x'\"]", name, $"{name}:2");
        Assert.Contains("a message", vm.MustHypr("history", name + ":2"), StringComparison.Ordinal);
        Assert.Equal("b\nwritten\n", vm.MustHypr("run", "--rm", $"{name}:2"));
        vm.MustHypr("rm", "-f", name);
        vm.MustHypr("rmi", $"{name}:1", $"{name}:2");
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void What_is_wrong_is_said(string client)
    {
        var folder = vm.Scratch();
        var missing = vm.Run(client, "save", "-o", $"{folder}/none.tar", "no-such-image");
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("No such image: no-such-image", missing.Error, StringComparison.Ordinal);
        File.WriteAllText($"{folder}/text", "no tar");
        var bad = vm.Run(client, "import", $"{folder}/text", "never:1");
        Assert.Equal(1, bad.ExitCode);
        Assert.Contains("cannot import", bad.Error + bad.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("never", vm.MustHypr("images"), StringComparison.Ordinal);
    }
}
