using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Verbs;

/// <summary>Capabilities, limits, groups, init, shared memory and logs as docker's flags have them, by hypr and by every docker CLI.</summary>
public sealed class RightsTests : IClassFixture<HyprHost>
{
    private const string Status = "grep -E '^(CapEff|CapBnd|NoNewPrivs|Groups):' /proc/self/status | tr -s '\\t ' ' '; ulimit -Sn; ulimit -Hn; ulimit -c; df -k /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2";
    private readonly HyprHost _host;

    public RightsTests(HyprHost host)
    {
        _host = host;
        host.MustHypr("pull", "-q", "tools");
    }

    public static TheoryData<string> Clients { get; } = ["hypr", .. DockerCli.Paths];

    [Theory]
    [MemberData(nameof(Clients))]
    public void The_process_and_each_exec_have_what_was_asked_for(string client)
    {
        Ok(client, "run", "-d", "--name", "bounded", "--cap-drop", "ALL", "--cap-add", "net_bind_service", "--cap-add", "CAP_CHOWN", "--ulimit", "nofile=1234:2345",
            "--ulimit", "core=0", "--group-add", "2000", "--group-add", "daemon", "--security-opt", "no-new-privileges", "--shm-size", "32m",
            "tools", "bash", "-c", Status + "; exec sleep 600");
        const string Expected = "Groups: 0 1 2000 \nCapEff: 0000000000000401\nCapBnd: 0000000000000401\nNoNewPrivs: 1\n1234\n2345\n0\n32768\n";
        Assert.True(Probe.Until(() => Sorted(_host.MustHypr("logs", "bounded")) == Sorted(Expected)), _host.MustHypr("logs", "bounded"));
        Assert.Equal(Sorted(Expected), Sorted(Ok(client, "exec", "bounded", "bash", "-c", Status)));
        Assert.Equal("32MB", $"{long.Parse(_host.MustHypr("inspect", "-f", "{{.HostConfig.ShmSize}}", "bounded")) >> 20}MB");

        // Docker: an exec that is privileged has all capabilities.
        Assert.Contains("CapBnd: 000001ffffffffff", Ok(client, "exec", "--privileged", "bounded", "bash", "-c", Status), StringComparison.Ordinal);
        _host.MustHypr("rm", "-f", "bounded");
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void Without_words_root_has_all_and_a_user_none_of_it(string client)
    {
        const string Capabilities = "grep -E '^Cap(Eff|Bnd)' /proc/self/status | tr -s '\\t ' ' '";
        Assert.Equal("CapEff: 000001ffffffffff\nCapBnd: 000001ffffffffff\n", Ok(client, "run", "--rm", "tools", "sh", "-c", Capabilities));
        Assert.Equal("CapEff: 0000000000000000\nCapBnd: 000001ffffffdfff\n",
            Ok(client, "run", "--rm", "--user", "33", "--cap-drop", "NET_RAW", "tools", "sh", "-c", Capabilities));
        Assert.Equal("CapEff: 000001ffffffffff\nCapBnd: 000001ffffffffff\n",
            Ok(client, "run", "--rm", "--privileged", "--cap-drop", "ALL", "tools", "sh", "-c", Capabilities));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void An_init_reaps_what_is_left_behind_hands_signals_on_and_ends_with_the_code(string client)
    {
        const string Orphan = "trap 'echo told; exit 7' TERM; sh -c 'sleep 0.1 & exec true'; echo ready; while true; do sleep 0.1; done";
        Ok(client, "run", "-d", "--name", "orderly", "--init", "tools", "bash", "-c", Orphan);
        Ok(client, "run", "-d", "--name", "careless", "tools", "bash", "-c", "sh -c 'sleep 0.1 & exec true'; echo ready; exec sleep 600");
        Assert.True(Probe.Until(() => Zombies("careless") == 1), "the contrast: without an init it stays");
        Assert.True(Probe.Until(() => _host.MustHypr("logs", "orderly") == "ready\n"));
        Assert.True(Probe.Until(() => Zombies("orderly") == 0));
        Ok(client, "stop", "orderly");
        Assert.Equal("7 true\n", _host.MustHypr("inspect", "-f", "{{.State.ExitCode}} {{.HostConfig.Init}}", "orderly"));
        Assert.Equal("ready\ntold\n", _host.MustHypr("logs", "orderly"));
        _host.MustHypr("rm", "-f", "orderly", "careless");
        var missing = Run(client, "run", "--rm", "--init", "tools", "no-such-program");
        Assert.Equal(127, missing.ExitCode);
    }

    [Fact]
    public void With_a_terminal_the_init_leaves_job_control_to_the_program()
    {
        var run = _host.Space.Start("script", "-qec",
            $"env HYPR_RUNTIME_DIR={_host.RuntimeDir} {Repository.Hypr} run -it --rm --init tools bash -ic 'sleep 0.1 & wait; tty; jobs; exit 5'", "/dev/null");
        var result = run.WaitForEnd(TimeSpan.FromMinutes(2));
        Assert.Equal(5, result.ExitCode);
        Assert.Contains("/dev/", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("no job control", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void A_log_is_as_long_as_was_asked_for(string client)
    {
        Ok(client, "run", "-d", "--name", "talker", "--log-opt", "max-size=20k", "--log-opt", "max-file=2", "tools", "sh", "-c", "seq 1 20000; exec sleep 600");
        Assert.True(Probe.Until(() => _host.MustHypr("logs", "--tail", "1", "talker") == "20000\n"));
        var id = _host.MustHypr("inspect", "-f", "{{.Id}}", "talker").Trim();
        var files = Directory.GetFiles(Path.Combine(_host.DataDir, "machines", id), "log*");
        Assert.Equal(2, files.Length);
        Assert.Equal("json-file 20k 2\n", _host.MustHypr(
            "inspect", "-f", "{{.HostConfig.LogConfig.Type}} {{index .HostConfig.LogConfig.Config \"max-size\"}} {{index .HostConfig.LogConfig.Config \"max-file\"}}", "talker"));

        // Another hyprd goes on in the same files.
        _host.StopDaemon();
        _host.StartDaemon();
        Assert.Equal("20000\n", _host.MustHypr("logs", "--tail", "1", "talker"));
        _host.MustHypr("rm", "-f", "talker");
    }

    public static TheoryData<string, string> Refused { get; } = new()
    {
        { "--cap-add NOPE", "unknown capability" },
        { "--cap-drop CAP_NOPE", "unknown capability" },
        { "--security-opt apparmor=mine", "apparmor=unconfined" },
        { "--security-opt label=type:svirt_t", "label=disable" },
        { "--log-driver syslog", "hypr logs" },
        { "--log-opt tag=x", "max-size" },
        { "--log-opt max-size=nothing", "10m" },
        { "--ulimit nofile=5:1", "nofile" },
        { "--ulimit bogus=1", "bogus" },
        { "--group-add nosuchgroup", "unable to find group nosuchgroup" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_cannot_be_had_is_refused_with_the_reason(string option, string reason)
    {
        string[] line = ["run", "--name", "refused", .. option.Split(' '), "tools", "true"];
        foreach (var client in (string[])["hypr", .. DockerCli.Paths])
        {
            var before = _host.State();
            var result = Run(client, line);
            Assert.True(result.ExitCode is 125 or 128 or 126, $"{client}: {result.ExitCode} {result.Error}");
            Assert.True(result.Error.Contains(reason, StringComparison.Ordinal) || result.Error.Contains("ulimit", StringComparison.Ordinal), $"{client}: {result.Error}");
            if (client != "hypr" && option.StartsWith("--group-add", StringComparison.Ordinal))
            {
                // A group is looked for in the image at the start: Docker's clients leave what they made, hypr removes it.
                _host.MustHypr("rm", "refused");
            }

            _host.Stays(before);
        }
    }

    private int Zombies(string name) =>
        _host.MustHypr("exec", name, "sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null; true").Split('\n').Count(l => l.Contains(") Z ", StringComparison.Ordinal));

    private static string Sorted(string text) => string.Join('\n', text.Split('\n').Select(l => l.Trim()).Order(StringComparer.Ordinal));

    private ProgramResult Run(string client, params string[] arguments) => client == "hypr" ? _host.Hypr(arguments) : _host.Docker(client, arguments);

    private string Ok(string client, params string[] arguments) => client == "hypr" ? _host.MustHypr(arguments) : _host.MustDocker(client, arguments);
}
