using System.Text;
using Hypr.Guest.Protocol.Messages;
using Hypr.Linux.Files;
using Hypr.Linux.Power;

namespace Hypr.Guest.Root;

/// <summary>
/// /etc/hosts, /etc/resolv.conf and /etc/hostname as Docker keeps them: files outside the image, mounted over the image's, so that they can change under a read-only
/// root and are not part of what the machine wrote.
/// </summary>
internal static class NameFiles
{
    public const string Hosts = "/hypr/names/hosts";
    public const string Resolver = "/hypr/names/resolv.conf";
    public const string Hostname = "/hypr/names/hostname";
    public const string MachineId = "/hypr/names/machine-id";

    public static void Write(NamesConfiguration names)
    {
        FileTree.MakeFolders("/hypr/names");
        ThisMachine.SetHostName(names.Hostname);
        if (names.Domainname is { Length: > 0 } domain)
            ThisMachine.SetDomainName(domain);
        FileTree.Write(Hostname, names.Hostname + "\n");
        FileTree.Write(Hosts, HostsText(names));
        FileTree.Write(Resolver, ResolverText(names));
    }

    /// <summary>machine-id(5): the machine's, for an image's own would be that of all its machines. Empty: the image's own.</summary>
    public static void WriteMachineId(string id)
    {
        if (id.Length > 0)
            FileTree.Write(MachineId, id + "\n");
    }

    internal static string HostsText(NamesConfiguration names)
    {
        // Docker's first lines (libnetwork/etchosts).
        var text = new StringBuilder(
            "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n");
        foreach (var (address, line) in names.Hosts)
            text.Append(address).Append('\t').Append(line).Append('\n');
        return text.ToString();
    }

    internal static string ResolverText(NamesConfiguration names)
    {
        var text = new StringBuilder();
        foreach (var server in names.Nameservers)
            text.Append("nameserver ").Append(server).Append('\n');
        if (names.Search.Count > 0)
            text.Append("search ").AppendJoin(' ', names.Search).Append('\n');
        if (names.ResolverOptions.Count > 0)
            text.Append("options ").AppendJoin(' ', names.ResolverOptions).Append('\n');
        return text.ToString();
    }
}
