using System.Buffers.Binary;
using Hypr.Guest.Protocol.Messages;
using Hypr.Guest.Protocol.Wire;
using Hypr.Linux.Files;
using Hypr.Tar;

namespace Hypr.Guest.Tools;

/// <summary>
/// A path as <c>docker cp</c> means it (github.com/moby/moby, daemon/archive.go): the last part is not followed when it is a link, unless a slash or <c>/.</c> stands
/// behind it; and the tar's names begin with the path's last part, which is <c>.</c> for <c>/etc/.</c>
/// </summary>
internal static class ContainerPath
{
    public static void Send(string text, FileStream output, bool withTar)
    {
        var path = Folder.Bytes(text.StartsWith('/') ? text : "/" + text);
        var (parent, name) = Split(path);
        var status = Folder.StatusOf(path, follow: name is "" or ".")
            ?? throw new ToolFailure(Tool.NotFound, $"Could not find the file {text} in container");
        var target = status.Type == FileStatus.Link ? Folder.Resolve(path) ?? Joined(parent, LinkOf(parent, name)) : "";
        var w = new WireWriter();
        new PathStatus(Folder.Text(BaseName(path)), status.Length, status.Mode, status.ModifiedSeconds, status.ModifiedNanoseconds, Folder.Text(target)).Encode(w);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, w.Written.Length);
        output.Write(length);
        output.Write(w.Written);
        if (!withTar)
            return;
        var tar = new TarEncoder(output, CancellationToken.None);
        var packer = new TreePacker(tar);
        using var folder = Folder.Open(status.Type == FileStatus.Folder ? path : parent);
        if (status.Type == FileStatus.Folder)
            packer.PackFolder(folder, BaseName(path));
        else
            packer.Pack(folder, name, name);
        tar.End();
    }

    private static (string Parent, string Name) Split(string path)
    {
        var slash = path.LastIndexOf('/');
        return (path[..(slash + 1)], path[(slash + 1)..]);
    }

    /// <summary>Go's filepath.Base.</summary>
    private static string BaseName(string path)
    {
        var trimmed = path.TrimEnd('/');
        return trimmed.Length == 0 ? "/" : trimmed[(trimmed.LastIndexOf('/') + 1)..];
    }

    private static string LinkOf(string parent, string name)
    {
        using var folder = Folder.Open(parent);
        return folder.ReadLink(name);
    }

    private static string Joined(string parent, string link) => link.StartsWith('/') ? link : parent + link;
}
