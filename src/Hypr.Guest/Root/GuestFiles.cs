using Hypr.Guest.Protocol.Messages;
using Hypr.Linux.Files;

namespace Hypr.Guest.Root;

/// <summary>Configs and secrets: in the agent's memory, mounted over their places. They are on no disk of the machine's.</summary>
internal static class GuestFiles
{
    private const string Folder = "/hypr/files";

    public static string PathOf(int index) => $"{Folder}/{index}";

    public static void Write(IReadOnlyList<FileConfiguration> files)
    {
        FileTree.MakeFolders(Folder, 0x1C0);
        for (var i = 0; i < files.Count; i++)
        {
            var file = files[i];
            FileTree.Create(PathOf(i), file.Content, file.User, file.Group, file.Mode);
        }
    }
}
