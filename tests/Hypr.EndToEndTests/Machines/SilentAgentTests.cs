using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.EndToEndTests.Machines;

/// <summary>The agent of a real guest hears what it is told and says nothing.</summary>
public sealed class SilentAgentTests(GuestFiles guest) : IClassFixture<GuestFiles>
{
    [Fact]
    public async Task It_is_not_waited_for_without_end_and_nothing_is_left()
    {
        var faults = new Faults();
        await using var lab = new MachineLab(guest, settings => settings with { Faults = faults, BootDeadline = TimeSpan.FromSeconds(3), WarmStart = false });
        var spawned = new List<MachineHandle>();
        faults.Arm("agent-hangs:1+");
        var error = await Assert.ThrowsAsync<HyprException>(() => lab.StartAsync(lab.Spec("true") with { Spawned = spawned.Add }));
        Assert.Contains("did not start: its agent did not", error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(spawned);
        Assert.Empty(lab.Host.Check([], [], []));
    }
}
