using System.Text;
using Hypr.Primitives;

namespace Hypr.Daemon.Hosting;

/// <summary>Whether names work on the host by its resolv.conf.</summary>
internal enum HostResolverState
{
    NotInstalled,
    Installed,

    /// <summary>systemd-resolved has the file: it is told over D-Bus, and nothing is to be done.</summary>
    Resolved,
}

/// <summary>
/// The host's resolv.conf(5), for hosts without systemd-resolved. Three lines of ours stand before all others: the C library asks the first nameserver first, and
/// when hyprd does not answer the ones that were there before, which are also our forwarder's upstreams. To take them away again leaves every other byte as it is,
/// also what a DHCP client wrote meanwhile.
/// </summary>
internal sealed class HostResolver(string path)
{
    private const string First = "# HYPR: names of VMs, and all others by the nameservers below ('hypr system dns uninstall' takes these lines away)\n";
    private const string Last = "# HYPR: end\n";
    private static readonly string[] Stubs = ["127.0.0.53", "127.0.0.54"];

    public string Path => path;

    public HostResolverState State()
    {
        var text = Read();
        return text is null ? HostResolverState.NotInstalled
            : Block(text) is not null ? HostResolverState.Installed
            : Nameservers(text).Any(Stubs.Contains) ? HostResolverState.Resolved : HostResolverState.NotInstalled;
    }

    /// <param name="server">The gateway of the default network, where our name server has port 53.</param>
    /// <returns>What a person should know; null: all is well.</returns>
    public string? Install(string server)
    {
        var text = Read() ?? throw HyprException.Unavailable($"there is no {path}: make it, with the nameservers that shall be asked for other names, or set \"dns\" in daemon.json");
        if (Block(text) is { } old)
        {
            text = text.Remove(old.Start, old.Length);
        }
        else if (Nameservers(text).Any(Stubs.Contains))
        {
            throw HyprException.Conflict($"{path} is systemd-resolved's, which is told of our names by itself: see resolvectl status vbr0");
        }

        Write($"{First}nameserver {server}\n{Last}{text}");
        return Nameservers(text).Any()
            ? text.Split('\n').Any(l => l.StartsWith("options", StringComparison.Ordinal) && l.Contains("rotate", StringComparison.Ordinal))
                ? $"{path} has 'options rotate': the other nameservers, which know no VMs, are asked as often as ours" : null
            : $"{path} names no other nameserver: names that are not VMs' are not found unless \"dns\" in daemon.json says who knows them";
    }

    /// <returns>False: nothing of ours was there.</returns>
    public bool Uninstall()
    {
        if (Read() is not { } text || Block(text) is not { } block)
        {
            return false;
        }

        Write(text.Remove(block.Start, block.Length));
        return true;
    }

    private static IEnumerable<string> Nameservers(string text) => text.Split('\n')
        .Where(l => l.StartsWith("nameserver", StringComparison.Ordinal))
        .Select(l => l.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)).Where(w => w.Length > 1).Select(w => w[1]);

    private static (int Start, int Length)? Block(string text)
    {
        var start = text.IndexOf(First, StringComparison.Ordinal);
        var end = start < 0 ? -1 : text.IndexOf(Last, start, StringComparison.Ordinal);
        return end < 0 ? null : (start, end + Last.Length - start);
    }

    /// <summary>Latin-1: every byte is a character, and comes back as it was.</summary>
    private string? Read()
    {
        try
        {
            return File.ReadAllText(path, Encoding.Latin1);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HyprException.Unavailable($"cannot read {path}: {e.Message}");
        }
    }

    /// <summary>
    /// By a new file in its place where that goes, so that nobody reads half of it; a link stays a link, and a file that is mounted (in a container) is written over.
    /// </summary>
    private void Write(string text)
    {
        try
        {
            var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
            var bytes = Encoding.Latin1.GetBytes(text);
            var made = target + ".hypr-new";
            try
            {
                File.WriteAllBytes(made, bytes);
                if (OperatingSystem.IsLinux())
                {
                    File.SetUnixFileMode(made, File.GetUnixFileMode(target));
                }

                File.Move(made, target, overwrite: true);
            }
            catch (IOException)
            {
                File.Delete(made);
                File.WriteAllBytes(target, bytes);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HyprException.Unavailable($"cannot write {path}: {e.Message} (an immutable file? chattr -i {path})");
        }
    }
}
