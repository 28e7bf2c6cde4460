using System.Globalization;
using System.Text.Json;

namespace Hypr.Cli.Commands.Machines;

/// <summary>
/// Ports as <c>docker ps</c> shows them: <c>443/tcp, 0.0.0.0:8080-&gt;80/tcp</c>. Neighbours are ranges where host and VM have the same
/// numbers; those with others come last, each for itself (cli/command/formatter, DisplayablePorts).
/// </summary>
internal static class PortText
{
    private sealed record Port(string Ip, int Host, int Guest, string Protocol)
    {
        public string Address => Ip.Contains(':') ? $"[{Ip}]" : Ip;
    }

    public static string Of(IEnumerable<JsonElement> ports)
    {
        var sorted = ports
            .Select(p => new Port(p.Text("IP"), (int)p.Number("PublicPort"), (int)p.Number("PrivatePort"), p.Text("Type")))
            .OrderBy(p => p.Guest).ThenBy(p => p.Ip, StringComparer.Ordinal).ThenBy(p => p.Host)
                .ThenBy(p => p.Protocol, StringComparer.Ordinal);
        var done = new List<string>();
        var open = new List<(Port First, int Last)>();
        var differing = new List<string>();
        foreach (var port in sorted)
        {
            if (port.Ip.Length > 0 && port.Host != port.Guest)
            {
                differing.Add(string.Create(CultureInfo.InvariantCulture, $"{port.Address}:{port.Host}->{port.Guest}/{port.Protocol}"));
                continue;
            }
            int at = open.FindIndex(r => r.First.Ip == port.Ip && r.First.Protocol == port.Protocol);
            if (at < 0)
                open.Add((port, port.Guest));
            else if (port.Guest == open[at].Last + 1)
                open[at] = (open[at].First, port.Guest);
            else
            {
                done.Add(Text(open[at].First, open[at].Last));
                open[at] = (port, port.Guest);
            }
        }
        return string.Join(", ", [.. done, .. open.Select(r => Text(r.First, r.Last)), .. differing]);
    }

    private static string Text(Port first, int last)
    {
        string range = first.Guest == last
            ? first.Guest.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{first.Guest}-{last}");
        return first.Ip.Length == 0 ? $"{range}/{first.Protocol}" : $"{first.Address}:{range}->{range}/{first.Protocol}";
    }
}
