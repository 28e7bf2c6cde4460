using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>What is wrong with the host or with a registry, not with the words: the error says what to do about it.</summary>
public sealed class BadHostTests : IClassFixture<HyprHost>
{
    private const string Nobody = "65534";
    private readonly HyprHost _host;

    public BadHostTests(HyprHost host)
    {
        _host = host;
        host.MustHypr("pull", "-q", "tools");
    }

    [Fact]
    public void Who_may_not_use_the_socket_is_told_of_the_group_and_a_member_may()
    {
        // The checkout and the test's folder may be root's alone.
        var hypr = Path.Combine(_host.Folder, "hypr");
        File.Copy(Repository.Hypr, hypr);
        _host.Must("chmod", "a+x", _host.Folder);
        var group = _host.Must("stat", "-c", "%g", _host.Socket).Trim();

        ProgramResult As(string gid, params string[] words) =>
            _host.Space.Run("setpriv", ["--reuid", Nobody, "--regid", gid, "--clear-groups", "env", $"HYPR_RUNTIME_DIR={_host.RuntimeDir}", hypr, .. words]);

        var refused = As(Nobody, "ps");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("no permission", refused.Error);
        Assert.Contains("usermod -aG hypr", refused.Error);
        Assert.Equal(125, As(Nobody, "run", "tools").ExitCode);
        Assert.True(As(group, "ps").Succeeded);
    }

    [Fact]
    public void Without_QEMU_its_package_is_named() => WithDaemon(
        Hiding("$(command -v qemu-system-x86_64)"),
        () =>
        {
            _host.Refuses(125, "apt-get install qemu-system-x86", "run", "-d", "tools");
            Assert.Contains("apt-get install qemu-system-x86", _host.Hypr("info").Error);
        });

    [Fact]
    public void Without_the_guests_kernel_the_way_to_it_is_told()
    {
        WithDaemon(["HYPR_KERNEL=/nowhere/vmlinux"], () => _host.Refuses(125, "/nowhere/vmlinux is missing", "run", "-d", "tools"));
        WithDaemon(Hiding($"{Path.GetDirectoryName(Repository.Hyprd)}/guest"), () => Assert.Contains(
            "./dev build", _host.Refuses(125, "guest/kernel is missing", "run", "-d", "tools")));
    }

    [Fact]
    public void A_kernel_that_is_none_is_an_error_in_the_VMMs_words() => WithDaemon(
        [$"HYPR_KERNEL={_host.ConfigFile}"],
        () => Assert.Contains("kernel", _host.Refuses(125, "died while booting", "run", "-d", "tools")));

    [Fact]
    public void A_guest_that_dies_while_booting_is_an_error_with_the_end_of_its_console()
    {
        // A person's own guest files, with nothing in the initramfs: the kernel finds no init.
        var own = Directory.CreateDirectory(Path.Combine(_host.DataDir, "guest"));
        File.WriteAllBytes(Path.Combine(own.FullName, "initramfs"), new byte[512]);
        try
        {
            WithDaemon(
                [$"HYPR_KERNEL={Path.GetDirectoryName(Repository.Hyprd)}/guest/kernel"],
                () => Assert.Contains("Kernel panic", _host.Refuses(125, "died while booting", "run", "-d", "-p", "8141:80", "tools")));
        }
        finally
        {
            own.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_registry_that_lies_about_a_digest_is_not_believed()
    {
        using var registry = new StandInRegistry(_host.Space, LayerFault.Lies);
        var error = _host.Refuses(125, $"should be {registry.LayerDigest}", "run", "-q", "-d", registry.Image);
        Assert.Contains(registry.Image.Split('/')[0], error);
    }

    [Fact]
    public void A_slow_registry_is_waited_for()
    {
        using var registry = new StandInRegistry(_host.Space, LayerFault.Slow);
        _host.MustHypr("pull", registry.Image);
        _host.MustHypr("rmi", registry.Image);
    }

    /// <summary>Another hyprd, for as long as it takes.</summary>
    private void WithDaemon(string[] through, Action what)
    {
        _host.StopDaemon();
        _host.StartDaemon(through);
        try
        {
            what();
        }
        finally
        {
            _host.StopDaemon();
            _host.StartDaemon();
        }
    }

    /// <summary>A mount namespace of hyprd's own, in which an empty thing lies over what is hidden (mount_namespaces(7)).</summary>
    private static string[] Hiding(string path) =>
        ["unshare", "--mount", "sh", "-c", $"path={path}; if [ -d $path ]; then mount -t tmpfs none $path; else mount --bind /dev/null $path; fi && exec \"$0\" \"$@\""];
}
