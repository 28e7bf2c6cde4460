using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Reliability;

/// <summary>
/// hyprd is killed in the middle of whatever it does, at instants that no seam chooses. After the next start database, kernel, files and processes agree, and
/// what was whole before is whole after.
/// </summary>
public sealed class KilledDaemonTests(HyprHost host) : IClassFixture<HyprHost>
{
    private const int Rounds = 12;

    [Fact]
    public void At_any_instant_of_any_operation()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        host.MustHypr("pull", "-q", "tools");
        Sleeper("stays", "-p", "8310:80");
        host.MustHypr("network", "create", "kept");
        for (var round = 0; round < Rounds; round++)
        {
            var name = $"vm{round}";
            var network = $"net{round}";
            if (random.Next(2) == 0)
            {
                // Something to take away: half of the operations end things.
                host.MustHypr("network", "create", network);
                Sleeper(name, "--network", network);
            }

            string[][] operations =
            [
                ["run", "-d", "--name", name, "-p", $"{8400 + round}:80", "tools", "sleep", "infinity"],
                ["run", "-d", "--rm", "--name", name, "--network", "kept", "tools", "sleep", "infinity"],
                ["rm", "-f", name],
                ["stop", "-t", "1", name],
                ["restart", "-t", "1", name],
                ["network", "create", network],
                ["network", "rm", "--force", network],
                ["network", "connect", "kept", name],
                ["network", "connect", "kept", "stays"],
                ["network", "disconnect", "kept", "stays"],
                ["port", "add", "stays", $"{8500 + round}:80"],
            ];
            var operation = operations[random.Next(operations.Length)];
            var client = host.Start(operation);
            Thread.Sleep(random.Next(0, 40) switch { < 20 => random.Next(30), < 30 => random.Next(300), _ => random.Next(3000) });
            host.KillDaemon();
            client.WaitForEnd();
            host.StartDaemon();
            var check = host.Hypr("system", "check");
            Assert.True(check.Succeeded, $"seed {seed}, round {round}, hypr {string.Join(' ', operation)}: {check.Output}{check.Error}\n{host.DaemonLog}");
            Assert.Contains("Up ", host.MustHypr("ps", "--filter", "name=^stays$", "--format", "{{.Status}}"));
        }

        // All that is there can be used and be taken away.
        Assert.Equal("it goes on\n", host.MustHypr("exec", "stays", "echo", "it goes on"));
        var all = host.MustHypr("ps", "-aq").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        host.MustHypr(["rm", "-f", .. all]);
        host.MustHypr("network", "prune", "-f");
        Assert.Equal("bridge\n", host.MustHypr("network", "ls", "--format", "{{.Name}}"));
        host.MustHypr("system", "check");
    }

    private void Sleeper(string name, params string[] options) => host.MustHypr(["run", "-d", "--name", name, .. options, "tools", "sleep", "infinity"]);
}
