using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Hypr.Linux.Nftables;
using Hypr.Network.Platforms.Linux.Foreign;
using Hypr.Network.Platforms.Linux.Rules;

namespace Hypr.Network.Platforms.Linux.Probing;

/// <summary>The rule at which a packet ended, as the program writes it by which it was made: iptables' own tables by iptables, all else by nft.</summary>
internal sealed partial class RuleText(NfTables nft, IReadOnlyList<IptablesTool> tools)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public string Of(NftTraceStep step)
    {
        if (step.Table == RuleSet.Inet || step.Table == RuleSet.Bridge)
            return $"our own rules: chain {step.Table} {step.Chain}";
        var tool = step.Table.Family is NftFamily.IPv4 or NftFamily.IPv6
            ? tools.FirstOrDefault(t => !t.IsLegacy && t.IsIPv6 == (step.Table.Family == NftFamily.IPv6))
            : null;
        if (tool is not null && Iptables(tool, step) is { } line)
            return line;
        if (step.Type == NftTraceType.Policy)
            return $"nft: policy drop of chain {step.Table} {step.Chain}";
        return $"nft: chain {step.Table} {step.Chain}: {Nft(step) ?? "rule"} # handle {step.Rule}";
    }

    /// <summary>The rule has the same place in iptables' list of the chain as in nf_tables'.</summary>
    private string? Iptables(IptablesTool tool, NftTraceStep step)
    {
        try
        {
            var lines = tool.Save(step.Table.Name);
            if (step.Type == NftTraceType.Policy)
            {
                return lines.Any(l => l.StartsWith($":{step.Chain} DROP", StringComparison.Ordinal))
                    ? $"{tool.Name}: -t {step.Table.Name} -P {step.Chain} DROP"
                    : null;
            }

            var rules = lines.FindAll(l => l.StartsWith($"-A {step.Chain} ", StringComparison.Ordinal));
            var handles = nft.Rules(step.Table, step.Chain);
            var at = handles.FindIndex(r => r.Handle == step.Rule);
            return at >= 0 && handles.Count == rules.Count ? $"{tool.Name}: -t {step.Table.Name} {rules[at]}" : null;
        }
        catch (IptablesException)
        {
            // Not one of its tables: nft knows it.
            return null;
        }
    }

    /// <summary>Null where the nft program is not installed; the handle says enough to who installs it.</summary>
    private static string? Nft(NftTraceStep step)
    {
        var family = step.Table.ToString()[..step.Table.ToString().IndexOf(' ', StringComparison.Ordinal)];
        var start = new ProcessStartInfo("nft", ["-a", "list", "chain", family, step.Table.Name, step.Chain])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(Patience))
            {
                process.Kill();
                return null;
            }

            foreach (var line in output.Result.Split('\n'))
            {
                if (Handle().Match(line) is { Success: true } found && found.Groups[1].Value == $"{step.Rule}")
                    return line[..found.Index].Trim();
            }

            return null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    [GeneratedRegex(@" # handle (\d+)$")]
    private static partial Regex Handle();
}
