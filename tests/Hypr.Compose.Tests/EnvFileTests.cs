using Hypr.Compose.Load;

namespace Hypr.Compose.Tests;

public sealed class EnvFileTests
{
    [Theory]
    [InlineData("A=1", "1")]
    [InlineData("A: 1", "1")]
    [InlineData("export A=1", "1")]
    [InlineData("A = 1 ", "1")]
    [InlineData("A=", "")]
    [InlineData("A=1 # comment", "1")]
    [InlineData("A=1#no comment", "1#no comment")]
    [InlineData("A='$X # kept'", "$X # kept")]
    [InlineData("A=\"a\\nb\"", "a\nb")]
    [InlineData("A=\"a\\\"b\"", "a\"b")]
    [InlineData("A=\"over\ntwo lines\"", "over\ntwo lines")]
    [InlineData("B=b\nA=${B}c", "bc")]
    [InlineData("A='$B' # after", "$B")]
    [InlineData("A=\"\\$B\"", "$B")]
    public void One_variable(string text, string expected)
    {
        var problems = new Problems();
        var parsed = EnvFile.Parse("f", text, _ => null, problems);
        Assert.Equal(expected, parsed.Last(p => p.Key == "A").Value);
        Assert.Empty(problems.Errors);
    }

    [Fact]
    public void Comments_and_empty_lines_are_nothing_and_a_bare_name_has_no_value() =>
        Assert.Equal([new KeyValuePair<string, string?>("A", null), new("B", "2")], EnvFile.Parse("f", "\n# x\n\nA\n  \nB=2\n", _ => null, new Problems()));

    [Fact]
    public void Errors_have_their_line()
    {
        var problems = new Problems();
        EnvFile.Parse("f", "A=1\nB='open\n", _ => null, problems);
        Assert.Equal("f:2:1: the closing ' is missing", Assert.Single(problems.Errors).ToString());
    }
}
