using System.Text;
using Hypr.Engine.Health;
using Hypr.Images;
using Hypr.Primitives;

namespace Hypr.Engine.Tests.Health;

public sealed class HealthMonitorTests
{
    private const long Second = 1_000_000_000;
    private static readonly HealthCheck Curl = new() { Test = ["CMD", "curl", "-f", "localhost"] };

    [Fact]
    public async Task It_is_starting_until_the_first_check_after_an_interval()
    {
        var lab = new HealthLab(Curl);
        Assert.Equal((HealthStatus.Starting, 0), (lab.Health.Status, lab.Health.Log.Count));
        lab.Guest.Next = () => CheckSession.Ending(0, "it works\n");
        Assert.Equal(TimeSpan.FromSeconds(30), await lab.NextAsync());
        Assert.Equal(HealthStatus.Healthy, lab.Health.Status);
        Assert.Equal((0, "it works\n"), (lab.Health.Log[0].ExitCode, lab.Health.Log[0].Output));
        Assert.Equal(["curl", "-f", "localhost"], lab.Guest.Started.Single().Args);
        await HealthLab.Until(() => lab.Events.Count == 4);
        Assert.Equal(["exec_create: curl -f localhost", "exec_die", "exec_start: curl -f localhost", "health_status: healthy"], lab.Events.Order());
    }

    [Fact]
    public async Task Failures_in_a_row_make_it_unhealthy_one_success_healthy_and_only_changes_are_told()
    {
        var lab = new HealthLab(Curl with { Retries = 2, Interval = 7 * Second });
        var codes = new Queue<int>([1, 0, 1, 2, 3, 0, 0]);
        lab.Guest.Next = () => CheckSession.Ending(codes.Dequeue());
        var seen = new List<(HealthStatus, int)>();
        while (codes.Count > 0)
        {
            Assert.Equal(TimeSpan.FromSeconds(7), await lab.NextAsync());
            seen.Add((lab.Health.Status, lab.Health.FailingStreak));
        }

        Assert.Equal(
            [
                (HealthStatus.Starting, 1), (HealthStatus.Healthy, 0), (HealthStatus.Healthy, 1), (HealthStatus.Unhealthy, 2),
                (HealthStatus.Unhealthy, 3), (HealthStatus.Healthy, 0), (HealthStatus.Healthy, 0),
            ], seen);
        Assert.Equal([1, 2, 3, 0, 0], lab.Health.Log.Select(r => r.ExitCode));
        var told = lab.Events.Where(e => e.StartsWith("health", StringComparison.Ordinal));
        Assert.Equal(["health_status: healthy", "health_status: unhealthy", "health_status: healthy"], told);
    }

    [Fact]
    public async Task Within_the_start_period_it_is_looked_at_more_often_and_failures_do_not_count_until_a_success()
    {
        var lab = new HealthLab(Curl with { Retries = 1, StartPeriod = 12 * Second, StartInterval = 5 * Second, Interval = 60 * Second });
        lab.Guest.Next = () => CheckSession.Ending(1);
        Assert.Equal(TimeSpan.FromSeconds(5), await lab.NextAsync());
        Assert.Equal(TimeSpan.FromSeconds(5), await lab.NextAsync());
        Assert.Equal((HealthStatus.Starting, 0, 2), (lab.Health.Status, lab.Health.FailingStreak, lab.Health.Log.Count));
        Assert.Equal(TimeSpan.FromSeconds(5), await lab.NextAsync());
        Assert.Equal((HealthStatus.Unhealthy, 1), (lab.Health.Status, lab.Health.FailingStreak));
        Assert.Equal(TimeSpan.FromSeconds(60), await lab.NextAsync());

        var early = new HealthLab(Curl with { Retries = 1, StartPeriod = 100 * Second, StartInterval = 5 * Second, Interval = 20 * Second });
        await early.NextAsync();
        early.Guest.Next = () => CheckSession.Ending(1);
        Assert.Equal(TimeSpan.FromSeconds(20), await early.NextAsync());
        Assert.Equal(HealthStatus.Unhealthy, early.Health.Status);
    }

    [Fact]
    public async Task What_hangs_is_killed_at_its_time_out_and_nothing_is_begun_until_it_has_ended()
    {
        var lab = new HealthLab(Curl with { Timeout = 4 * Second, Retries = 9 });
        lab.Guest.Next = () => CheckSession.Hanging("so far so good");
        lab.Clock.Advance(TimeSpan.FromSeconds(30));
        await HealthLab.Until(() => lab.Checks == 1 && lab.Clock.Pending is [{ TotalSeconds: 4 }]);
        lab.Clock.Advance(TimeSpan.FromSeconds(4));
        await HealthLab.Until(() => lab.Health.Log.Count == 1);
        Assert.Equal((-1, "Health check exceeded timeout (4s): so far so good"), (lab.Health.Log[0].ExitCode, lab.Health.Log[0].Output));
        Assert.Equal([9], lab.Guest.Sessions.Single().Signals);

        await lab.NextAsync();
        Assert.Contains("has not ended yet", lab.Health.Log[1].Output);
        Assert.Equal((1, 2), (lab.Checks, lab.Health.FailingStreak));
        lab.Guest.Sessions.Single().End(137);
        lab.Guest.Next = () => CheckSession.Ending(0);
        while (lab.Checks == 1)
        {
            await lab.NextAsync();
        }

        Assert.Equal((2, HealthStatus.Healthy), (lab.Checks, lab.Health.Status));
    }

    [Theory]
    [InlineData((byte)'x')]
    [InlineData((byte)0xff)]
    public async Task Output_without_end_is_kept_to_4096_bytes(byte of)
    {
        var lab = new HealthLab(Curl);
        lab.Guest.Next = () => new CheckSession([.. Enumerable.Repeat(of, 1_000_000)], 0);
        await lab.NextAsync();
        var output = lab.Health.Log[0].Output;
        Assert.InRange(Encoding.UTF8.GetByteCount(output), 4090, 4096);
        Assert.EndsWith("...", output);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_a_failure_with_its_reason()
    {
        var lab = new HealthLab(Curl with { Retries = 1 });
        lab.Guest.Next = () => throw HyprException.Invalid("exec: \"curl\": executable file not found in $PATH");
        await lab.NextAsync();
        Assert.Equal((-1, "exec: \"curl\": executable file not found in $PATH", HealthStatus.Unhealthy),
            (lab.Health.Log[0].ExitCode, lab.Health.Log[0].Output, lab.Health.Status));
    }

    [Fact]
    public async Task A_pause_ends_the_running_check_and_keeps_what_was_known()
    {
        var lab = new HealthLab(Curl with { Timeout = 60 * Second });
        await lab.NextAsync();
        lab.Guest.Next = () => CheckSession.Hanging();
        lab.Clock.Advance(TimeSpan.FromSeconds(30));
        await HealthLab.Until(() => lab.Checks == 2);
        lab.Monitor.Pause(lab.Machine);
        await HealthLab.Until(() => lab.Clock.Pending.Count == 0);
        Assert.Equal((HealthStatus.Healthy, 1), (lab.Health.Status, lab.Health.Log.Count));

        lab.Guest.Next = () => CheckSession.Ending(1);
        lab.Monitor.Resume(lab.Machine);
        await lab.NextAsync();
        Assert.Equal((HealthStatus.Healthy, 1), (lab.Health.Status, lab.Health.FailingStreak));
    }

    [Fact]
    public async Task The_end_of_the_machine_ends_its_checks_and_the_next_start_begins_anew()
    {
        var lab = new HealthLab(Curl);
        await lab.NextAsync();
        var late = CheckSession.Hanging();
        lab.Guest.Next = () => late;
        lab.Clock.Advance(TimeSpan.FromSeconds(30));
        await HealthLab.Until(() => lab.Checks == 2);
        lab.Monitor.End(lab.Machine);
        late.End(0);
        await HealthLab.Until(() => lab.Clock.Pending.Count == 0);
        Assert.Equal((HealthStatus.Unhealthy, 1), (lab.Health.Status, lab.Health.Log.Count));
        lab.Monitor.Begin(lab.Machine, lab.Clock.GetUtcNow());
        Assert.Equal((HealthStatus.Starting, 0, 1), (lab.Health.Status, lab.Health.FailingStreak, lab.Health.Log.Count));
    }

    [Fact]
    public async Task The_images_check_user_folder_and_shell_count_where_the_machine_says_nothing()
    {
        var image = new ImageConfig
        {
            Healthcheck = new HealthCheck { Test = ["CMD-SHELL", "exit 0"], Interval = 9 * Second },
            Shell = ["/bin/bash", "-ec"],
            User = "www-data",
            WorkingDir = "/srv",
            Env = ["A=1"],
        };
        var lab = new HealthLab(new HealthCheck { Retries = 1 }, image);
        Assert.Equal(TimeSpan.FromSeconds(9), await lab.NextAsync());
        var process = lab.Guest.Started.Single();
        Assert.Equal(["/bin/bash", "-ec", "exit 0"], process.Args);
        Assert.Equal(("www-data", "/srv", "A=1"), (process.User, process.WorkingDir, process.Env.Single()));
        Assert.Null(new HealthLab(new HealthCheck { Test = ["NONE"] }, image).Machine.Health.State);
        Assert.Null(new HealthLab(new HealthCheck { Interval = Second }).Machine.Health.State);
    }
}
