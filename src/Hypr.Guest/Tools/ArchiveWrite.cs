using Hypr.Guest.Protocol.Messages;
using Hypr.Guest.Spawning;
using Hypr.Linux.Files;
using Hypr.Tar;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Guest.Tools;

/// <summary>A tar from stdin into a folder of the container's.</summary>
internal static class ArchiveWrite
{
    public static void Run(IReadOnlyList<string> args)
    {
        var path = args[1].StartsWith('/') ? args[1] : "/" + args[1];
        var status = Folder.StatusOf(Folder.Bytes(path), follow: true)
            ?? throw new ToolFailure(Tool.NotFound, $"Could not find the file {args[1]} in container");
        if (status.Type != FileStatus.Folder)
            throw new ToolFailure(Tool.Invalid, $"extraction point is not a directory: {args[1]}");
        (uint, uint)? fixedOwner = null;
        for (var i = 2; i < args.Count; i++)
        {
            if (args[i] == Tool.WithOwner && FindUser(args[++i]) is { } user)
                fixedOwner = user;
        }

        using var folder = Folder.Open(Folder.Bytes(path));
        using var input = new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, 0);
        var unpacker = new TreeUnpacker(folder)
        {
            Owner = entry => fixedOwner ?? (entry.Uid, entry.Gid),
            MakeDevices = true,
            KeepFolders = args.Contains(Tool.KeepFolders),
        };
        unpacker.Unpack(new StreamSource(input));
    }

    private static (uint, uint)? FindUser(string name)
    {
        try
        {
            var user = UserLookup.Find(name);
            return (user.User, user.Group);
        }
        catch (SpawnFailure e)
        {
            throw new ToolFailure(Tool.Invalid, e.Message);
        }
    }
}
