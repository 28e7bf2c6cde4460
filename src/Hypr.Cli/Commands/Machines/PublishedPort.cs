using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Machines;

/// <summary>One port of <c>--publish</c>.</summary>
/// <param name="HostIp">Empty: the daemon's default address.</param>
/// <param name="HostPort">Empty: a free port; <c>8000-8010</c>: a free one of these.</param>
/// <param name="Guest">As the API names it: <c>80/tcp</c>.</param>
internal sealed record PublishedPort(string HostIp, string HostPort, string Guest)
{
    private const string Form = "Write [[IP:]HOST_PORT:]VM_PORT[/PROTOCOL], as 8080:80, 127.0.0.1:8080:80/tcp or 8000-8010:80-90";

    /// <summary>
    /// Parses <c>[[ip:][host[-host]]:]guest[-guest][/protocol]</c> (docker/go-connections, nat.ParsePortSpec) or the long form
    /// <c>target=80,published=8080,protocol=tcp,host_ip=127.0.0.1</c>. Ranges of one length give one port each.
    /// </summary>
    /// <exception cref="HyprException">It is neither; the message says which part and why.</exception>
    public static IReadOnlyList<PublishedPort> Parse(string text)
    {
        string rest = text.Contains('=') ? FromLongForm(text) : text;
        string protocol = "tcp";
        int slash = rest.LastIndexOf('/');
        if (slash >= 0)
        {
            protocol = rest[(slash + 1)..].ToLowerInvariant();
            rest = rest[..slash];
            if (protocol is not ("tcp" or "udp" or "sctp"))
                throw Bad(text, $"\"{protocol}\" is no protocol: it is tcp, udp or sctp");
        }
        string ip = "", host = "", guest = rest;
        int last = rest.LastIndexOf(':');
        if (last >= 0)
        {
            guest = rest[(last + 1)..];
            host = rest[..last];
            int next = host.LastIndexOf(':');
            if (next >= 0 && host.LastIndexOf(']') < next)
                (ip, host) = (Address(text, host[..next]), host[(next + 1)..]);
            else if (host.Contains(']'))
                throw Bad(text, $"\"{host}\" is no port. {Form}");
        }
        if (guest.Length == 0)
            throw Bad(text, $"the VM's port is missing. {Form}");
        var (guestFirst, guestLast) = Range(text, guest, "the VM's port");
        if (host.Length == 0)
            return Expand(guestFirst, guestLast, protocol, ip, _ => "");
        var (hostFirst, hostLast) = Range(text, host, "the host's port");
        if (hostLast - hostFirst == guestLast - guestFirst)
            return Expand(guestFirst, guestLast, protocol, ip, offset => Text(hostFirst + offset));
        if (guestFirst == guestLast)
            return Expand(guestFirst, guestLast, protocol, ip, _ => $"{Text(hostFirst)}-{Text(hostLast)}");
        throw Bad(text, $"the ranges differ in length ({hostLast - hostFirst + 1} on the host, {guestLast - guestFirst + 1} in the VM)");
    }

    /// <summary>Ports of <c>--expose</c>: <c>guest[-guest][/protocol]</c>.</summary>
    /// <exception cref="HyprException">It is no such port.</exception>
    public static IEnumerable<string> ParseExposed(string text) =>
        text.Contains(':') || text.Contains('=')
            ? throw HyprException.Invalid($"--expose \"{text}\": only the VM's port stands here. To publish it, use -p {text}")
            : Parse(text).Select(p => p.Guest);

    private static PublishedPort[] Expand(int first, int last, string protocol, string ip, Func<int, string> host)
    {
        var ports = new PublishedPort[last - first + 1];
        for (int i = 0; i < ports.Length; i++)
            ports[i] = new PublishedPort(ip, host(i), $"{Text(first + i)}/{protocol}");
        return ports;
    }

    private static string FromLongForm(string text)
    {
        string target = "", published = "", protocol = "tcp", ip = "";
        foreach (string field in text.Split(','))
        {
            string[] pair = field.Split('=', 2);
            string value = pair.Length == 2 ? pair[1] : throw Bad(text, $"\"{field}\" is not of the form key=value");
            switch (pair[0])
            {
                case "target": target = value; break;
                case "published": published = value; break;
                case "protocol": protocol = value; break;
                case "host_ip" or "host-ip": ip = value.Contains(':') && !value.StartsWith('[') ? $"[{value}]" : value; break;
                case "mode" when value is "host" or "ingress": break;
                case var key: throw Bad(text, $"unknown key \"{key}\": there are target, published, protocol, host_ip");
            }
        }
        if (target.Length == 0)
            throw Bad(text, "target, the VM's port, is missing");
        return $"{(ip.Length > 0 ? ip + ":" : "")}{(published.Length > 0 || ip.Length > 0 ? published + ":" : "")}{target}/{protocol}";
    }

    private static string Address(string text, string ip)
    {
        if (ip.Length == 0)
            return "";
        bool bracketed = ip is ['[', .., ']'];
        string bare = bracketed ? ip[1..^1] : ip;
        if (!IPAddress.TryParse(bare, out var address)
            || (address.AddressFamily == AddressFamily.InterNetwork && (bracketed || bare.Count(c => c == '.') != 3)))
            throw Bad(text, $"\"{ip}\" is no IP address. {Form}");
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && !bracketed)
            throw Bad(text, $"write the IPv6 address in brackets: [{ip}]");
        return bare;
    }

    private static (int First, int Last) Range(string text, string range, string what)
    {
        int dash = range.IndexOf('-', StringComparison.Ordinal);
        int first = Port(text, dash < 0 ? range : range[..dash], what);
        int last = dash < 0 ? first : Port(text, range[(dash + 1)..], what);
        return first <= last ? (first, last) : throw Bad(text, $"{what} range {range} ends before it begins");
    }

    private static int Port(string text, string port, string what)
    {
        if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && !(port.Length > 5 && port.All(char.IsAsciiDigit)))
            throw Bad(text, $"{what} \"{port}\" is no number. {Form}");
        return number is > 0 and <= 65535 ? number : throw Bad(text, $"{what} {port} is not between 1 and 65535");
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    private static HyprException Bad(string text, string why) => HyprException.Invalid($"invalid port \"{text}\": {why}");
}
