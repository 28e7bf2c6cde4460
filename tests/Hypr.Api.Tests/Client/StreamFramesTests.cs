using System.Text;
using Hypr.Api.Client;
using Hypr.Testing;

namespace Hypr.Api.Tests.Client;

public sealed class StreamFramesTests
{
    private static (string Output, string Error) Demux(byte[] bytes, int most)
    {
        using var source = new MemoryStream(bytes);
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        StreamFrames.CopyTo(into => source.Read(into[..Math.Min(most, into.Length)]), output, error);
        return (Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(65536)]
    public void Frames_go_to_their_streams_however_they_are_cut(int most) =>
        Assert.Equal(("abcd", "E"), Demux(
            [.. FakeDaemon.Frame(1, "ab"), .. FakeDaemon.Frame(2, "E"), .. FakeDaemon.Frame(1, ""), .. FakeDaemon.Frame(1, "cd")], most));

    [Fact]
    public void Nothing_is_an_end() => Assert.Equal(("", ""), Demux([], 9));

    [Fact]
    public void A_frame_that_breaks_off_is_an_error()
    {
        Assert.Throws<IOException>(() => Demux(FakeDaemon.Frame(1, "abc")[..9], 99));
        Assert.Throws<IOException>(() => Demux(FakeDaemon.Frame(1, "abc")[..5], 99));
    }

    [Fact]
    public void An_unknown_stream_and_an_error_of_the_daemon_are_errors()
    {
        Assert.Throws<IOException>(() => Demux(FakeDaemon.Frame(9, "abc"), 99));
        Assert.Contains("disk full", Assert.Throws<IOException>(() => Demux(FakeDaemon.Frame(3, "disk full"), 99)).Message,
            StringComparison.Ordinal);
    }
}
