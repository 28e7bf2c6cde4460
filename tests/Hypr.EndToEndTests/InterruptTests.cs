using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>Ctrl-C at every stage of a run: nothing half-made stays, and the exit code is Docker's.</summary>
public sealed class InterruptTests : IClassFixture<HyprHost>
{
    private const int ByInterrupt = 130;
    private readonly HyprHost _host;

    public InterruptTests(HyprHost host)
    {
        _host = host;
        host.MustHypr("pull", "-q", "tools");
    }

    [Theory]
    [InlineData("-d")]
    [InlineData("-i")]
    [InlineData("-it")]
    public void While_the_image_is_pulled(string how)
    {
        using var registry = new StandInRegistry(_host.Space, LayerFault.Stalls);
        var before = _host.State();
        var images = _host.MustHypr("images", "-q");
        var run = Run(how, "--name", "pulled", "-p", "8131:80", registry.Image);
        Assert.True(Probe.Until(() => registry.Holds), run.Error + run.Output);
        CtrlC(run, how);
        Assert.Equal(ByInterrupt, run.WaitForEnd().ExitCode);

        // The pull ends with the one who wanted it.
        Assert.True(Probe.Until(() => !registry.Holds));
        Assert.Equal(images, _host.MustHypr("images", "-q"));
        _host.Stays(before);
    }

    [Theory]
    [InlineData("-d")]
    [InlineData("-i")]
    [InlineData("-it")]
    public void While_the_VM_boots(string how)
    {
        var before = _host.State();
        var run = Run(how, "--name", "booting", "-p", "8132:80", "tools", "sleep", "600");
        Assert.True(Probe.Until(() => _host.Vmms().Count == 1), run.Error + run.Output);
        CtrlC(run, how);
        Assert.Equal(ByInterrupt, run.WaitForEnd().ExitCode);
        _host.Stays(before);
        Assert.Empty(_host.Must("dig", "+short", "@10.88.0.1", "booting.hypr"));
    }

    [Theory]
    [InlineData("-i")]
    [InlineData("-it")]
    public void In_the_foreground_it_is_the_processs_own_affair(string how)
    {
        var before = _host.State();
        var run = Run(how, "--rm", "-p", "8133:80", "tools", "sh", "-c", "trap 'echo caught; exit 42' INT; echo ready; while true; do sleep 0.2; done");
        Assert.True(Probe.Until(() => run.Output.Contains("ready", StringComparison.Ordinal), TimeSpan.FromMinutes(2)), run.Error + run.Output);
        CtrlC(run, how);
        var result = run.WaitForEnd();
        Assert.Equal(42, result.ExitCode);
        Assert.Contains("caught", result.Output);
        _host.Stays(before);
    }

    [Fact]
    public void A_process_that_does_not_hear_it_is_left_behind_at_the_third()
    {
        // A PID 1 without a handler gets no signal but those from outside its namespace (pid_namespaces(7)).
        var before = _host.State();
        var run = Run("-i", "--name", "deaf", "tools", "sh", "-c", "trap '' INT; echo ready; while true; do sleep 0.2; done");
        Assert.True(Probe.Until(() => run.Output.Contains("ready", StringComparison.Ordinal), TimeSpan.FromMinutes(2)), run.Error + run.Output);
        Assert.True(Probe.Until(() =>
        {
            CtrlC(run, "-i");
            return run.HasEnded;
        }));
        var result = run.WaitForEnd();
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("hypr stop", result.Error);
        Assert.Contains("Up ", _host.MustHypr("ps", "--filter", "name=deaf"));
        _host.MustHypr("rm", "-f", "deaf");
        _host.Stays(before);
    }

    /// <summary>With -it under a terminal, which script(1) makes; what is written to it are keys.</summary>
    private TestProgram Run(string how, params string[] arguments)
    {
        if (how != "-it")
            return _host.Start(["run", how, .. arguments]);
        var line = string.Join(' ', new[] { Repository.Hypr, "run", how }.Concat(arguments).Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
        return _host.Space.Start("env", $"HYPR_RUNTIME_DIR={_host.RuntimeDir}", "SHELL=/bin/sh", "script", "-qefc", $"exec {line}", "/dev/null");
    }

    private void CtrlC(TestProgram run, string how)
    {
        if (how == "-it")
            run.Write("\u0003");
        else
            _host.Space.Run("kill", "-INT", $"{run.Pid}");
    }
}
