using System.Text;
using Hypr.Cli.Terminal;
using Hypr.Primitives;

namespace Hypr.Cli.Tests.Terminal;

public sealed class DetachKeysTests
{
    [Theory]
    [InlineData("ctrl-p,ctrl-q", "ab", "ab", false)]
    [InlineData("ctrl-p,ctrl-q", "a\x10\x11z", "a", true)]
    [InlineData("ctrl-p,ctrl-q", "a\x10z", "a\x10z", false)]
    [InlineData("ctrl-p,ctrl-q", "\x10\x10\x11", "\x10", true)]
    [InlineData("ctrl-p,ctrl-q", "\x10", "", false)]
    [InlineData("a,b,c", "ababc", "ab", true)]
    [InlineData("ctrl-]", "x\x1d", "x", true)]
    [InlineData("q", "xyq", "xy", true)]
    public void Keys_are_found_whether_they_come_together_or_alone(string keys, string typed, string passed, bool detached)
    {
        foreach (int step in new[] { 1, 100 })
        {
            var scanner = DetachKeys.Parse(keys);
            using var pass = new MemoryStream();
            byte[] bytes = Encoding.Latin1.GetBytes(typed);
            bool found = false;
            for (int i = 0; i < bytes.Length && !found; i += step)
                found = scanner.Scan(bytes.AsSpan(i, Math.Min(step, bytes.Length - i)), pass);
            Assert.Equal(detached, found);
            Assert.Equal(passed, Encoding.Latin1.GetString(pass.ToArray()));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("ctrl-")]
    [InlineData("ctrl-1")]
    [InlineData("ctrl-p,,")]
    [InlineData("alt-x")]
    public void What_is_no_key_is_an_error(string keys) => Assert.Throws<HyprException>(() => DetachKeys.Parse(keys));
}
