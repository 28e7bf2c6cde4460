using Hypr.Primitives;

namespace Hypr.KernelTests.Reliability;

/// <summary>
/// Every step of every operation of networks fails, at the kernel's doors and the store's: once, and from there on until a moment later. Then store, memory,
/// kernel and names agree by themselves, and what a person sees is what it was, or what it was to become.
/// </summary>
public sealed class FaultTests
{
    private static readonly Dictionary<string, Operation> Operations = new()
    {
        ["network create"] = new(_ => Task.CompletedTask, e => e.CreateAsync("n"), e => e.RemoveNetworkAsync("n")),
        ["network rm"] = new(e => e.CreateAsync("n"), e => e.RemoveNetworkAsync("n"), e => e.CreateAsync("n")),
        ["connect"] = new(StoppedAsync, e => e.ConnectAsync("web", "n"), e => e.DisconnectAsync("web", "n")),
        ["disconnect"] = new(
            async e =>
            {
                await StoppedAsync(e);
                await e.ConnectAsync("web", "n");
            },
            e => e.DisconnectAsync("web", "n"), e => e.ConnectAsync("web", "n")),
        ["start"] = new(
            async e =>
            {
                await StoppedAsync(e);
                await e.ConnectAsync("web", "n");
            },
            e => e.StartAsync("web", Estate.Port(8080), Estate.Port(8081)), e => e.StopAsync("web")),
        ["stop"] = new(RunningAsync, e => e.StopAsync("web"), e => e.StartAsync("web", Estate.Port(8080))),
        ["rm"] = new(RunningAsync, e => e.RemoveAsync("web"), e => WebAsync(e), GoesForward: true),
        ["live connect"] = new(RunningAsync, e => e.ConnectAsync("web", "n"), e => e.DisconnectAsync("web", "n")),
        ["live disconnect"] = new(
            async e =>
            {
                await RunningAsync(e);
                await e.ConnectAsync("web", "n");
            },
            e => e.DisconnectAsync("web", "n"),
            async e =>
            {
                // Its place may still be there, without a TAP: the next start would bring it back.
                if (e.View().Contains("bridge=10.88.0.2/16 n ", StringComparison.Ordinal))
                    await e.DisconnectAsync("web", "n");
                await e.ConnectAsync("web", "n");
            },
            GoesForward: true),
        ["publish"] = new(RunningAsync, e => e.PublishAsync("web", 9090), e => e.UnpublishAsync("web", 9090)),
        ["unpublish"] = new(RunningAsync, e => e.UnpublishAsync("web", 8080), e => e.PublishAsync("web", 8080)),
    };

    public static TheoryData<string> Names => [.. Operations.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_failure_at_any_step_leaves_all_in_agreement(string name)
    {
        var operation = Operations[name];
        await using var estate = await Estate.StartAsync();
        await operation.Prepare(estate);
        foreach (var seam in (string[])["netlink", "netlink-lost", "nft", "store-busy", "store-full"])
        {
            for (var (step, hit) = (1, true); hit; step++)
            {
                hit = await FailAsync(estate, name, operation, $"{seam}:{step}");
                // A failure that lasts takes a second to get over: the first steps stand for all.
                if (hit && step <= 2)
                    await FailAsync(estate, name, operation, $"{seam}:{step}+");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_kill_at_any_step_leaves_the_operation_done_or_undone(string name)
    {
        var operation = Operations[name];
        await using var estate = await Estate.StartAsync();
        await operation.Prepare(estate);
        for (var (step, hit) = (1, true); hit; step++)
        {
            var before = estate.View();
            estate.Lab.Faults.Arm($"any:{step}+");
            await Record.ExceptionAsync(() => operation.Act(estate));
            hit = estate.Lab.Faults.Hits > 0;
            await estate.CrashAsync();
            await estate.AgreeAsync($"{name}, killed at step {step}");
            if (estate.View() != before)
                await operation.Back(estate);
            Assert.Equal(before, estate.View());
        }
    }

    private static async Task<bool> FailAsync(Estate estate, string name, Operation operation, string plan)
    {
        var before = estate.View();
        estate.Lab.Faults.Arm(plan);
        var failure = await Record.ExceptionAsync(() => operation.Act(estate));
        var hit = estate.Lab.Faults.Hits > 0;
        estate.Lab.Faults.Arm("");
        Assert.True(failure is null or HyprException, $"{name}, {plan}: {failure}");
        await estate.AgreeAsync($"{name}, {plan} ({failure?.Message ?? "no error"})");
        if (failure is not null && !operation.GoesForward)
            Assert.Equal(before, estate.View());
        if (estate.View() != before)
            await operation.Back(estate);
        await estate.AgreeAsync($"the way back from {name}, {plan}");
        Assert.Equal(before, estate.View());
        return hit;
    }

    private static async Task StoppedAsync(Estate estate)
    {
        await estate.CreateAsync("n");
        estate.Make("web");
        await estate.ConnectAsync("web", "bridge");
    }

    private static async Task RunningAsync(Estate estate)
    {
        await estate.CreateAsync("n");
        await WebAsync(estate);
    }

    private static async Task WebAsync(Estate estate)
    {
        estate.Make("web");
        await estate.ConnectAsync("web", "bridge");
        await estate.StartAsync("web", Estate.Port(8080));
    }

    /// <param name="Back">From what it led to, to what was before.</param>
    /// <param name="GoesForward">It cannot be undone: an error tells that not all of it could be done.</param>
    private sealed record Operation(Func<Estate, Task> Prepare, Func<Estate, Task> Act, Func<Estate, Task> Back, bool GoesForward = false);
}
