using Hypr.Api.Client;
using Hypr.Cli.Arguments;

namespace Hypr.Cli.Commands.Files;

/// <summary>A VM's files as a whole: diff and export.</summary>
internal static class FileCommands
{
    public static readonly CommandSpec Diff = new("diff", "Inspect changes to files or directories on a VM's filesystem")
    {
        Words = "VM",
        Count = (1, 1),
        Examples = [("hypr diff web", "A added, C changed, D deleted since the image")],
        Run = (line, session) =>
        {
            foreach (var change in session.Api.Get(new Query("containers", line.Words[0], "changes")).Items())
                session.Io.WriteLine($"{change.Number("Kind") switch { 1 => 'A', 2 => 'D', _ => 'C' }} {change.Text("Path")}");
            return 0;
        },
        Completes = "vm",
    };

    public static readonly CommandSpec Export = new("export", "Export a VM's filesystem as a tar archive")
    {
        Words = "VM",
        Count = (1, 1),
        Options = [Option.Text("output", 'o', "Write to a file, instead of STDOUT")],
        Examples = [("hypr export -o web.tar web", "all files, without what is mounted")],
        Run = RunExport,
        Completes = "vm",
    };

    private static int RunExport(CommandLine line, Session session)
    {
        string? path = line.Text("output");
        if (path is null && session.Io.OutputIsTerminal)
            throw new UsageException(line, "export: an archive would spoil your terminal. Give -o FILE, or send it on with > or |", UsageException.BadWords);
        using var answer = session.Api.Send("GET", new Query("containers", line.Words[0], "export"));
        WholeFile.Write(path, session, answer.Body);
        return 0;
    }
}

/// <summary>An archive that is written to a file, which is not left half behind.</summary>
internal static class WholeFile
{
    /// <param name="path">Null: standard output.</param>
    public static void Write(string? path, Session session, Stream content)
    {
        if (path is null)
        {
            content.CopyTo(session.Io.Output);
            return;
        }

        var isNew = !File.Exists(path);
        try
        {
            using var file = File.Create(path);
            content.CopyTo(file);
        }
        catch when (isNew)
        {
            File.Delete(path);
            throw;
        }
    }
}
