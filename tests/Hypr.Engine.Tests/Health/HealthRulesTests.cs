using Hypr.Engine.Health;
using Hypr.Images;
using Hypr.Primitives;

namespace Hypr.Engine.Tests.Health;

public sealed class HealthRulesTests
{
    [Fact]
    public void The_machines_fields_stand_over_the_images_one_by_one()
    {
        var image = new HealthCheck { Test = ["CMD", "a"], Interval = 1, Timeout = 2, StartPeriod = 3, StartInterval = 4, Retries = 5 };
        Assert.Equal(image with { Interval = 10 }, HealthRules.Of(new HealthCheck { Interval = 10 }, image));
        Assert.Equal(image with { Test = ["CMD-SHELL", "b"], Retries = 7 }, HealthRules.Of(new HealthCheck { Test = ["CMD-SHELL", "b"], Retries = 7 }, image), SameCheck);
        Assert.Same(image, HealthRules.Of(null, image));
        Assert.Null(HealthRules.Of(new HealthCheck { Test = ["NONE"] }, image));
        Assert.Null(HealthRules.Of(null, null));
    }

    private static bool SameCheck(HealthCheck? a, HealthCheck? b) => a! with { Test = [] } == b! with { Test = [] } && a.Test.SequenceEqual(b.Test);

    public static TheoryData<HealthCheck, string> Wrong { get; } = new()
    {
        { new HealthCheck { Interval = 999_999 }, "Interval in Healthcheck cannot be less than 1ms" },
        { new HealthCheck { Timeout = -1 }, "Timeout in Healthcheck cannot be less than 1ms" },
        { new HealthCheck { StartPeriod = 1 }, "StartPeriod in Healthcheck cannot be less than 1ms" },
        { new HealthCheck { StartInterval = 1 }, "StartInterval in Healthcheck cannot be less than 1ms" },
        { new HealthCheck { Retries = -1 }, "Retries in Healthcheck cannot be negative" },
        { new HealthCheck { Test = ["curl", "localhost"] }, "Test in Healthcheck is [curl, localhost]" },
        { new HealthCheck { Test = ["CMD"] }, "Test in Healthcheck is [CMD]" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_makes_no_sense_is_refused(HealthCheck check, string message)
    {
        var refused = Assert.Throws<HyprException>(() => HealthRules.Check(check));
        Assert.Equal(ErrorKind.InvalidParameter, refused.Kind);
        Assert.StartsWith(message, refused.Message);
    }

    [Theory]
    [InlineData(500, "500ms")]
    [InlineData(1500, "1.5s")]
    [InlineData(30_000, "30s")]
    [InlineData(90_000, "1m30s")]
    [InlineData(3_600_000, "1h0m0s")]
    public void Durations_have_Gos_words(int milliseconds, string words) => Assert.Equal(words, HealthRules.Words(TimeSpan.FromMilliseconds(milliseconds)));

    [Fact]
    public void A_duration_beyond_what_timers_can_is_long_and_no_fault() =>
        Assert.True(HealthRules.Timeout(new HealthCheck { Timeout = long.MaxValue }) < TimeSpan.FromMilliseconds(uint.MaxValue - 1));
}
