using System.Globalization;
using Hypr.Network.Platforms.Linux.Links;
using Hypr.Network.Platforms.Linux.Rules;

namespace Hypr.Network.Platforms.Linux.Foreign;

/// <summary>What one iptables variant of one family holds of ours.</summary>
internal sealed class IptablesPlace(IptablesTool tool)
{
    private const string ForwardChain = "HYPR-FORWARD";
    private const string InputChain = "HYPR-INPUT";
    private const string Mark = "HYPR";
    private static readonly string Group = "0x" + OurLinks.Group.ToString("x", CultureInfo.InvariantCulture);
    private static readonly (string Chain, string Jump)[] Jumps =
    [
        ("INPUT", InputChain), ("FORWARD", ForwardChain), ("DOCKER-USER", ForwardChain),
    ];

    /// <summary>Rows that we put there, by how we wrote them, and what iptables-save made of that, which may be written otherwise.</summary>
    private readonly Dictionary<string, string> _rows = [];

    /// <summary>For people; null when nothing is touched.</summary>
    public string? Note { get; private set; }

    private string Name => tool.Name;

    /// <summary>Makes what is missing; what was done, or null.</summary>
    public string? Ensure(IReadOnlyList<MasqueradedSubnet> masqueraded)
    {
        var done = new List<string>();
        if (EnsureFilter() is { } filter)
            done.Add(filter);
        // The rows are for people who type iptables: once, in the variant that they get.
        if (tool.IsDefault && EnsureRows([.. masqueraded.Where(m => m.IsIPv6 == tool.IsIPv6)]) is { } rows)
            done.Add(rows);
        return done.Count == 0 ? null : string.Join("; ", done);
    }

    public void Remove()
    {
        if (!tool.IsLegacy || tool.LegacyHas("filter"))
        {
            var lines = tool.Save("filter");
            var undo = lines.Where(IsOurJump).Select(static l => "-D" + l[2..]).ToList();
            foreach (var chain in (string[])[ForwardChain, InputChain])
            {
                if (lines.Any(l => l.StartsWith($":{chain} ", StringComparison.Ordinal)))
                    undo.AddRange([$"-F {chain}", $"-X {chain}"]);
            }

            if (undo.Count > 0)
                tool.Restore("filter", undo);
        }

        if (!tool.IsLegacy || tool.LegacyHas("nat"))
        {
            var rows = tool.Save("nat").Where(IsOurRow).Select(static l => "-D" + l[2..]).ToList();
            if (rows.Count > 0)
                tool.Restore("nat", rows);
        }
    }

    private string? EnsureFilter()
    {
        Note = null;
        if (tool.IsLegacy && !tool.LegacyHas("filter"))
            return null;
        var lines = tool.Save("filter");
        var places = Jumps.Where(j => IsUsed(lines, j.Chain)).ToList();
        if (places.Count == 0)
            return null;
        Note = $"the host's firewall was opened for our bridges: {Name}: chain {string.Join(", ", places.Select(static p => p.Chain))}";
        var missing = places.Where(p => !lines.Any(l => IsOurJump(l) && l.StartsWith($"-A {p.Chain} ", StringComparison.Ordinal))).ToList();
        var content = places.Select(static p => p.Jump).Distinct().SelectMany(j => RulesOf(j).Select(r => $"-A {j} {r}")).ToList();
        var present = lines.Count(l => content.Any(c => l.StartsWith(c[..c.IndexOf(' ', 3)] + " ", StringComparison.Ordinal)));
        if (missing.Count == 0 && present == content.Count)
            return null;
        var changes = places.Select(static p => $":{p.Jump} - [0:0]").Distinct().Concat(content).ToList();
        // At the head: what stands behind may drop.
        changes.AddRange(missing.Select(static p => $"-I {p.Chain} 1 -m comment --comment \"{Mark}: own bridges\" -j {p.Jump}"));
        tool.Restore("filter", changes);
        return $"{Name}: opened {string.Join(", ", places.Select(static p => p.Chain))}";
    }

    /// <summary>
    /// One row a network. Our own table translates before (priority 95 against 100), and a connection is translated once: the row shows, and would do the same. It
    /// leaves out what stays on our bridges, as ours does, and the host's own questions to a gateway's address, which go over lo with that address as source.
    /// Tells of rows that had been there and were gone; those of new networks are nothing to tell of.
    /// </summary>
    private string? EnsureRows(IReadOnlyList<MasqueradedSubnet> masqueraded)
    {
        var wanted = masqueraded.Select(static m =>
            $"-A POSTROUTING -s {m.Subnet} ! -o lo -m devgroup ! --dst-group {Group} -m comment --comment \"{Mark}: network {m.Bridge}\" -j MASQUERADE").ToHashSet();
        foreach (var old in _rows.Keys.Where(r => !wanted.Contains(r)).ToList())
            _rows.Remove(old);
        if (wanted.Count == 0 && tool.IsLegacy && !tool.LegacyHas("nat"))
            return null;
        var has = tool.Save("nat").Where(IsOurRow).ToList();
        var right = wanted.ToDictionary(static w => w, w => _rows.GetValueOrDefault(w, w));
        var wrong = has.Except(right.Values).ToList();
        var missing = right.Where(r => !has.Contains(r.Value)).Select(static r => r.Key).ToList();
        if (missing.Count > 0 || wrong.Count > 0)
            tool.Restore("nat", wrong.Select(static l => "-D" + l[2..]).Concat(missing));
        var lost = missing.Count(_rows.ContainsKey);
        if (missing.Count > 0)
        {
            // Appended in our order: the last ones are ours of now.
            var printed = tool.Save("nat").Where(IsOurRow).TakeLast(missing.Count).ToList();
            foreach (var (row, line) in missing.Zip(printed))
                right[row] = line;
        }

        foreach (var (row, line) in right)
            _rows[row] = line;
        return lost == 0 ? null : $"{Name}: {lost} rows of our masquerade in POSTROUTING were missing";
    }

    /// <summary>A policy of drop, or any rule that is not ours. An empty table that accepts everything needs nothing.</summary>
    private static bool IsUsed(List<string> lines, string chain)
    {
        if (chain == "DOCKER-USER")
            return lines.Any(static l => l.StartsWith(":DOCKER-USER ", StringComparison.Ordinal));
        return lines.Any(l => l.StartsWith($":{chain} DROP", StringComparison.Ordinal))
            || lines.Any(l => l.StartsWith($"-A {chain} ", StringComparison.Ordinal) && !IsOurJump(l));
    }

    private static bool IsOurJump(string line) =>
        line.EndsWith($"-j {ForwardChain}", StringComparison.Ordinal) || line.EndsWith($"-j {InputChain}", StringComparison.Ordinal);

    private static bool IsOurRow(string line) =>
        line.StartsWith("-A POSTROUTING ", StringComparison.Ordinal) && line.Contains($"--comment \"{Mark}: network ", StringComparison.Ordinal);

    private IEnumerable<string> RulesOf(string chain)
    {
        if (chain == ForwardChain)
        {
            // What our own table did not drop before (priority -5 against 0) may pass.
            yield return $"-m devgroup --src-group {Group} -j ACCEPT";
            yield return $"-m devgroup --dst-group {Group} -j ACCEPT";
            yield break;
        }

        yield return $"-m devgroup --src-group {Group} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
        foreach (var port in OurRules.DnsPorts)
        {
            foreach (var protocol in (string[])["udp", "tcp"])
                yield return $"-p {protocol} -m devgroup --src-group {Group} -m {protocol} --dport {port} -j ACCEPT";
        }

        if (tool.IsIPv6)
        {
            foreach (var type in (int[])[135, 136])
                yield return $"-p ipv6-icmp -m devgroup --src-group {Group} -m icmp6 --icmpv6-type {type} -j ACCEPT";
        }
    }
}
