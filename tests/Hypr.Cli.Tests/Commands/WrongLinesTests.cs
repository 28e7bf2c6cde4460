using Hypr.Cli.Arguments;
using Hypr.Cli.Commands;

namespace Hypr.Cli.Tests.Commands;

/// <summary>Wrong command lines, made from the table: whatever is wrong with them, they end with a code and one or two lines that say it.</summary>
public sealed class WrongLinesTests : CommandRunner
{
    private static readonly string[] BadNames = ["", "/", "a b", "-x", "a/../b", "ä", ".", "..", "a\nb", "UPPER/lower", new string('x', 5000)];

    [Fact]
    public void A_thousand_wrong_lines_are_a_code_and_a_sentence_each()
    {
        var lines = Lines().DistinctBy(l => string.Join('\0', l)).ToList();
        Assert.InRange(lines.Count, 1000, 20_000);
        var wrong = new List<string>();
        foreach (var line in lines)
        {
            var (code, output, error) = Run(line);
            var told = error.TrimEnd('\n').Split('\n');
            if (code is 0 or > 127 || told.Length > 2 || !told[0].StartsWith("hypr: ", StringComparison.Ordinal) || told[0].Length < 12
                || error.Contains("   at ", StringComparison.Ordinal) || error.Contains("Exception", StringComparison.Ordinal))
                wrong.Add($"{string.Join(' ', line)[..Math.Min(100, string.Join(' ', line).Length)]} -> {code} {output}{error}");
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {lines.Count}:\n{string.Join('\n', wrong.Take(20))}");
    }

    [Theory]
    [InlineData("run --publihs 80 nginx", "Did you mean --publish?")]
    [InlineData("rnu nginx", "Did you mean hypr run?")]
    [InlineData("network craete x", "Did you mean hypr network create?")]
    public void What_was_meant_is_suggested(string line, string words) => Assert.Contains(words, Run(line).Error, StringComparison.Ordinal);

    private static IEnumerable<string[]> Lines() => Commands(CommandTable.All, []).SelectMany(c => Wrongs(c.Spec, c.Path));

    private static IEnumerable<(CommandSpec Spec, string[] Path)> Commands(CommandSpec[] among, string[] before)
    {
        foreach (var spec in among.Where(c => !c.Hidden && c.Name is not "compose"))
        {
            string[] path = [.. before, spec.Name];
            if (spec.Run is not null && spec.Order != OptionOrder.Unread)
                yield return (spec, path);
            foreach (var below in Commands(spec.Commands, path))
                yield return below;
        }
    }

    private static IEnumerable<string[]> Wrongs(CommandSpec spec, string[] path)
    {
        string[] words = [.. Enumerable.Repeat("nowhere", Math.Max(1, spec.Count.Least))];
        yield return [.. path, "--no-such-option"];
        yield return [.. path, "--no-such-option=x", .. words];
        yield return [.. path, "-\u00fc"];
        yield return [.. path[..^1], path[^1] + "x"];
        if (spec.Count.Least > 0)
            yield return path;
        if (spec.Count.Least > 1)
            yield return [.. path, "one"];
        if (spec.Count.Most < 10)
            yield return [.. path, .. Enumerable.Repeat("word", spec.Count.Most + 1)];
        foreach (var option in spec.Options)
        {
            if (option.IsSwitch)
            {
                yield return [.. path, $"--{option.Name}=maybe", .. words];
                continue;
            }

            yield return [.. path, $"--{option.Name}"];
            if (option.Value is "int" or "decimal" or "bytes" or "duration")
            {
                foreach (var value in (string[])["x", "-", "1x", "99999999999999999999999", ""])
                    yield return [.. path, $"--{option.Name}={value}", .. words];
            }
        }

        // What the daemon does not know, it says; names that are none, too.
        if (spec.Completes == "vm" && spec.Count.Least > 0 && spec.Name is not ("cp" or "top"))
        {
            foreach (var name in BadNames.Where(n => !n.StartsWith('-')))
                yield return [.. path, name, .. words.Skip(1)];
        }
    }
}
