using System.Globalization;
using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Reliability;

/// <summary>
/// hyprd ends and another one comes, while bytes run through a published port: nothing on the way is lost, and all that was there is there.
/// <c>bench/soak/restart</c> does the same with a hundred networks and twenty VMs, and says how long it takes.
/// </summary>
public sealed class DaemonRestartTests : IDisposable
{
    private const int Networks = 20;
    private static readonly string[] Paused = ["still1", "still2", "still3"];
    private readonly HyprHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_transfer_goes_on_and_names_and_ports_are_there_at_once()
    {
        for (var n = 0; n < Networks; n++)
        {
            _host.MustHypr("network", "create", Network(n));
        }

        _host.MustHypr("run", "-d", "--name", "echo", "-m", "128", "-p", "8080:80", "tools", "python3", "-c", EchoedBytes.Server);
        Sleeper("first", "--network", Network(0));
        Sleeper("second", "--network", Network(0));
        _host.MustHypr("network", "connect", Network(Networks - 1), "second");
        foreach (var name in Paused)
        {
            Sleeper(name);
        }

        _host.MustHypr(["pause", .. Paused]);
        var before = State();
        using var transfer = EchoedBytes.Through(_host.Lab.Lan, LabNetwork.HostOnLan, 8080);
        Assert.True(transfer.GoesOn());
        foreach (var end in (Action[])[_host.KillDaemon, _host.StopDaemon])
        {
            end();

            // 1. Nobody manages anything: the kernel goes on by itself, for what runs and for what is new.
            Assert.True(transfer.GoesOn(), _host.DaemonLog);
            using (var another = EchoedBytes.Through(_host.Lab.Lan, LabNetwork.HostOnLan, 8080))
            {
                another.End();
            }

            // 2. Names are answered as soon as the API is, at the first question, on the host and in VMs.
            _host.StartDaemon();
            Assert.Equal("10.88.0.2\n", _host.Must("dig", "+short", "+tries=1", "+time=5", "@10.88.0.1", "echo.hypr"));
            Assert.Contains("second", _host.MustHypr("exec", "first", "getent", "hosts", "second"));

            // Those that stand still are known to do so: nobody has waited for their agents.
            Assert.Equal("(Paused)", string.Join(' ', Statuses().Select(s => s.Split(' ')[^1]).Distinct()));
            Assert.All(Paused, name => Assert.DoesNotContain($"agent of {Id(name)[..12]}", _host.DaemonLog));

            // 3. And the transfer has not noticed.
            Assert.True(transfer.GoesOn(), _host.DaemonLog);
            Assert.Equal(before, State());
            _host.MustHypr("system", "check");
        }

        transfer.End();
        _host.MustHypr(["unpause", .. Paused]);
        Assert.All(Paused, name => Assert.Equal("awake\n", _host.MustHypr("exec", name, "echo", "awake")));
    }

    private static string Network(int n) => string.Create(CultureInfo.InvariantCulture, $"net{n}");

    private string State() =>
        _host.MustHypr("network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}}")
        + string.Concat(((string[])["echo", "first", "second", .. Paused]).Select(
            n => _host.MustHypr("inspect", "-f", "{{.Id}} {{.State.Pid}}{{range .NetworkSettings.Networks}} {{.IPAddress}} {{.MacAddress}}{{end}}", n)));

    private string Id(string name) => _host.MustHypr("inspect", "-f", "{{.Id}}", name).Trim();

    private IEnumerable<string> Statuses() => Paused.Select(name => _host.MustHypr("ps", "--filter", $"name=^{name}$", "--format", "{{.Status}}").Trim());

    private void Sleeper(string name, params string[] options) => _host.MustHypr(["run", "-d", "--name", name, "-m", "128", .. options, "tools", "sleep", "infinity"]);
}
