using Hypr.Api.Contracts;

namespace Hypr.Api.Tests;

public sealed class TimeTests
{
    [Theory]
    [InlineData(0, "Less than a second")]
    [InlineData(1, "1 second")]
    [InlineData(59, "59 seconds")]
    [InlineData(60, "About a minute")]
    [InlineData(119, "About a minute")]
    [InlineData(120, "2 minutes")]
    [InlineData(3599, "59 minutes")]
    [InlineData(3600, "About an hour")]
    [InlineData(5399, "About an hour")]
    [InlineData(5400, "2 hours")]
    [InlineData(47 * 3600, "47 hours")]
    [InlineData(48 * 3600, "2 days")]
    [InlineData(14 * 86400, "2 weeks")]
    [InlineData(60 * 86400, "2 months")]
    [InlineData(730 * 86400, "2 years")]
    public void Spans_have_Dockers_words(int seconds, string words) => Assert.Equal(words, HumanDuration.Of(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Times_are_written_as_Go_writes_them()
    {
        var time = new DateTimeOffset(2024, 1, 15, 12, 30, 0, TimeSpan.FromHours(2)).AddTicks(1_200_000);
        Assert.Equal("2024-01-15T10:30:00.12Z", Timestamps.Rfc3339(time));
        Assert.Equal("2024-01-15T10:30:00.120000000Z", Timestamps.Rfc3339Fixed(time));
        Assert.Equal("0001-01-01T00:00:00Z", Timestamps.Rfc3339(null));
        Assert.Equal(1_705_314_600_120_000_000, Timestamps.UnixNanoseconds(time));
    }

    [Theory]
    [InlineData("2024-01-15T10:30:00.123456789Z", 1705314600123L)]
    [InlineData("2024-01-15T11:30:00.5+01:00", 1705314600500L)]
    [InlineData("2024-01-15T10:30:00Z", 1705314600000L)]
    public void Gos_times_are_read(string text, long milliseconds) => Assert.Equal(milliseconds, Timestamps.Parse(text)!.Value.ToUnixTimeMilliseconds());

    [Theory]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("")]
    [InlineData("yesterday")]
    public void Never_and_nonsense_are_null(string text) => Assert.Null(Timestamps.Parse(text));
}
