using System.Globalization;
using System.Text.Json;

namespace Hypr.Cli.Commands.Machines;

/// <summary>Ports as <c>docker ps</c> shows them: <c>0.0.0.0:8080-&gt;80/tcp, 443/tcp</c>, neighbours as ranges (formatter.DisplayablePorts).</summary>
internal static class PortText
{
    private sealed record Port(string Ip, int Host, int Guest, string Protocol);

    public static string Of(IEnumerable<JsonElement> ports)
    {
        var sorted = ports
            .Select(p => new Port(p.Text("IP"), (int)p.Number("PublicPort"), (int)p.Number("PrivatePort"), p.Text("Type")))
            .OrderBy(p => p.Guest).ThenBy(p => p.Ip, StringComparer.Ordinal).ThenBy(p => p.Host).ThenBy(p => p.Protocol, StringComparer.Ordinal);
        // A range goes on where both ends grow by one on the same address; ranges are shown in the order in which they begin.
        var ranges = new List<(Port First, int Last)>();
        foreach (var port in sorted)
        {
            int at = ranges.FindIndex(r => r.First.Ip == port.Ip && r.First.Protocol == port.Protocol && r.Last + 1 == port.Guest
                && (port.Host == 0 ? r.First.Host == 0 : r.First.Host != 0 && r.First.Host + (port.Guest - r.First.Guest) == port.Host));
            if (at >= 0)
                ranges[at] = (ranges[at].First, port.Guest);
            else
                ranges.Add((port, port.Guest));
        }
        return string.Join(", ", ranges.Select(r => Text(r.First, r.Last)));
    }

    private static string Text(Port first, int last)
    {
        string guest = Range(first.Guest, last) + "/" + first.Protocol;
        if (first.Host == 0)
            return guest;
        string ip = first.Ip.Contains(':') ? $"[{first.Ip}]" : first.Ip;
        return $"{ip}:{Range(first.Host, first.Host + last - first.Guest)}->{guest}";
    }

    private static string Range(int first, int last) =>
        first == last ? first.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{first}-{last}");
}
