using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Commands;
using Hypr.Primitives;

namespace Hypr.Cli.Completion;

/// <summary>What may stand at the end of a command line, from the commands' table and, for names, from the daemon. A daemon that is not there gives none.</summary>
internal sealed class Completer(Session session)
{
    /// <summary>Verbs that do nothing to a VM that does not run.</summary>
    private static readonly string[] OfRunning = ["exec", "stop", "kill", "pause", "attach", "top", "stats", "diff", "export", "commit"];

    private static readonly Dictionary<string, string[]> Fixed = new()
    {
        ["restart"] = ["no", "on-failure", "always", "unless-stopped"],
        ["pull"] = ["always", "missing", "never"],
        ["signal"] = ["SIGTERM", "SIGKILL", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT"],
        ["type"] = ["container", "image", "network"],
        ["driver"] = ["bridge"],
    };

    private static readonly string[] OfFiles = ["env-file", "label-file", "cidfile", "output", "input", "file"];

    /// <param name="words">Behind <c>hypr</c>; the last is the one at the cursor, empty when it is not begun.</param>
    public Candidates Complete(IReadOnlyList<string> words)
    {
        string current = words.Count > 0 ? words[^1] : "";
        var among = CommandTable.All;
        CommandSpec? command = null;
        int names = 0;
        Option? open = null;
        foreach (string word in words.Take(Math.Max(0, words.Count - 1)))
        {
            if (open is not null)
                open = null;
            else if (word is ['-', _, ..])
                open = word.Contains('=') ? null : ValueOf(command, word);
            else if (Array.Find(among, c => c.Answers(word)) is { } found && names == 0)
                (command, among) = (found, found.Commands);
            else
                names++;
        }

        var all = open is not null ? Values(open)
            : current.StartsWith('-') ? Options(command, names)
            : [.. names == 0 ? Commands(among) : [], .. command is { Run: not null } ? Words(command, names) : []];
        bool files = open is not null ? OfFiles.Contains(open.Name) : command?.Name is "cp" or "import" && !current.StartsWith('-');
        return new Candidates([.. all.Where(c => c.Word.StartsWith(current, StringComparison.Ordinal))], files);
    }

    private static Option? ValueOf(CommandSpec? command, string word)
    {
        var options = (command?.Options ?? []).Concat(Arguments.Parser.Global);
        var option = word.StartsWith("--", StringComparison.Ordinal)
            ? options.FirstOrDefault(o => o.Name == word[2..])
            : options.FirstOrDefault(o => o.Short == word[^1]);
        return option is { IsSwitch: false } ? option : null;
    }

    private static IEnumerable<Candidate> Commands(CommandSpec[] among) => among.Where(c => !c.Hidden).Select(c => new Candidate(c.Name, c.Summary));

    private static IEnumerable<Candidate> Options(CommandSpec? command, int names)
    {
        // What follows the first word is another program's command line.
        if (names > 0 && command?.Order == OptionOrder.BeforeFirstWord)
            return [];
        var options = command is null ? Arguments.Parser.Global : [.. command.Options, Arguments.Parser.Global[1]];
        return options.Where(o => names == 0 || command?.Order != OptionOrder.AroundImage || CommandSpec.AfterImage.Contains(o.Name))
            .OrderBy(o => o.Name, StringComparer.Ordinal).Select(o => new Candidate(o.Written, o.Help));
    }

    private IEnumerable<Candidate> Values(Option option) => option.Name switch
    {
        "network" => Networks(),
        "volumes-from" => Machines(running: false),
        var name => Fixed.GetValueOrDefault(name, []).Select(v => new Candidate(v, "")),
    };

    private IEnumerable<Candidate> Words(CommandSpec command, int names) => (command.Name, command.Completes) switch
    {
        ("run" or "create", _) => names == 0 ? Images() : [],
        ("exec" or "top" or "logs" or "port" or "rename" or "commit", "vm") when names > 0 => [],
        ("connect" or "disconnect", _) when names > 0 => Machines(running: false),
        ("cp", _) => Machines(running: true).Select(c => c with { Word = c.Word + ":" }),
        (_, "vm") => Machines(OfRunning.Contains(command.Name)),
        (_, "network") => Networks(),
        (_, "image") => Images(),
        (_, "volume") => Ask("volumes").Items("Volumes").Select(v => new Candidate(v.Text("Name"), v.Text("Driver"))),
        ("help", _) => Commands(CommandTable.All),
        ("completion", _) => Scripts.Shells.Select(s => new Candidate(s, "")),
        _ => [],
    };

    private IEnumerable<Candidate> Machines(bool running) => Ask("containers", "json", all: !running).Items()
        .Select(m => new Candidate(m.Items("Names").Select(n => n.GetString()!.TrimStart('/')).FirstOrDefault() ?? "", $"{m.Text("Image")}, {m.Text("Status")}"));

    private IEnumerable<Candidate> Networks() => Ask("networks").Items().Select(n => new Candidate(n.Text("Name"), n.Text("Driver")));

    private IEnumerable<Candidate> Images() => Ask("images", "json").Items()
        .SelectMany(i => i.Items("RepoTags").Select(t => t.GetString()!)).Where(t => t != "<none>:<none>")
        .Select(t => new Candidate(t.EndsWith(":latest", StringComparison.Ordinal) ? t[..^":latest".Length] : t, ""));

    private JsonElement Ask(string first, string? second = null, bool all = false)
    {
        try
        {
            return session.Api.Get((second is null ? new Query(first) : new Query(first, second)).Add("all", all));
        }
        catch (Exception e) when (e is HyprException or IOException or JsonException)
        {
            return default;
        }
    }
}

internal sealed record Candidate(string Word, string Help);

/// <param name="Files">Files of the host may stand there too.</param>
internal sealed record Candidates(IReadOnlyList<Candidate> Words, bool Files);
