using System.Text.Json;
using Hypr.Daemon.Tests.Fakes;

namespace Hypr.Daemon.Tests.Http;

public sealed class HealthTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    private static string Config(string test) =>
        $$$"""{"Image":"busybox","Cmd":["sleep","60"],"Healthcheck":{"Test":{{{test}}},"Interval":5000000,"Retries":1,"Timeout":60000000000}}""";

    [Theory]
    [InlineData("""["CMD-SHELL","echo fine; exit 0"]""", "healthy", 0, "fine\n")]
    [InlineData("""["CMD","sh","-c","echo bad >&2; exit 3"]""", "unhealthy", 3, "bad\n")]
    [InlineData("""["CMD","no-such-program"]""", "unhealthy", -1, "exec: \"no-such-program\": executable file not found in $PATH")]
    public async Task A_check_shows_in_ps_inspect_filter_and_events(string test, string status, int code, string output)
    {
        var since = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 1;
        var id = await api.RunAsync(Config(test));
        var health = await HealthAsync(id, status);
        var last = health.GetProperty("Log")[0];
        Assert.Equal((code, output), (last.GetProperty("ExitCode").GetInt32(), last.GetProperty("Output").GetString()));
        Assert.True(last.GetProperty("End").GetDateTimeOffset() >= last.GetProperty("Start").GetDateTimeOffset());
        Assert.Equal(status == "healthy", health.GetProperty("FailingStreak").GetInt32() == 0);
        var listed = await ListAsync($$"""{"health":["{{status}}"],"id":["{{id}}"]}""");
        Assert.EndsWith($" ({status})", listed.Single().GetProperty("Status").GetString());
        Assert.Empty(await ListAsync($$"""{"health":["none"],"id":["{{id}}"]}"""));
        var until = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1;
        var wanted = Uri.EscapeDataString($$"""{"container":["{{id}}"],"event":["health_status"]}""");
        var events = await api.SendAsync("GET", $"/events?since={since}&until={until}&filters={wanted}");
        Assert.Contains($"\"Action\":\"health_status: {status}\"", events.Text);
        await api.SendAsync("DELETE", $"/containers/{id}?force=1");
    }

    [Fact]
    public async Task Without_a_check_there_is_no_health_and_a_wrong_one_is_refused()
    {
        var id = await api.RunAsync(Config("""["NONE"]"""));
        Assert.False((await InspectAsync(id)).GetProperty("State").TryGetProperty("Health", out _));
        Assert.Single(await ListAsync($$"""{"health":["none"],"id":["{{id}}"]}"""));
        var wrong = await api.SendAsync("POST", "/containers/create", Config("""["curl"]"""));
        Assert.Equal(400, wrong.Status);
        Assert.StartsWith("Test in Healthcheck is [curl]", wrong.Message);
        Assert.Equal("invalid filter 'health=ill'", (await api.SendAsync("GET", "/containers/json?filters=" + Uri.EscapeDataString("""{"health":["ill"]}"""))).Message);
        Assert.Equal("60000000000", (await InspectAsync(id)).GetProperty("Config").GetProperty("Healthcheck").GetProperty("Timeout").GetRawText());
        await api.SendAsync("DELETE", $"/containers/{id}?force=1");
    }

    private async Task<JsonElement> InspectAsync(string id) => (await api.SendAsync("GET", $"/containers/{id}/json")).Json;

    /// <summary>As soon as it is so.</summary>
    private async Task<JsonElement> HealthAsync(string id, string status)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        while (true)
        {
            var health = (await InspectAsync(id)).GetProperty("State").GetProperty("Health");
            if (health.GetProperty("Status").GetString() == status)
            {
                return health;
            }

            await Task.Delay(5, patience.Token);
        }
    }

    private async Task<IReadOnlyList<JsonElement>> ListAsync(string filters) =>
        [.. (await api.SendAsync("GET", "/containers/json?filters=" + Uri.EscapeDataString(filters))).Json.EnumerateArray()];
}
