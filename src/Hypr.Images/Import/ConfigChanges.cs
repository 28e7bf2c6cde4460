using System.Text.Json;
using Hypr.Primitives;

namespace Hypr.Images.Import;

/// <summary>Docker's <c>--change</c> of import and commit: a Dockerfile's instruction that changes the configuration.</summary>
public static class ConfigChanges
{
    private static readonly string[] Shell = ["/bin/sh", "-c"];

    public static ImageConfig Apply(ImageConfig config, IEnumerable<string> changes)
    {
        foreach (var change in changes.SelectMany(static c => c.Split('\n', StringSplitOptions.RemoveEmptyEntries)))
        {
            var text = change.Trim();
            var space = text.IndexOfAny([' ', '\t']);
            var (word, rest) = space < 0 ? (text, "") : (text[..space], text[space..].Trim());
            if (rest.Length == 0)
                throw HyprException.Invalid($"--change \"{text}\": {word} needs something behind it");
            config = word.ToUpperInvariant() switch
            {
                "CMD" => config with { Cmd = Command(rest) },
                "ENTRYPOINT" => config with { Entrypoint = Command(rest), Cmd = null },
                "ENV" => config with { Env = With(config.Env, Pairs(rest)) },
                "EXPOSE" => config with { ExposedPorts = [.. config.ExposedPorts.Union(Words(rest).Select(static p => p.Contains('/') ? p : p + "/tcp"))] },
                "LABEL" => config with { Labels = With(config.Labels, Pairs(rest)) },
                "STOPSIGNAL" => config with { StopSignal = rest },
                "USER" => config with { User = rest },
                "VOLUME" => config with { Volumes = [.. config.Volumes.Union(rest.StartsWith('[') ? Json(rest) : Words(rest))] },
                "WORKDIR" => config with { WorkingDir = rest.StartsWith('/') ? rest : $"{config.WorkingDir.TrimEnd('/')}/{rest}" },
                _ => throw HyprException.Invalid($"--change \"{text}\": {word} is not one of CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR"),
            };
        }

        return config;
    }

    private static string[] Command(string text) => text.StartsWith('[') ? Json(text) : [.. Shell, text];

    private static string[] Json(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return [.. json.RootElement.EnumerateArray().Select(static e => e.GetString() ?? "")];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw HyprException.Invalid($"--change: {text} is no JSON list of texts");
        }
    }

    private static List<string> With(IReadOnlyList<string> env, IReadOnlyList<(string Key, string Value)> pairs) =>
        [.. env.Where(e => !pairs.Any(p => e.StartsWith(p.Key + "=", StringComparison.Ordinal))), .. pairs.Select(static p => $"{p.Key}={p.Value}")];

    private static Dictionary<string, string> With(IReadOnlyDictionary<string, string> labels, IReadOnlyList<(string Key, string Value)> pairs)
    {
        var all = new Dictionary<string, string>(labels);
        foreach (var (key, value) in pairs)
            all[key] = value;
        return all;
    }

    /// <summary><c>A=b C="d e"</c>, or the old <c>A b c</c>.</summary>
    private static List<(string Key, string Value)> Pairs(string text)
    {
        var words = Words(text);
        if (!words[0].Contains('='))
            return [(words[0], text[words[0].Length..].Trim())];
        return [.. words.Select(w => w.IndexOf('=') is > 0 and var at ? (w[..at], w[(at + 1)..])
            : throw HyprException.Invalid($"--change: {w} is not of the form name=value"))];
    }

    /// <summary>Words of a shell's kind: quotes and backslashes keep blanks.</summary>
    private static List<string> Words(string text)
    {
        var words = new List<string>();
        var word = new System.Text.StringBuilder();
        char quote = '\0';
        var any = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\\' && quote != '\'' && i + 1 < text.Length)
                (_, any) = (word.Append(text[++i]), true);
            else if (quote != '\0' && c == quote)
                quote = '\0';
            else if (quote == '\0' && c is '"' or '\'')
                (quote, any) = (c, true);
            else if (quote == '\0' && char.IsWhiteSpace(c))
                Next();
            else
                (_, any) = (word.Append(c), true);
        }

        Next();
        return words;

        void Next()
        {
            if (any)
                words.Add(word.ToString());
            word.Clear();
            any = false;
        }
    }
}
