using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Hypr.Daemon.Tests.Docker;

/// <summary>docs/docker.md against <c>docker --help</c> and <c>docker VERB --help</c> of the docker CLIs of this machine: nothing is missing in it, and nothing made up.</summary>
public sealed partial class DockerTableTests
{
    private static readonly string[] Clis = [.. ((string[])["/usr/bin/docker", "/usr/local/bin/docker"]).Where(File.Exists)];

    [Fact]
    public async Task Every_verb_and_flag_of_docker_is_in_the_table_and_no_other()
    {
        Assert.NotEmpty(Clis);
        var table = Rows();
        var families = table.Keys.Where(v => v.EndsWith(" *", StringComparison.Ordinal)).Select(v => v[..^2]).ToHashSet();
        var known = new Dictionary<string, HashSet<string>>();
        foreach (var cli in Clis)
        {
            foreach (var verb in (await HelpAsync(cli)).Verbs)
            {
                if (families.Contains(verb))
                    known.TryAdd(verb + " *", []);
                else
                    await AddAsync(known, cli, [verb]);
            }
        }

        // buildx and compose are plugins, which a CLI may lack.
        foreach (var plugin in (string[])["buildx *", "compose *"])
            known.TryAdd(plugin, []);
        Assert.Empty(known.Keys.Except(table.Keys));
        Assert.Empty(known.SelectMany(k => k.Value.Except(table[k.Key]).Select(f => $"docker {k.Key} --{f} is not in the table")));

        // Verbs and flags of the newer CLI alone are no mistake where it is not installed.
        if (Clis.Length == 2)
        {
            Assert.Empty(table.Keys.Except(known.Keys));
            Assert.Empty(known.SelectMany(k => table[k.Key].Except(k.Value).Select(f => $"docker {k.Key} has no --{f}")));
        }
    }

    private static async Task AddAsync(Dictionary<string, HashSet<string>> known, string cli, string[] path)
    {
        var (verbs, flags) = await HelpAsync(cli, path);
        if (!known.TryGetValue(string.Join(' ', path), out var all))
            known.Add(string.Join(' ', path), all = []);
        all.UnionWith(verbs.Count > 0 ? [] : flags);
        foreach (var verb in verbs)
            await AddAsync(known, cli, [.. path, verb]);
    }

    private static async Task<(List<string> Verbs, List<string> Flags)> HelpAsync(string cli, params string[] path)
    {
        var start = new ProcessStartInfo(cli, [.. path, "--help"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var text = await process.StandardOutput.ReadToEndAsync();
        await error;
        await process.WaitForExitAsync();
        var (verbs, flags, section) = (new List<string>(), new List<string>(), "");
        foreach (var line in text.Split('\n'))
        {
            if (Title().Match(line) is { Success: true } title)
                section = title.Groups[1].Value;
            else if (section.EndsWith("Commands", StringComparison.Ordinal) && Verb().Match(line) is { Success: true } verb)
                verbs.Add(verb.Groups[1].Value);
            else if (section == "Options" && path.Length > 0 && Flag().Match(line) is { Success: true } flag)
                flags.Add(flag.Groups[1].Value);
        }

        return (verbs, flags);
    }

    private static Dictionary<string, HashSet<string>> Rows([CallerFilePath] string file = "") =>
        File.ReadAllLines(Path.Combine(Path.GetDirectoryName(file)!, "../../../docs/docker.md"))
            .SkipWhile(l => !l.StartsWith("|---", StringComparison.Ordinal)).Skip(1).Where(l => l.StartsWith('|'))
            .Select(l => l.Split(" | "))
            .ToDictionary(c => c[0].TrimStart('|').Trim(), c => c.Skip(2).SelectMany(cell => Mentioned().Matches(cell).Select(m => m.Groups[1].Value)).ToHashSet());

    [GeneratedRegex("^([A-Z][A-Za-z ]*):\\s*$")]
    private static partial Regex Title();

    [GeneratedRegex("^  ([a-z-]+)\\*?\\s")]
    private static partial Regex Verb();

    [GeneratedRegex("^\\s+(?:-\\w, )?--([a-z0-9-]+)")]
    private static partial Regex Flag();

    [GeneratedRegex("`--([a-z0-9-]+)`")]
    private static partial Regex Mentioned();
}
