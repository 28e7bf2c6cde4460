using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Hypr.Primitives;

namespace Hypr.KernelTests.Reliability;

/// <summary>
/// Operations by chance, with failures, kills and restarts among them: after each one store, memory, kernel and names agree, and what is there is what a simple
/// model says. <c>HYPR_RANDOM_OPERATIONS=100000</c> does more than CI, <c>HYPR_RANDOM_SEED</c> repeats a run.
/// </summary>
public sealed class RandomOperationsTests
{
    private static readonly int[] Some = [0, 1, 2, 3];
    private static readonly string[] Seams = ["any", "netlink", "netlink-lost", "nft", "store-busy", "store-full"];

    [Fact]
    public async Task Whatever_is_done_in_whatever_order_all_agrees()
    {
        var count = Number("HYPR_RANDOM_OPERATIONS") ?? 1000;
        var seed = Number("HYPR_RANDOM_SEED") ?? (ulong)Random.Shared.NextInt64();
        var words = Gen.Choose(0, 99).Zip(Gen.Choose(0, 3)).Zip(Gen.Choose(0, 3)).Zip(Gen.Choose(0, 99)).Zip(Gen.Choose(1, 25));
        await using var estate = await Estate.StartAsync();
        var model = new Model();
        var done = new List<string>();
        foreach (var ((((kind, a), b), chance), step) in words.Sample((int)count, new Rnd(seed), 50))
        {
            var (name, act, change) = Choose(estate, model, kind, a, b, any: chance % 5 == 0);
            // Two in five meet a failure, one in ten is killed.
            var plan = chance switch
            {
                _ when name is "restart" or "kill" => "",
                < 10 => $"any:{step}+",
                < 35 => $"{Seams[step % Seams.Length]}:{1 + (step / 3)}",
                < 40 => $"{Seams[step % Seams.Length]}:{1 + (step / 3)}+",
                _ => "",
            };
            done.Add($"{name} {plan}");
            var context = $"seed {seed}, operation {done.Count}: {string.Join(", ", done.TakeLast(12))}";
            estate.Lab.Faults.Arm(plan);
            var failure = await Record.ExceptionAsync(act);
            var hit = estate.Lab.Faults.Hits > 0;
            if (plan.StartsWith("any", StringComparison.Ordinal))
                await estate.CrashAsync();
            else
                estate.Lab.Faults.Arm("");
            Assert.True(failure is null or HyprException, $"{context}: {failure}");
            await estate.AgreeAsync(context);

            var (before, after) = (model.View(), model.With(change)?.View());
            var there = Model.Of(estate);
            var seen = there.View();
            if (!hit)
            {
                Assert.True(failure is null == after is not null, $"{context}: {failure?.Message ?? "it was not refused"}");
                Assert.True(seen == (after ?? before), $"{context}: the model has\n{after ?? before}\nand there is\n{seen}");
            }

            // The guest lets go of a NIC before anything is stored: killed then, it is attached without one, until its next start or another disconnect.
            var parted = name.Split(' ') is ["disconnect", var machine, var network] && plan.EndsWith('+')
                ? model.With(m => m.Machines.TryGetValue(machine, out var it) && it.Suspend(network))?.View()
                : null;
            Assert.True(seen == before || seen == after || seen == parted, $"{context}: {failure?.Message}\nbefore\n{before}\nafter\n{after}\nthere is\n{seen}");
            model = there;
        }
    }

    /// <summary>What could be done, mostly with something to which it can be done.</summary>
    private static (string Name, Func<Task> Act, Func<Model, bool> Change) Choose(Estate estate, Model model, int kind, int a, int b, bool any)
    {
        var (network, machine, port) = ($"n{a}", $"m{b}", 20000 + a);
        string Network(Func<string, bool> fits) => any ? network : Some.Select(i => $"n{(a + i) % 4}").FirstOrDefault(fits, network);
        string Machine(Func<ModelMachine?, bool> fits) => any ? machine : Some.Select(i => $"m{(b + i) % 4}").FirstOrDefault(m => fits(model.Machines.GetValueOrDefault(m)), machine);
        switch (kind)
        {
            case < 8:
                network = Network(n => !model.Networks.Contains(n));
                return ($"create {network}", () => estate.CreateAsync(network), m => m.Networks.Add(network));
            case < 14:
                network = Network(n => model.Networks.Contains(n) && !model.IsUsed(n));
                return ($"remove {network}", () => estate.RemoveNetworkAsync(network), m => !m.IsUsed(network) && m.Networks.Remove(network));
            case < 22:
                machine = Machine(m => m is null);
                return ($"make {machine}", Do(() => estate.Make(machine)), m => m.Machines.TryAdd(machine, new()));
            case < 38:
                machine = Machine(m => m is { Runs: false });
                return (
                    $"start {machine} {port}", () => estate.StartAsync(machine, Estate.Port(port)),
                    m => m.Machines.TryGetValue(machine, out var it) && !it.Runs && (it.Networks.Count == 0 || !m.IsTaken(port)) && it.Start(port));
            case < 46:
                machine = Machine(m => m is { Runs: true });
                return ($"stop {machine}", () => estate.StopAsync(machine), m => m.Machines.TryGetValue(machine, out var it) && it.Stop());
            case < 50:
                machine = Machine(m => m is not null);
                return ($"rm {machine}", () => estate.RemoveAsync(machine), m => m.Machines.Remove(machine));
            case < 68:
                machine = Machine(m => m is not null);
                network = Network(n => model.Networks.Contains(n) && model.Machines.GetValueOrDefault(machine)?.Networks.Contains(n) != true);
                return (
                    $"connect {machine} {network}", () => estate.ConnectAsync(machine, network),
                    m => m.Machines.TryGetValue(machine, out var it) && m.Networks.Contains(network) && it.Networks.Add(network));
            case < 78:
                machine = Machine(m => m is { Networks.Count: > 0 });
                network = Network(n => model.Machines.GetValueOrDefault(machine)?.Networks.Contains(n) == true);
                return (
                    $"disconnect {machine} {network}", () => estate.DisconnectAsync(machine, network),
                    m => m.Machines.TryGetValue(machine, out var it) && m.Networks.Contains(network) && it.Leave(network));
            case < 90:
                machine = Machine(m => m is { IsReachable: true });
                return (
                    $"publish {machine} {port}", () => estate.PublishAsync(machine, port),
                    m => m.Machines.TryGetValue(machine, out var it) && it.IsReachable && !m.IsTaken(port) && it.Ports.Add(port));
            case < 94:
                machine = Machine(m => m is { Runs: true });
                return (
                    $"unpublish {machine} {port}", () => estate.UnpublishAsync(machine, port),
                    m => m.Machines.TryGetValue(machine, out var it) && it.Runs && (it.Ports.Remove(port) || true));
            case < 97:
                return ("restart", estate.RestartAsync, _ => true);
            default:
                return ("kill", estate.CrashAsync, _ => true);
        }
    }

    private static Func<Task> Do(Action act) => () =>
    {
        act();
        return Task.CompletedTask;
    };

    private static ulong? Number(string variable) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
