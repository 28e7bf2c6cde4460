using System.Net;
using Hypr.Dns.Sockets;

namespace Hypr.Dns.Forwarding;

/// <summary>
/// The host's resolvers from resolv.conf, read again when the file behind the name is another or has changed. Where it names
/// systemd-resolved's stub,
/// the file with resolved's own upstreams counts instead: the stub would ask us again for what resolved routes to our bridges.
/// </summary>
internal sealed class ResolvConf(string path, string resolvedPath)
{
    private (ulong, ulong, ulong, ulong, ulong) seen;
    private (ulong, ulong, ulong, ulong, ulong) seenResolved;

    /// <returns>The resolvers if they have changed since the last call, else null. None where the file is not there.</returns>
    public IReadOnlyList<IPEndPoint>? ReadIfChanged()
    {
        var now = Stamp(path);
        var resolved = Stamp(resolvedPath);
        if (now == seen && resolved == seenResolved)
        {
            return null;
        }

        (seen, seenResolved) = (now, resolved);
        var servers = Read(path);
        return servers.Exists(IsStub) ? [.. servers.Where(s => !IsStub(s)).Union(Read(resolvedPath))] : servers;
    }

    /// <summary>resolv.conf(5): "nameserver" at the start of a line, one address. A zone after % is kept.</summary>
    public static List<IPEndPoint> Parse(IEnumerable<string> lines)
    {
        var servers = new List<IPEndPoint>();
        foreach (var line in lines)
        {
            var words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 2 && words[0] == "nameserver" && !char.IsWhiteSpace(line[0])
                && IPAddress.TryParse(words[1], out var address))
            {
                servers.Add(new IPEndPoint(address, 53));
            }
        }

        return servers;
    }

    private static bool IsStub(IPEndPoint server) =>
        server.Address.Equals(new IPAddress([127, 0, 0, 53])) || server.Address.Equals(new IPAddress([127, 0, 0, 54]));

    private static List<IPEndPoint> Read(string file)
    {
        try
        {
            return Parse(File.ReadLines(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Device, inode, size and times of what the name leads to; symbolic links are followed (struct statx,
    /// include/uapi/linux/stat.h).</summary>
    private static unsafe (ulong Device, ulong Inode, ulong Size, ulong Modified, ulong Changed) Stamp(string file)
    {
        const int CurrentFolder = -100;
        const uint BasicStats = 0x7ff;
        var buffer = stackalloc byte[256];
        return Libc.statx(CurrentFolder, file, 0, BasicStats, buffer) != 0
            ? default
            : (*(ulong*)(buffer + 136), *(ulong*)(buffer + 32), *(ulong*)(buffer + 40),
                (*(ulong*)(buffer + 112) * 1_000_000_000) + *(uint*)(buffer + 120),
                    (*(ulong*)(buffer + 96) * 1_000_000_000) + *(uint*)(buffer + 104));
    }
}
