using System.Text;
using Hypr.Daemon.Hijack;
using Hypr.Primitives;

namespace Hypr.Daemon.Tests.Hijack;

public sealed class DetachKeysTests
{
    [Theory]
    [InlineData("abc", "abc", false)]
    [InlineData("a\u0010\u0011b", "a", true)]
    [InlineData("a\u0010b", "a\u0010b", false)]
    [InlineData("\u0010\u0010\u0011", "\u0010", true)]
    public void Keys_that_did_not_end_the_sequence_are_passed_on(string typed, string through, bool detached)
    {
        foreach (var piece in new[] { 1, 100 })
        {
            var keys = new DetachKeys(DetachKeys.Default);
            var passed = new List<byte>();
            foreach (var part in Encoding.ASCII.GetBytes(typed).Chunk(piece).TakeWhile(_ => !keys.Detached))
            {
                passed.AddRange(keys.Filter(part).Span);
            }

            Assert.Equal((through, detached), (Encoding.ASCII.GetString([.. passed]), keys.Detached));
        }
    }

    [Theory]
    [InlineData("", new byte[] { 16, 17 })]
    [InlineData("ctrl-a", new byte[] { 1 })]
    [InlineData("ctrl-],q", new byte[] { 29, (byte)'q' })]
    public void Sequences_are_read(string text, byte[] keys) => Assert.Equal(keys, DetachKeys.Parse(text));

    [Theory]
    [InlineData("ctrl-1")]
    [InlineData("abc")]
    [InlineData("a,,b")]
    public void What_is_no_key_is_refused(string text) => Assert.Throws<HyprException>(() => DetachKeys.Parse(text));
}
