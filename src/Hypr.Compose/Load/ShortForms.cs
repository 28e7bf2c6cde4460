using System.Globalization;

namespace Hypr.Compose.Load;

/// <summary>The short forms of ports and volumes, as their long ones.</summary>
internal static class ShortForms
{
    /// <summary><c>[[ip:][published]:]target[/protocol]</c>; a range of targets becomes one entry for each.</summary>
    public static IEnumerable<Node> Ports(Node node, Problems problems)
    {
        if (node is not Scalar s)
        {
            return [node];
        }

        try
        {
            return Parse(s);
        }
        catch (FormatException e)
        {
            problems.Error(s.At, e.Message);
            return [];
        }
    }

    /// <summary><c>[source:]target[:options]</c>, where the options are <c>ro</c>, <c>rw</c>, <c>z</c>, <c>Z</c> and the like.</summary>
    public static Node Volume(Scalar s)
    {
        var parts = s.Value.Split(':');
        if (parts.Length == 1)
        {
            return Canonical.Map(s.At, ("type", Text(s, "volume")), ("target", Text(s, parts[0])));
        }

        var source = parts[0];
        var bind = source.StartsWith('.') || source.StartsWith('/') || source.StartsWith('~');
        var options = parts.Length > 2 ? parts[2].Split(',') : [];
        return Canonical.Map(s.At,
            ("type", Text(s, bind ? "bind" : "volume")), ("source", Text(s, source)), ("target", Text(s, parts[1])),
            ("read_only", new Scalar(s.At, options.Contains("ro") ? "true" : "false", true)),
            ("bind", Canonical.Map(s.At, options.FirstOrDefault(o => o.EndsWith("shared", StringComparison.Ordinal) || o.EndsWith("slave", StringComparison.Ordinal)) is { } propagation
                ? [("propagation", Text(s, propagation))] : [])),
            ("volume", Canonical.Map(s.At, ("nocopy", new Scalar(s.At, options.Contains("nocopy") ? "true" : "false", true)))));
    }

    private static List<Node> Parse(Scalar s)
    {
        var (rest, protocol) = s.Value.Split('/') is [var before, var after] ? (before, after) : (s.Value, "tcp");
        string? ip = null;
        if (rest.StartsWith('[') && rest.IndexOf("]:", StringComparison.Ordinal) is > 0 and var end)
        {
            (ip, rest) = (rest[1..end], rest[(end + 2)..]);
        }

        var parts = rest.Split(':');
        if (ip is null && parts.Length > 2)
        {
            // What stands before the last two parts is the address, a bare IPv6 one too.
            (ip, parts) = (string.Join(':', parts[..^2]), parts[^2..]);
        }

        if (parts.Length > 2 || s.Value.Count(c => c == '/') > 1)
        {
            throw new FormatException($"'{s.Value}' is no port: [[IP:]HOST:]TARGET[/PROTOCOL] is due");
        }

        var (firstTarget, lastTarget) = Range(parts[^1], s.Value);
        var published = parts.Length == 2 ? parts[0] : "";
        var count = lastTarget - firstTarget + 1;
        var (firstHost, lastHost) = published.Length > 0 ? Range(published, s.Value) : (0, 0);
        if (published.Length > 0 && count > 1 && lastHost - firstHost + 1 != count)
        {
            throw new FormatException($"'{s.Value}': the ranges {published} and {parts[^1]} are of unequal length");
        }

        var result = new List<Node>(count);
        for (var i = 0; i < count; i++)
        {
            var entries = new List<(string, Node)> { ("target", Number(s, firstTarget + i)), ("protocol", Text(s, protocol)), ("mode", Text(s, "ingress")) };
            if (published.Length > 0)
            {
                entries.Add(("published", Text(s, count == 1 ? published : (firstHost + i).ToString(CultureInfo.InvariantCulture))));
            }

            if (!string.IsNullOrEmpty(ip))
            {
                entries.Add(("host_ip", Text(s, ip)));
            }

            result.Add(Canonical.Map(s.At, [.. entries]));
        }

        return result;
    }

    private static (int First, int Last) Range(string text, string whole)
    {
        var ends = text.Split('-');
        var first = Port(ends[0], whole);
        var last = ends.Length == 1 ? first : Port(ends[^1], whole);
        return ends.Length <= 2 && last >= first ? (first, last) : throw new FormatException($"'{whole}': the range {text} goes from {first} to {last}");
    }

    private static int Port(string text, string whole) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535
            ? port
            : throw new FormatException($"'{whole}': {(text.Length == 0 ? "a port is missing" : $"{text} is no port from 1 to 65535")}");

    private static Scalar Text(Scalar s, string value) => new(s.At, value, false);

    private static Scalar Number(Scalar s, int value) => new(s.At, value.ToString(CultureInfo.InvariantCulture), true);
}
