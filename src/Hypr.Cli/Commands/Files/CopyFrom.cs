using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Linux.Files;
using Hypr.Primitives;
using Hypr.Tar;

namespace Hypr.Cli.Commands.Files;

/// <summary>Out of a VM. What the tar holds is the guest's word: nothing of it gets out of the folder that it goes into, and devices are refused.</summary>
internal static class CopyFrom
{
    public static long Run(CommandLine line, Session session, Place source, string target)
    {
        string path = source.Path, name = Place.Base(path);
        if (line.On("follow-link") && CopyCommand.Look(session, source.Vm!, path) is { IsLink: true } link)
            path = link.Target;
        using var answer = session.Api.Send("GET", new Query("containers", source.Vm!, "archive").Add("path", path));
        if (target == "-")
        {
            if (session.Io.OutputIsTerminal)
                throw HyprException.Invalid("cp: a tar would spoil your terminal. Name a folder, or send it on with > or |");
            answer.Body.CopyTo(session.Io.Output);
            return 0;
        }

        bool isFolder = PathStat.Of(answer).IsFolder;
        var (folder, wanted) = Landing(target, isFolder, isFolder && Place.IsContent(source.Path) ? null : name);
        using var into = Folder.Open(Folder.Bytes(folder));
        var counted = new CountedStream(answer.Body);
        string given = Folder.Bytes(Place.Base(path));
        var unpacker = new TreeUnpacker(into)
        {
            Rename = entry => Renamed(entry, given, wanted is null ? null : Folder.Bytes(wanted)),
            KeepFolders = true,
            Owner = line.On("archive") && Terminal.Libc.GetUid() == 0 ? static entry => (entry.Uid, entry.Gid) : null,
        };
        unpacker.Unpack(new StreamSource(counted));
        return counted.Bytes;
    }

    /// <summary>The folder that things go into and the name of what is copied there; no name: its content goes into the folder itself.</summary>
    private static (string Folder, string? Name) Landing(string target, bool isFolder, string? name)
    {
        var status = Folder.StatusOf(Folder.Bytes(target), follow: true);
        if (status is { Type: FileStatus.Folder })
            return (target, name);
        string trimmed = target.TrimEnd('/');
        string parent = trimmed.LastIndexOf('/') switch { < 0 => ".", 0 => "/", var at => trimmed[..at] };
        if (status is not null && isFolder)
            throw HyprException.Invalid($"cp: cannot copy directory: {target} is a file");
        if (status is null && !isFolder && target.EndsWith('/'))
            throw HyprException.NotFound($"cp: destination directory {target} does not exist: make it first, or leave the slash away");
        return Folder.StatusOf(Folder.Bytes(parent), follow: true) is { Type: FileStatus.Folder }
            ? (parent, Place.Base(trimmed))
            : throw HyprException.NotFound($"cp: the folder {parent} does not exist: make it first");
    }

    /// <summary>The tar's names begin with <paramref name="given"/>; The root's are whole paths.</summary>
    private static string? Renamed(string entry, string given, string? wanted)
    {
        string trimmed = entry.TrimEnd('/');
        string rest = given == "/" ? entry.TrimStart('/')
            : trimmed == given ? ""
            : entry.StartsWith(given + "/", StringComparison.Ordinal) ? entry[(given.Length + 1)..]
            : entry;
        return wanted is null ? rest : rest.Length == 0 ? wanted : $"{wanted}/{rest}";
    }
}

/// <summary>Counts what is read.</summary>
internal sealed class CountedStream(Stream inner) : Stream
{
    public long Bytes { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        int count = inner.Read(buffer);
        Bytes += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
