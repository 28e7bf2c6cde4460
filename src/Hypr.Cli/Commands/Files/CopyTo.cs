using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Linux.Files;
using Hypr.Primitives;
using Hypr.Tar;

namespace Hypr.Cli.Commands.Files;

/// <summary>Into a VM.</summary>
internal static class CopyTo
{
    public static long Run(CommandLine line, Session session, string source, Place target)
    {
        string vm = target.Vm!, path = target.Path;
        var there = CopyCommand.Look(session, vm, path);
        if (there is { IsLink: true })
        {
            path = there.Target;
            there = CopyCommand.Look(session, vm, path);
        }

        if (source == "-")
        {
            if (there is not { IsFolder: true })
                throw HyprException.Invalid($"cp: destination {vm}:{path} must be a directory: a tar is unpacked there");
            using var _ = session.Api.Upload("PUT", Into(line, vm, path), session.Io.Input, "application/x-tar");
            return 0;
        }

        var (parent, name, isFolder) = Local(source, line.On("follow-link"));
        var (into, wanted) = Landing(vm, path, there, isFolder, isFolder && Place.IsContent(source) ? null : Place.Base(source));
        using var folder = Folder.Open(parent);
        long bytes = 0;
        using var answer = session.Api.Upload("PUT", Into(line, vm, into), to =>
        {
            var counted = new TarEncoder(to, CancellationToken.None);
            var packer = new TreePacker(counted) { KeepOwners = line.On("archive") };
            if (isFolder)
                packer.PackFolder(folder, wanted is null ? "." : Folder.Bytes(wanted));
            else
                packer.Pack(folder, name, Folder.Bytes(wanted!));
            counted.End();
            bytes = counted.Written;
        }, "application/x-tar");
        return bytes;
    }

    private static Query Into(CommandLine line, string vm, string path) =>
        new Query("containers", vm, "archive").Add("path", path).Add("noOverwriteDirNonDir", "true").Add("copyUIDGID", line.On("archive"));

    /// <summary>The folder to open and, for what is no folder, the name in it.</summary>
    private static (string Parent, string Name, bool IsFolder) Local(string source, bool follow)
    {
        string path = Folder.Bytes(source);
        var status = Folder.StatusOf(path, follow || source.EndsWith('/') || source.EndsWith("/.", StringComparison.Ordinal))
            ?? throw HyprException.NotFound($"cp: {source}: no such file or directory");
        if (status.Type == FileStatus.Folder)
            return (path, "", true);
        if (status.Type is not (FileStatus.Regular or FileStatus.Link))
            throw HyprException.Invalid($"cp: {source} is a device, pipe or socket: files, folders and links are copied");
        if (source.EndsWith('/'))
            throw HyprException.Invalid($"cp: {source}: not a directory");
        string real = follow ? Folder.Resolve(path)! : path;
        int slash = real.LastIndexOf('/');
        return (slash < 0 ? "." : real[..(slash + 1)], real[(slash + 1)..], false);
    }

    private static (string Into, string? Name) Landing(string vm, string path, PathStat? there, bool isFolder, string? name)
    {
        if (there is { IsFolder: true })
            return (path, name);
        if (there is not null && isFolder)
            throw HyprException.Invalid($"cp: cannot copy directory: {vm}:{path} is a file");
        if (there is null && !isFolder && path.EndsWith('/'))
            throw HyprException.NotFound($"cp: destination directory {vm}:{path} does not exist: make it first, or leave the slash away");
        string trimmed = path.TrimEnd('/');
        return (trimmed.LastIndexOf('/') is > 0 and var at ? trimmed[..at] : "/", Place.Base(trimmed));
    }
}
