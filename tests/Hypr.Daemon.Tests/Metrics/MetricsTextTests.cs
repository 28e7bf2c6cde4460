using Hypr.Daemon.Metrics;

namespace Hypr.Daemon.Tests.Metrics;

public sealed class MetricsTextTests
{
    [Fact]
    public void Labels_are_escaped_and_numbers_are_invariant()
    {
        var text = new MetricsText().Family("a", "gauge", "Some help.").Sample("a", 1.5, ("name", "x\"y\\z\n"), ("other", "é")).Sample("a", 1e21);
        Assert.Equal("# HELP a Some help.\n# TYPE a gauge\na{name=\"x\\\"y\\\\z\\n\",other=\"é\"} 1.5\na 1E+21\n", text.ToString());
    }

    [Fact]
    public void A_histogram_counts_upwards_and_ends_with_all()
    {
        var requests = new RequestMetrics();
        requests.Add("GET", "containers", 200, TimeSpan.FromMilliseconds(3));
        requests.Add("GET", "containers", 200, TimeSpan.FromMilliseconds(70));
        requests.Add("GET", "containers", 200, TimeSpan.FromSeconds(60));
        var text = new MetricsText();
        requests.Write(text);
        var lines = text.ToString().Split('\n');
        Assert.Contains("hypr_api_request_duration_seconds_bucket{method=\"GET\",group=\"containers\",status=\"200\",le=\"0.001\"} 0", lines);
        Assert.Contains("hypr_api_request_duration_seconds_bucket{method=\"GET\",group=\"containers\",status=\"200\",le=\"0.005\"} 1", lines);
        Assert.Contains("hypr_api_request_duration_seconds_bucket{method=\"GET\",group=\"containers\",status=\"200\",le=\"0.1\"} 2", lines);
        Assert.Contains("hypr_api_request_duration_seconds_bucket{method=\"GET\",group=\"containers\",status=\"200\",le=\"+Inf\"} 3", lines);
        Assert.Contains("hypr_api_request_duration_seconds_count{method=\"GET\",group=\"containers\",status=\"200\"} 3", lines);
        Assert.Contains("hypr_api_request_duration_seconds_sum{method=\"GET\",group=\"containers\",status=\"200\"} 60.073", lines);
    }
}
