using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hypr.Daemon.Configuration;
using Hypr.Primitives;

namespace Hypr.Daemon.Hosting;

/// <summary>
/// hypr.sock, mode 0660, group <c>hypr</c> where there is one. It is bound under another name, gets mode and group, listens, and only then takes its name: nobody
/// ever meets it with wrong rights, and one that a dead hyprd left is replaced without a gap. The caller holds the <see cref="InstanceLock"/>.
/// </summary>
internal static class ApiSocket
{
    private const string GroupName = "hypr";
    private const int Backlog = 512;

    /// <summary>SD_LISTEN_FDS_START (sd_listen_fds(3)).</summary>
    private const int FirstPassedDescriptor = 3;

    /// <summary>systemd listens for us (sd_listen_fds(3)), and the socket's file is its own.</summary>
    public static bool IsPassed => Environment.GetEnvironmentVariable("LISTEN_PID") == Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
        && Environment.GetEnvironmentVariable("LISTEN_FDS") is { Length: > 0 };

    public static Socket Listen(HyprPaths paths) => IsPassed ? FromSystemd() : Bind(paths.Socket);

    public static Socket Bind(string path)
    {
        var first = $"{path}.{Environment.ProcessId}";
        if (System.Text.Encoding.UTF8.GetByteCount(first) > 107)
        {
            throw HyprException.Invalid($"the socket's path {path} is too long: the kernel takes 107 bytes. Choose a shorter HYPR_RUNTIME_DIR");
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            File.Delete(first);
            socket.Bind(new UnixDomainSocketEndPoint(first));

            // Before listen(2) a connection is refused, whatever the mode.
            SetMode(first, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
            if (GroupId() is { } group && Native.ChangeOwner(first, uint.MaxValue, group) != 0)
            {
                throw new IOException($"cannot give it to group {GroupName}: {Marshal.GetLastPInvokeErrorMessage()}");
            }

            socket.Listen(Backlog);
            File.Move(first, path, overwrite: true);
            return socket;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            // Closing takes the file of its bind with it.
            socket.Dispose();
            throw new HyprException(ErrorKind.Internal, $"cannot listen on {path}: {e.Message}", e);
        }
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        // The condition is for the platform analyzer: the method is for Unix only.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    private static Socket FromSystemd()
    {
        if (Environment.GetEnvironmentVariable("LISTEN_FDS") is var count && count != "1")
        {
            throw HyprException.Invalid($"systemd passed {count} sockets (LISTEN_FDS): hyprd takes one, its API's");
        }

        // systemd passes it without close-on-exec, and no VMM may inherit it.
        _ = Native.Control(FirstPassedDescriptor, Native.SetDescriptorFlags, Native.CloseOnExec);
        return new Socket(new SafeSocketHandle(FirstPassedDescriptor, ownsHandle: true));
    }

    /// <summary>From /etc/group itself: NSS would load libraries into a program that is compiled ahead of time.</summary>
    private static uint? GroupId()
    {
        foreach (var line in File.Exists("/etc/group") ? File.ReadLines("/etc/group") : [])
        {
            if (line.Split(':') is [GroupName, _, var id, ..] && uint.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var group))
            {
                return group;
            }
        }

        return null;
    }
}
