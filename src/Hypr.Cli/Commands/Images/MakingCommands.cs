using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;

namespace Hypr.Cli.Commands.Images;

/// <summary>Images made of files: import and commit.</summary>
internal static class MakingCommands
{
    private static readonly Option Change = Option.List("change", 'c', "Apply Dockerfile instruction to the created image");

    public static readonly CommandSpec Import = new("import", "Import the contents from a tarball to create a filesystem image")
    {
        Words = "FILE|- [REPOSITORY[:TAG]]",
        Count = (1, 2),
        Options =
        [
            Change,
            Option.Text("message", 'm', "Set commit message for imported image"),
            Option.Text("platform", '\0', "Set platform if server is multi-platform capable"),
        ],
        Examples =
        [
            ("hypr import -c 'CMD [\"nginx\"]' root.tar mine:1", "of what hypr export wrote"),
            ("curl https://example.com/root.tar.gz | hypr import - mine:2", "of what another place has"),
        ],
        Run = RunImport,
    };

    public static readonly CommandSpec Commit = new("commit", "Create a new image from a VM's files")
    {
        Words = "VM [REPOSITORY[:TAG]]",
        Count = (1, 2),
        Options =
        [
            Option.Text("author", 'a', "Author (e.g., \"John Hannibal Smith <hannibal@a-team.com>\")"),
            Change,
            Option.Text("message", 'm', "Commit message"),
            Option.Switch("pause", 'p', "Pause VM during commit (not done: the VM itself reads its files)"),
        ],
        Examples = [("hypr commit -m 'with tools' web mine:3", "what the VM has written becomes an image of one layer")],
        Run = RunCommit,
        Completes = "vm",
    };

    private static int RunImport(CommandLine line, Session session)
    {
        string source = line.Words[0];
        if (source.Contains("://", StringComparison.Ordinal))
            throw new UsageException(line, $"import {source}: hyprd fetches no archives. Hand it over: curl {source} | hypr import - NAME", UsageException.BadWords);
        if (source == "-" && session.Io.InputIsTerminal)
            throw new UsageException(line, "import: no archive. Name a file, or hand it over on standard input", UsageException.BadWords);
        using var file = source == "-" ? null : File.OpenRead(source);
        var query = new Query("images", "create").Add("fromSrc", "-").Add("message", line.Text("message")).Add("platform", line.Text("platform"));
        Add(query, line);
        using var answer = session.Api.Upload("POST", query, file ?? session.Io.Input, "application/x-tar");
        PullProgress.OnOutput(session).Show(answer.JsonLines());
        return 0;
    }

    private static int RunCommit(CommandLine line, Session session)
    {
        var query = new Query("commit").Add("container", line.Words[0]).Add("comment", line.Text("message")).Add("author", line.Text("author"));
        Add(query, line);
        session.Io.WriteLine(session.Api.Post(query).Text("Id"));
        return 0;
    }

    private static void Add(Query query, CommandLine line)
    {
        if (line.Words.Count > 1)
        {
            var (repo, tag) = ImageName.Split(line.Words[1]);
            query.Add("repo", repo).Add("tag", tag);
        }

        foreach (string change in line.All("change"))
            query.Add("changes", change);
    }
}
