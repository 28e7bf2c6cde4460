using Hypr.Network.Platforms.Linux.Foreign;

namespace Hypr.Network.Platforms.Linux.Probing;

/// <summary>
/// How often each rule and policy of the old iptables that drops has done so. Traces do not tell of its rules; the one whose count went up with the probe is
/// taken for the one.
/// </summary>
internal sealed class LegacyCounts
{
    private static readonly string[] Tables = ["raw", "mangle", "nat", "filter", "security"];
    private readonly Dictionary<string, long> _counts = [];

    public LegacyCounts(IEnumerable<IptablesTool> tools)
    {
        foreach (var tool in tools.Where(static t => t.IsLegacy))
        {
            foreach (var table in Tables.Where(tool.LegacyHas))
            {
                foreach (var line in tool.Save(table, withCounts: true))
                    Add(tool.Name, table, line);
            }
        }
    }

    /// <summary>Null when none went up.</summary>
    public string? Since(LegacyCounts before) =>
        _counts.Where(c => c.Value > before._counts.GetValueOrDefault(c.Key)).Select(static c => c.Key).FirstOrDefault();

    /// <summary><c>:FORWARD DROP [12:720]</c> and <c>[3:180] -A FORWARD -p tcp -j DROP</c></summary>
    private void Add(string tool, string table, string line)
    {
        var open = line.IndexOf('[', StringComparison.Ordinal);
        var colon = open < 0 ? -1 : line.IndexOf(':', open);
        if (colon < 0 || !long.TryParse(line.AsSpan(open + 1, colon - open - 1), out var packets))
            return;
        if (line[0] == ':')
        {
            var words = line[1..].Split(' ');
            if (words[1] == "DROP")
                _counts[$"{tool}: -t {table} -P {words[0]} DROP"] = packets;
        }
        else if (line.Contains(" -j DROP", StringComparison.Ordinal) || line.Contains(" -j REJECT", StringComparison.Ordinal))
        {
            var rule = $"{tool}: -t {table}{line[(line.IndexOf(']', StringComparison.Ordinal) + 1)..]}";
            _counts[rule] = _counts.GetValueOrDefault(rule) + packets;
        }
    }
}
