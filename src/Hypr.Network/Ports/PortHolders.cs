using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Hypr.Network.Ports;

/// <summary>
/// Which processes have a port: sockets from /proc/net/tcp and its kin (proc_pid_net(5)), their processes from the links in /proc/PID/fd. Slow, so for messages
/// and rare cases only. Of this thread's network namespace.
/// </summary>
internal static class PortHolders
{
    /// <summary>TCP_LISTEN, include/net/tcp_states.h.</summary>
    private const string Listening = "0A";

    public static IReadOnlyList<PortHolder> Find(HostPort port)
    {
        var inodes = new HashSet<string>(StringComparer.Ordinal);
        var name = port.Protocol switch
        {
            PortProtocol.Tcp => "tcp",
            PortProtocol.Udp => "udp",
            _ => null,
        };
        if (name is null)
        {
            return [];
        }

        // A wildcard IPv6 socket takes the IPv4 port too, so both files are looked at for IPv4.
        Collect($"/proc/thread-self/net/{name}6", port, inodes);
        if (port.Address.AddressFamily == AddressFamily.InterNetwork)
        {
            Collect($"/proc/thread-self/net/{name}", port, inodes);
        }

        return inodes.Count == 0 ? [] : Owners(inodes);
    }

    private static void Collect(string file, HostPort port, HashSet<string> inodes)
    {
        if (!File.Exists(file))
        {
            return;
        }

        foreach (var line in File.ReadLines(file).Skip(1))
        {
            // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var colon = fields.Length > 9 ? fields[1].IndexOf(':') : -1;
            if (colon > 0
                && int.TryParse(fields[1].AsSpan(colon + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var local) && local == port.Port
                && (port.Protocol == PortProtocol.Udp || fields[3] == Listening)
                && Meets(Address(fields[1].AsSpan(0, colon)), port.Address))
            {
                inodes.Add(fields[9]);
            }
        }
    }

    private static bool Meets(IPAddress bound, IPAddress wanted)
    {
        var plain = bound.IsIPv4MappedToIPv6 ? bound.MapToIPv4() : bound;
        return plain.Equals(wanted) || IsAny(plain) || (IsAny(wanted) && plain.AddressFamily == wanted.AddressFamily);
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary>32-bit words in the host's order, printed as hexadecimal numbers.</summary>
    private static IPAddress Address(ReadOnlySpan<char> hex)
    {
        Span<byte> bytes = stackalloc byte[16];
        var length = hex.Length / 2;
        for (var word = 0; word < length; word += 4)
        {
            var value = uint.Parse(hex.Slice(word * 2, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            BitConverter.TryWriteBytes(bytes[word..], value);
        }

        return new IPAddress(bytes[..length]);
    }

    private static List<PortHolder> Owners(HashSet<string> inodes)
    {
        var owners = new List<PortHolder>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            {
                continue;
            }

            try
            {
                if (Directory.EnumerateFiles($"{folder}/fd").Any(fd => IsOneOf(fd, inodes)))
                {
                    owners.Add(new PortHolder(pid, File.ReadAllText($"{folder}/comm").Trim()));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended while we looked.
            }
        }

        return owners;
    }

    private static bool IsOneOf(string descriptor, HashSet<string> inodes)
    {
        const string Prefix = "socket:[";
        var target = new FileInfo(descriptor).LinkTarget;
        return target is not null && target.StartsWith(Prefix, StringComparison.Ordinal) && inodes.Contains(target[Prefix.Length..^1]);
    }
}
