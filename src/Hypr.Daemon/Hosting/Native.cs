using System.Runtime.InteropServices;

namespace Hypr.Daemon.Hosting;

/// <summary>The two calls for which .NET has no word. Both take values and a string that is marshalled for the length of the call; neither keeps a pointer.</summary>
internal static partial class Native
{
    public const int SetDescriptorFlags = 2;
    public const int CloseOnExec = 1;

    /// <summary>chown(2); -1 leaves the owner as it is.</summary>
    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, uint owner, uint group);

    /// <summary>fcntl(2) with an integer argument.</summary>
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Control(int descriptor, int command, nint argument);
}
