using System.Globalization;
using System.Text.Json;
using Hypr.Cli.Output;
using Hypr.Primitives;

namespace Hypr.Cli.Tests.Output;

public sealed class FormatTests
{
    [Fact]
    public void A_table_is_laid_out_as_the_specification_shows_network_ls() => Assert.Equal(
        """
        NETWORK ID      NAME       DRIVER     SCOPE
        abc123def456    bridge     bridge     local
        def456ghi789    mynet      bridge     local

        """,
        Table.Lay([["NETWORK ID", "NAME", "DRIVER", "SCOPE"], ["abc123def456", "bridge", "bridge", "local"],
            ["def456ghi789", "mynet", "bridge", "local"]]));

    [Theory]
    [InlineData(0, "0B")]
    [InlineData(999, "999B")]
    [InlineData(1000, "1kB")]
    [InlineData(187_400_000, "187MB")]
    [InlineData(4_258_000, "4.26MB")]
    [InlineData(10_500, "10.5kB")]
    [InlineData(1_000_000_000, "1GB")]
    public void Sizes_are_dockers(long bytes, string text) => Assert.Equal(text, Sizes.Human(bytes));

    [Theory]
    [InlineData(2_087_354_368, "1.944GiB")]
    [InlineData(536_870_912, "512MiB")]
    [InlineData(1_072_693_248, "1023MiB")]
    public void Binary_sizes_are_dockers(long bytes, string text) => Assert.Equal(text, Sizes.HumanBinary(bytes));

    [Theory]
    [InlineData("512", 512L << 20)]
    [InlineData("512m", 512L << 20)]
    [InlineData("512MB", 512L << 20)]
    [InlineData("1g", 1L << 30)]
    [InlineData("1.5GiB", 3L << 29)]
    [InlineData("64k", 64L << 10)]
    [InlineData("100b", 100)]
    public void A_bare_number_of_memory_is_in_megabytes(string text, long bytes) =>
        Assert.Equal(bytes, Sizes.Parse("--memory", text, 1 << 20));

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("m")]
    [InlineData("1x")]
    [InlineData("1..2m")]
    [InlineData("one")]
    [InlineData("99999999999999999999999999999g")]
    [InlineData("9999999999g")]
    public void A_wrong_size_is_an_error_that_names_the_option(string text) =>
        Assert.Contains("--memory", Assert.Throws<HyprException>(() => Sizes.Parse("--memory", text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("30s", 30_000_000_000)]
    [InlineData("1m30s", 90_000_000_000)]
    [InlineData("500ms", 500_000_000)]
    [InlineData("1.5h", 5_400_000_000_000)]
    [InlineData("0", 0)]
    public void Durations_are_gos(string text, long nanoseconds) => Assert.Equal(nanoseconds, Durations.Nanoseconds("--x", text));

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("1d")]
    [InlineData("-1s")]
    [InlineData("9999999999999h")]
    public void A_wrong_duration_is_an_error(string text) => Assert.Throws<HyprException>(() => Durations.Nanoseconds("--x", text));

    [Theory]
    [InlineData("10m", "1705314000.000000000")]
    [InlineData("1705314600", "1705314600")]
    [InlineData("2024-01-15T10:30:00Z", "1705314600.000000000")]
    [InlineData("2024-01-15T10:30:00.5Z", "1705314600.500000000")]
    public void A_moment_is_a_time_or_a_duration_before_now(string text, string seconds) =>
        Assert.Equal(seconds,
            Durations.Moment("--since", text, DateTimeOffset.Parse("2024-01-15T10:30:00Z", CultureInfo.InvariantCulture)));

    [Fact]
    public void Json_is_indented_by_four_and_keeps_order_numbers_and_escapes()
    {
        var json = JsonDocument.Parse("""{"b":1.50,"a":{"x":[],"y":{},"z":[1,"q\"}\u003c"]},"e":9007199254740993,"n":null}""").RootElement;
        Assert.Equal(
            """
            {
                "b": 1.50,
                "a": {
                    "x": [],
                    "y": {},
                    "z": [
                        1,
                        "q\"}\u003c"
                    ]
                },
                "e": 9007199254740993,
                "n": null
            }
            """,
            JsonText.Indent(json));
    }

    private static readonly Listing<(string Name, string Driver)> Networks = new(
        [new("Name", "NAME", n => n.Name), new("Driver", "DRIVER", n => n.Driver)], ["Name", "Driver"], (n, key) => $"{n.Name}-{key}");

    [Theory]
    [InlineData(null, "NAME       DRIVER\nmynet      bridge\n")]
    [InlineData("table", "NAME       DRIVER\nmynet      bridge\n")]
    [InlineData("json", "{\"Driver\":\"bridge\",\"Name\":\"mynet\"}\n")]
    [InlineData("{{.Name}}: {{upper .Driver}}", "mynet: BRIDGE\n")]
    [InlineData("{{json .}}", "{\"Driver\":\"bridge\",\"Name\":\"mynet\"}\n")]
    [InlineData("table {{.Driver}}\\t{{upper .Name}}", "DRIVER     NAME\nbridge     MYNET\n")]
    [InlineData("table {{.Name}}\\t{{.Label \"k\"}}", "NAME       k\nmynet      mynet-k\n")]
    public void A_list_takes_dockers_formats(string? format, string text) =>
        Assert.Equal(text, Networks.Render([("mynet", "bridge")], format));

    [Fact]
    public void An_empty_table_has_its_headings_and_an_empty_template_nothing()
    {
        Assert.Equal("NAME       DRIVER\n", Networks.Render([], null));
        Assert.Equal("", Networks.Render([], "{{.Name}}"));
        Assert.Equal("", Networks.Render([], null, quiet: "Name"));
    }
}
