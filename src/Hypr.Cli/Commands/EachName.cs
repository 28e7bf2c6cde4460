using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Primitives;

namespace Hypr.Cli.Commands;

/// <summary>Commands that do the same to each name: they carry on past a failure and end with 1 if there was one.</summary>
internal static class EachName
{
    /// <param name="does">Returns what is printed for the name; null prints nothing.</param>
    public static int Do(CommandLine line, Session session, Func<string, string?> does)
    {
        int code = 0;
        foreach (string name in line.Words)
        {
            try
            {
                if (does(name) is { } text)
                    session.Io.WriteLine(text);
            }
            catch (Exception e) when (e is HyprException or IOException && e is not Terminal.BrokenPipeException)
            {
                session.Fail(e.Message);
                code = 1;
                if (e is HyprException { InnerException: System.Net.Sockets.SocketException })
                    return code; // No daemon: the next name fares no better.
            }
        }
        return code;
    }

    /// <summary>Posts to <c>/containers/NAME/verb</c>.</summary>
    public static string? Post(Session session, string name, string verb, Action<Query>? add = null)
    {
        var query = new Query("containers", name, verb);
        add?.Invoke(query);
        session.Api.Post(query);
        return name;
    }

    /// <summary>Asks <c>question [y/N]</c> on standard output; only y and yes are a yes.</summary>
    public static bool Confirm(Session session, string question)
    {
        session.Io.Write($"WARNING! {question}\nAre you sure you want to continue? [y/N] ");
        using var reader = new StreamReader(session.Io.Input, leaveOpen: true);
        return reader.ReadLine()?.Trim().ToLowerInvariant() is "y" or "yes";
    }

    /// <summary>The JSON of several answers as Docker's inspect writes them: one array, indented by four spaces.</summary>
    public static string Array(IReadOnlyList<JsonElement> items) =>
        items.Count == 0 ? "[]\n" : "[\n    " + string.Join(",\n    ", items.Select(i => Output.JsonText.Indent(i, depth: 1))) + "\n]\n";
}
