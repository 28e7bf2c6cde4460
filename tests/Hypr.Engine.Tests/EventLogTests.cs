using Hypr.Engine.Events;

namespace Hypr.Engine.Tests;

public sealed class EventLogTests
{
    private static readonly Dictionary<string, string> None = [];

    [Fact]
    public async Task A_listener_gets_the_past_it_asks_for_then_what_comes_until_it_cancels()
    {
        var log = new EventLog(TimeProvider.System);
        log.Publish("network", "create", "n1", None);
        using var cancel = new CancellationTokenSource();
        var heard = log.Listen(DateTimeOffset.UnixEpoch, null, cancel.Token);
        log.Publish("container", "start", "c1", None);
        var actions = new List<string>();
        await foreach (var e in heard)
        {
            actions.Add($"{e.Type} {e.Action}");
            if (actions.Count == 2)
            {
                await cancel.CancelAsync();
            }
        }

        Assert.Equal(["network create", "container start"], actions);
    }

    [Fact]
    public async Task An_end_in_the_past_gives_the_past_only()
    {
        var log = new EventLog(TimeProvider.System);
        for (var i = 0; i < 300; i++)
        {
            log.Publish("image", "pull", i.ToString(System.Globalization.CultureInfo.InvariantCulture), None);
        }

        var heard = new List<string>();
        await foreach (var e in log.Listen(DateTimeOffset.UnixEpoch, DateTimeOffset.UtcNow, TestContext.Current.CancellationToken))
        {
            heard.Add(e.ActorId);
        }

        Assert.Equal(256, heard.Count);
        Assert.Equal("299", heard[^1]);
    }
}
