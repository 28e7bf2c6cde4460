using Hypr.Api.Client;
using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;
using Hypr.Linux;
using Hypr.Primitives;
using Hypr.Tar;

namespace Hypr.Cli.Commands.Files;

/// <summary><c>hypr cp</c>, both ways; the rules of where things land are Docker's (docker cp --help, "behavior" in its reference).</summary>
internal static class CopyCommand
{
    public static readonly CommandSpec Command = new("cp", "Copy files/folders between a VM and the local filesystem")
    {
        Words = "VM:SRC_PATH DEST_PATH|-  or  SRC_PATH|- VM:DEST_PATH",
        Count = (2, 2),
        Options =
        [
            Option.Switch("archive", 'a', "Archive mode (copy all uid/gid information)"),
            Option.Switch("follow-link", 'L', "Always follow symbol link in SRC_PATH"),
            Option.Switch("quiet", 'q', "Suppress progress output during copy"),
        ],
        Examples =
        [
            ("hypr cp web:/etc/nginx/nginx.conf .", "a file out of a VM"),
            ("hypr cp site/. web:/usr/share/nginx/html", "what is in a folder, into one of a VM's"),
            ("hypr cp web:/var/log - | tar t", "as a tar to standard output"),
        ],
        Run = Run,
        Completes = "vm",
    };

    private static int Run(CommandLine line, Session session)
    {
        var (source, target) = (Place.Of(line.Words[0]), Place.Of(line.Words[1]));
        if (source.Path.Length == 0 || target.Path.Length == 0)
            throw new UsageException(line, "cp: a path is empty", UsageException.BadWords);
        if (source.Vm is null == target.Vm is null)
            throw new UsageException(
                line, source.Vm is null ? "cp: neither path is a VM's. Write VM:PATH for one" : "cp: from VM to VM is not done. Copy to a folder of the host first, or through a pipe with -",
                UsageException.BadWords);
        try
        {
            long bytes = source.Vm is not null ? CopyFrom.Run(line, session, source, target.Path) : CopyTo.Run(line, session, source.Path, target);
            if (!line.On("quiet") && line.Words[1] != "-")
                session.Io.WriteError($"Successfully copied {Sizes.Human(bytes)} to {line.Words[1]}");
            return 0;
        }
        catch (Exception e) when (e is MalformedException or LinuxException)
        {
            throw HyprException.Invalid($"cp {line.Words[0]}: {e.Message}");
        }
    }

    /// <summary>What stands at a VM's path; null when nothing does.</summary>
    public static PathStat? Look(Session session, string vm, string path)
    {
        try
        {
            using var answer = session.Api.Send("HEAD", new Query("containers", vm, "archive").Add("path", path));
            return PathStat.Of(answer);
        }
        catch (HyprException e) when (e.Kind == ErrorKind.NotFound)
        {
            // A HEAD's error has no words: whether it is the VM or the path, an inspect tells.
            session.Api.Get(new Query("containers", vm, "json"));
            return null;
        }
        catch (HyprException e) when (e.Kind == ErrorKind.Conflict)
        {
            // For the words of the error.
            using var answer = session.Api.Send("GET", new Query("containers", vm, "archive").Add("path", path));
            return PathStat.Of(answer);
        }
    }
}

/// <summary>A path, of a VM or of the host. A colon behind a slash or a dot at the start is the path's own (Docker's rule).</summary>
internal sealed record Place(string? Vm, string Path)
{
    public static Place Of(string word)
    {
        int colon = word.IndexOf(':', StringComparison.Ordinal);
        if (word is ['/' or '.', ..] || colon <= 0)
            return new Place(null, word);
        return new Place(word[..colon], word[(colon + 1)..]);
    }

    /// <summary>Its last part, as Go's filepath.Base: <c>.</c> stays, the root is a slash.</summary>
    public static string Base(string path)
    {
        string trimmed = path.TrimEnd('/');
        return trimmed.Length == 0 ? "/" : trimmed[(trimmed.LastIndexOf('/') + 1)..];
    }

    /// <summary>Not the folder itself is meant, but what is in it.</summary>
    public static bool IsContent(string path) => path == "." || path.EndsWith("/.", StringComparison.Ordinal) || path.Trim('/').Length == 0;
}

/// <summary>The header of GET and HEAD archive.</summary>
internal sealed record PathStat(uint Mode, string Target)
{
    public bool IsFolder => (Mode & FileModes.GoFolder) != 0;

    public bool IsLink => (Mode & FileModes.GoLink) != 0;

    public static PathStat Of(ApiAnswer answer)
    {
        try
        {
            var json = System.Text.Json.JsonDocument.Parse(Convert.FromBase64String(answer.Header(ContainerPathStat.Header) ?? "")).RootElement;
            return new PathStat((uint)json.Number("mode"), json.Text("linkTarget"));
        }
        catch (Exception e) when (e is FormatException or System.Text.Json.JsonException)
        {
            throw new IOException("hyprd's answer does not say what stands at the path", e);
        }
    }
}
