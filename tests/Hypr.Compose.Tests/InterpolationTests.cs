using Hypr.Compose.Load;

namespace Hypr.Compose.Tests;

public sealed class InterpolationTests
{
    private static readonly Dictionary<string, string> Variables = new() { ["SET"] = "value", ["EMPTY"] = "", ["OTHER"] = "other" };

    [Theory]
    [InlineData("$SET", "value")]
    [InlineData("${SET}", "value")]
    [InlineData("a${SET}b$SET.c", "avaluebvalue.c")]
    [InlineData("$$SET", "$SET")]
    [InlineData("$${SET}", "${SET}")]
    [InlineData("${EMPTY:-default}", "default")]
    [InlineData("${EMPTY-default}", "")]
    [InlineData("${MISSING-default}", "default")]
    [InlineData("${MISSING:-${OTHER}}", "other")]
    [InlineData("${MISSING:-${ALSO_MISSING:-deep}}", "deep")]
    [InlineData("${SET:+other}", "other")]
    [InlineData("${EMPTY:+other}", "")]
    [InlineData("${EMPTY+other}", "other")]
    [InlineData("${MISSING+other}", "")]
    [InlineData("${SET:?must be set}", "value")]
    [InlineData("${MISSING:-}", "")]
    [InlineData("100$", "100$")]
    public void Every_form_of_the_specification(string text, string expected)
    {
        var problems = new Problems();
        Assert.Equal(expected, new Interpolation(Variables.GetValueOrDefault, problems).Expand(text, default));
        Assert.Empty(problems.Errors);
    }

    [Theory]
    [InlineData("${MISSING:?set it first}", "required variable MISSING is missing a value: set it first")]
    [InlineData("${EMPTY:?}", "required variable EMPTY is missing a value")]
    [InlineData("${SET", "the closing brace of ${ is missing")]
    [InlineData("${}", "a variable's name is due")]
    [InlineData("$1", "write $$ for a dollar sign")]
    [InlineData("${SET!x}", "after the name SET one of")]
    public void What_is_wrong_is_said(string text, string expected)
    {
        var problems = new Problems();
        new Interpolation(Variables.GetValueOrDefault, problems).Expand(text, default);
        Assert.Contains(expected, Assert.Single(problems.Errors).Message);
    }

    [Fact]
    public void An_unset_variable_is_an_empty_string_and_a_warning_with_its_place()
    {
        using var folder = new StackFolder(("compose.yaml", "services:\n  web:\n    image: nginx:$TAG\n"));
        var loaded = folder.Load();
        Assert.Equal("nginx:", loaded.Project.Services[0].Image);
        Assert.Contains("compose.yaml:3:12: the variable TAG is not set", Assert.Single(loaded.Warnings).ToString());
    }

    [Fact]
    public void The_shell_beats_the_env_file_beside_the_compose_file()
    {
        using var folder = new StackFolder(("compose.yaml", "services: { a: { image: 'x:$A-$B' } }"), (".env", "A=file\nB=file\n"));
        folder.Shell["A"] = "shell";
        Assert.Equal("x:shell-file", folder.Load().Project.Services[0].Image);
    }
}
