using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>The disk is full in the middle of something: an error that says so, nothing left of it, and with room again the same succeeds.</summary>
public sealed class FullDiskTests : IClassFixture<SmallDiskHost>, IDisposable
{
    private const string NoSpace = "no space left on device";
    private readonly SmallDiskHost _host;

    public FullDiskTests(SmallDiskHost host)
    {
        _host = host;
        host.MustHypr("pull", "-q", "tools");
    }

    public void Dispose() => _host.EmptyDisk();

    [Fact]
    public void In_the_middle_of_a_pull()
    {
        using var registry = new StandInRegistry(_host.Space, LayerFault.Waits);
        var before = _host.State();
        var pull = _host.Start("pull", registry.Image);
        Assert.True(Probe.Until(() => registry.Holds), pull.Error);
        _host.FillDisk();
        registry.Release();
        Fails(pull, before);
        _host.MustHypr("pull", "-q", registry.Image);
        _host.MustHypr("rmi", registry.Image);
    }

    [Theory]
    [InlineData("load", "-q")]
    [InlineData("import", "-", "filled:1")]
    public void In_the_middle_of_an_archive(params string[] command)
    {
        // What does not compress, so that the disk is what is too small. A pipe with a name: half of it comes, then the rest.
        var folder = Directory.CreateDirectory(Path.Combine(_host.Folder, command[0])).FullName;
        _host.Must("sh", "-c", $"head -c 8000000 /dev/urandom > {folder}/data && tar -cf {folder}/root.tar -C {folder} data && mkfifo {folder}/pipe");
        if (command[0] == "load")
        {
            _host.MustHypr("import", $"{folder}/root.tar", "filled:1");
            _host.MustHypr("save", "-o", $"{folder}/root.tar", "filled:1");
            _host.MustHypr("rmi", "filled:1");
        }

        var before = _host.State();
        var images = _host.MustHypr("images");
        var bytes = File.ReadAllBytes($"{folder}/root.tar");
        var running = _host.Space.Start("sh", "-c", $"exec env HYPR_RUNTIME_DIR={_host.RuntimeDir} {Repository.Hypr} {string.Join(' ', command)} < {folder}/pipe");
        using (var pipe = File.OpenWrite($"{folder}/pipe"))
        {
            pipe.Write(bytes.AsSpan(0, bytes.Length / 2));
            Assert.True(Probe.Until(() => Directory.GetFiles(Path.Combine(_host.DataDir, "images", "tmp")).Length > 0), running.Error);
            _host.FillDisk();
            try
            {
                pipe.Write(bytes.AsSpan(bytes.Length / 2));
            }
            catch (IOException)
            {
                // It has failed already, and reads no more.
            }
        }

        Fails(running, before);
        Assert.Equal(images, _host.MustHypr("images"));
        _host.Must("sh", "-c", $"env HYPR_RUNTIME_DIR={_host.RuntimeDir} {Repository.Hypr} {string.Join(' ', command)} < {folder}/root.tar");
        _host.MustHypr("rmi", "filled:1");
    }

    [Fact]
    public void Before_a_run_and_before_a_start()
    {
        _host.MustHypr("create", "--name", "early", "tools", "true");
        _host.FillDisk();
        _host.Refuses(125, NoSpace, "run", "-d", "-p", "8151:80", "tools", "sleep", "60");
        _host.Refuses(1, NoSpace, "start", "early");
        Assert.Equal("created\n", _host.MustHypr("inspect", "-f", "{{.State.Status}}", "early"));
        _host.EmptyDisk();
        _host.MustHypr("start", "-a", "early");
        _host.MustHypr("rm", "early");
    }

    [Fact]
    public void Under_a_VM_that_runs()
    {
        _host.MustHypr("run", "-d", "--name", "talker", "tools", "sh", "-c", "i=0; while true; do i=$((i+1)); echo line $i; sleep 0.1; done");
        Assert.True(Probe.Until(() => Last().StartsWith("line", StringComparison.Ordinal)));
        _host.FillDisk();

        // The guest's own disk takes no more either: it is told, and the VM goes on.
        _host.Hypr("exec", "talker", "sh", "-c", "head -c 20000000 /dev/zero > /zeros; sync");
        Assert.Equal("here\n", _host.MustHypr("exec", "talker", "echo", "here"));
        _host.EmptyDisk();
        var then = Last();
        Assert.True(Probe.Until(() => Last() != then), then);
        Assert.Equal("running\n", _host.MustHypr("inspect", "-f", "{{.State.Status}}", "talker"));
        _host.MustHypr("rm", "-f", "talker");

        string Last() => _host.MustHypr("logs", "--tail", "1", "talker").Trim();
    }

    private void Fails(TestProgram program, string before)
    {
        var result = program.WaitForEnd(TimeSpan.FromMinutes(2));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(NoSpace, result.Error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("internal error", result.Error, StringComparison.Ordinal);
        _host.Stays(before);
        _host.EmptyDisk();
        _host.MustHypr("system", "check");
    }
}
