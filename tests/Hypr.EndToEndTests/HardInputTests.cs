using System.Globalization;
using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>What a VM, an image or an archive may be that nobody wants: a clear error, and nothing left; and the host is not hurt.</summary>
public sealed class HardInputTests : IClassFixture<HyprHost>
{
    private readonly HyprHost _host;

    public HardInputTests(HyprHost host)
    {
        _host = host;
        host.MustHypr("pull", "-q", "tools");
    }

    public static TheoryData<string> Clients { get; } = ["hypr", .. DockerCli.Paths];

    [Theory]
    [MemberData(nameof(Clients))]
    public void A_vm_that_has_ended_takes_neither_an_exec_nor_a_visitor(string client)
    {
        _host.MustHypr("run", "--name", "dead", "tools", "true");
        var exec = Run(client, "exec", "dead", "true");
        Assert.Equal(1, exec.ExitCode);
        Assert.Contains("is not running", exec.Error, StringComparison.Ordinal);
        var attach = Run(client, "attach", "dead");
        Assert.Equal(1, attach.ExitCode);
        Assert.Contains("cannot attach", attach.Error, StringComparison.Ordinal);
        _host.MustHypr("rm", "dead");
    }

    [Fact]
    public void A_vm_that_is_killed_under_its_visitors_sends_them_home()
    {
        _host.MustHypr("run", "-d", "--name", "dying", "tools", "sh", "-c", "while true; do echo tick; sleep 0.2; done");
        var attach = _host.Start("attach", "--no-stdin", "dying");
        var exec = _host.Start("exec", "dying", "sh", "-c", "echo here; sleep 600");
        Assert.True(Probe.Until(() => exec.Output.Length > 0 && attach.Output.Length > 0), exec.Error + attach.Error);
        _host.Must("kill", "-KILL", _host.MustHypr("inspect", "-f", "{{.State.Pid}}", "dying").Trim());
        var (attached, executed) = (attach.WaitForEnd(), exec.WaitForEnd());
        Assert.Equal(1, attached.ExitCode);
        Assert.Contains("ended by signal 9", attached.Error, StringComparison.Ordinal);
        Assert.True(executed.ExitCode == 137, $"{executed.ExitCode} {executed.Error}");
        Assert.True(Probe.Until(() => Ended() == "exited 255\n"), Ended());
        _host.MustHypr("rm", "dying");

        string Ended() => _host.MustHypr("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "dying");
    }

    /// <summary>A line of 100 MB reaches the log in parts of 16 KiB, of which as many stay as the log is long, and no more of it is in memory.</summary>
    [Fact]
    public void A_log_line_of_100_MB()
    {
        _host.MustHypr("run", "-d", "--name", "long", "tools", "sh", "-c", "head -c 100000000 /dev/zero | tr '\\0' x; echo; echo after; exec sleep 600");
        Assert.True(Probe.Until(() => _host.MustHypr("logs", "--tail", "1", "long") == "after\n", TimeSpan.FromMinutes(3)));
        Assert.Equal("running\n", _host.MustHypr("inspect", "-f", "{{.State.Status}}", "long"));
        var id = _host.MustHypr("inspect", "-f", "{{.Id}}", "long").Trim();
        var files = Directory.GetFiles(Path.Combine(_host.DataDir, "machines", id), "log*");
        Assert.InRange(files.Sum(f => new FileInfo(f).Length), 1, 31_000_000);
        Assert.InRange(PeakKilobytes(_host.DaemonPid), 1, 400_000);
        Assert.Equal("here\n", _host.MustHypr("exec", "long", "echo", "here"));
        _host.MustHypr("rm", "-f", "long");
    }

    [Fact]
    public void An_image_without_a_command()
    {
        Import("silent:1", "");
        _host.Refuses(125, "no command specified", "run", "-d", "silent:1");
        _host.Refuses(1, "no command specified", "create", "silent:1");
        Assert.Equal("hello\n", _host.MustHypr("run", "--rm", "silent:1", "/bin/echo", "hello"));
        _host.MustHypr("rmi", "silent:1");
    }

    [Fact]
    public void An_image_for_another_architecture()
    {
        Import("foreign:1", "--platform linux/arm64");
        var error = _host.Refuses(125, "linux/arm64", "run", "-d", "foreign:1", "/bin/echo");
        Assert.Contains("linux/amd64", error, StringComparison.Ordinal);
        _host.MustHypr("rmi", "foreign:1");
    }

    /// <summary>3 GB of zeros are 13 MB compressed, and next to nothing in the image.</summary>
    [Fact]
    public void A_tar_bomb_does_not_fill_the_disk()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_host.Folder, "bomb")).FullName;
        var sparse = Path.Combine(folder, "zeros");
        using (var file = File.Create(sparse))
        {
            file.SetLength(3L << 30);
        }

        var before = _host.State();
        var free = new DriveInfo(_host.DataDir).AvailableFreeSpace;
        _host.Must("sh", "-c", $"tar -cf - -C {folder} zeros | gzip -1 > {folder}/bomb.tar.gz");
        var import = _host.Hypr("import", $"{folder}/bomb.tar.gz", "bomb:1");
        Assert.True(import.Succeeded || import.Error.Contains("no space left", StringComparison.Ordinal), import.Error);
        Assert.InRange(free - new DriveInfo(_host.DataDir).AvailableFreeSpace, long.MinValue, 1L << 30);
        _host.Hypr("rmi", "bomb:1");
        _host.Stays(before);
    }

    /// <summary>Three thousand folders in one name: more than the kernel takes for a path.</summary>
    [Fact]
    public void A_tar_of_names_without_end()
    {
        var before = _host.State();
        var script = "import sys,tarfile\nt=tarfile.open(fileobj=sys.stdout.buffer,mode='w|')\n"
            + "i=tarfile.TarInfo('/'.join(['d']*3000)+'/f')\nt.addfile(i)\nt.close()";
        var import = _host.Space.Run("sh", "-c", $"python3 -c \"{script}\" | env HYPR_RUNTIME_DIR={_host.RuntimeDir} {Repository.Hypr} import - deep:1");
        Assert.Equal(1, import.ExitCode);
        Assert.Contains("4096", import.Error, StringComparison.Ordinal);
        _host.Stays(before);
    }

    private ProgramResult Run(string client, params string[] arguments) => client == "hypr" ? _host.Hypr(arguments) : _host.Docker(client, arguments);

    /// <summary>A root of one static program, without a command.</summary>
    private void Import(string name, string options)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_host.Folder, name[..^2])).FullName;
        _host.Must("sh", "-c", $"mkdir -p {folder}/bin && cp /bin/busybox {folder}/bin/echo");
        _host.Must(
            "sh", "-c", $"tar -cf - -C {folder} . | env HYPR_RUNTIME_DIR={_host.RuntimeDir} {Repository.Hypr} import {options} - {name}");
    }

    private static long PeakKilobytes(int pid) => long.Parse(
        File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(':')[1].Replace("kB", "").Trim(), CultureInfo.InvariantCulture);
}
