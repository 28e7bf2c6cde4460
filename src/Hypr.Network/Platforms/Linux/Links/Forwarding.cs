using System.Text;
using Hypr.Linux.Sysctl;

namespace Hypr.Network.Platforms.Linux.Links;

/// <summary>The host's forwarding, and the file by which it survives <c>sysctl --system</c>. On the datapath's thread only.</summary>
internal sealed class Forwarding(DatapathSettings settings)
{
    public const string FileName = "99-zz-hypr.conf";
    private const string IPv4 = "net.ipv4.ip_forward";
    private const string IPv6 = "net.ipv6.conf.all.forwarding";
    private string? _written;

    /// <summary>Switches on what is off, and tells what.</summary>
    public List<string> Ensure(bool ipv6)
    {
        var done = new List<string>();
        if (KernelSetting.TryRead(IPv4) is { } now && now != "1")
        {
            KernelSetting.Write(IPv4, "1");
            done.Add($"{IPv4} was {now}");
        }

        if (ipv6 && KernelSetting.TryRead(IPv6) is { } now6 && now6 != "1")
        {
            KeepRouterAdvertisements();
            KernelSetting.Write(IPv6, "1");
            done.Add($"{IPv6} was {now6}");
        }

        return done;
    }

    /// <summary>Writes the file when its content changes.</summary>
    public void Write(IEnumerable<DatapathNetwork> networks, bool ipv6)
    {
        if (settings.SysctlFolder is not { } folder)
            return;
        var text = new StringBuilder("# Written by hyprd: what its networks need. Removed with HYPR.\n").Append(IPv4).Append(" = 1\n");
        if (ipv6)
            text.Append(IPv6).Append(" = 1\n");
        // A dash before the name: sysctl(8) passes over a link that is not there.
        foreach (var (name, value) in networks.OrderBy(static n => n.Bridge, StringComparer.Ordinal).SelectMany(Bridges.KernelSettingsOf))
            text.Append('-').Append(name).Append(" = ").Append(value).Append('\n');
        if (text.ToString() is var content && content == _written)
            return;
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, FileName);
        File.WriteAllText(path + ".new", content);
        File.Move(path + ".new", path, overwrite: true);
        _written = content;
    }

    public static void Remove(DatapathSettings settings)
    {
        if (settings.SysctlFolder is { } folder)
            File.Delete(Path.Combine(folder, FileName));
    }

    /// <summary>
    /// A host that forwards ignores router advertisements unless accept_ra is 2 (Documentation/networking/ip-sysctl.rst): without this it would lose its own
    /// default route.
    /// </summary>
    private static void KeepRouterAdvertisements()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc/sys/net/ipv6/conf"))
        {
            var link = Path.GetFileName(folder);
            var name = $"net.ipv6.conf.{link.Replace('.', '/')}.accept_ra";
            if (link is not ("all" or "lo") && KernelSetting.TryRead(name) == "1")
                KernelSetting.Write(name, "2");
        }
    }
}
