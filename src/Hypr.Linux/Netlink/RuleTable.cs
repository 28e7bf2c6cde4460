using System.Net;

namespace Hypr.Linux.Netlink;

/// <summary>A routing rule (RPDB).</summary>
public sealed record RoutingRule
{
    public required bool IsIPv6 { get; init; }
    public required uint Priority { get; init; }

    /// <summary>The table looked up.</summary>
    public required uint Table { get; init; }
    public IPNetwork? From { get; init; }
    public IPNetwork? To { get; init; }
    public string? InputLink { get; init; }
    public string? OutputLink { get; init; }
    public uint? Mark { get; init; }
    public uint? MarkMask { get; init; }
}

/// <summary>The routing rules of a network namespace.</summary>
public sealed class RuleTable
{
    // include/uapi/linux/fib_rules.h
    private const int FraDst = 1;
    private const int FraSrc = 2;
    private const int FraIifName = 3;
    private const int FraPriority = 6;
    private const int FraFwMark = 10;
    private const int FraTable = 15;
    private const int FraFwMask = 16;
    private const int FraOifName = 17;
    private const byte ToTable = 1;
    private readonly NetlinkSocket _socket;

    internal RuleTable(NetlinkSocket socket) => _socket = socket;

    public void Add(RoutingRule rule)
    {
        // ip rule add [from P] [to P] [iif L] [oif L] [fwmark M/MASK] lookup TABLE priority N
        _socket.Execute(Encode(Rtm.NewRule, NetlinkFlags.Create | NetlinkFlags.Exclusive, rule), "add routing rule", $"{rule.Priority}");
    }

    /// <summary>False when there is none.</summary>
    public bool Delete(RoutingRule rule)
    {
        // ip rule del ...
        try
        {
            _socket.Execute(Encode(Rtm.DelRule, NetlinkFlags.None, rule), "delete routing rule", $"{rule.Priority}");
            return true;
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            return false;
        }
    }

    public List<RoutingRule> List()
    {
        // ip rule show; ip -6 rule show
        return [.. List(Af.Inet), .. List(Af.Inet6)];
    }

    private static NetlinkWriter Encode(ushort type, NetlinkFlags flags, RoutingRule rule)
    {
        var w = new NetlinkWriter(128);
        var message = w.Begin(type, flags);
        var header = w.Take(12);
        header[0] = rule.IsIPv6 ? Af.Inet6 : Af.Inet;
        header[1] = (byte)(rule.To?.PrefixLength ?? 0);
        header[2] = (byte)(rule.From?.PrefixLength ?? 0);
        header[4] = rule.Table < 256 ? (byte)rule.Table : (byte)0;
        header[7] = ToTable;
        w.U32(FraPriority, rule.Priority);
        w.U32(FraTable, rule.Table);
        if (rule.To is { } to)
            w.Address(FraDst, to.BaseAddress);
        if (rule.From is { } from)
            w.Address(FraSrc, from.BaseAddress);
        if (rule.InputLink is { } input)
            w.Text(FraIifName, input);
        if (rule.OutputLink is { } output)
            w.Text(FraOifName, output);
        if (rule.Mark is { } mark)
            w.U32(FraFwMark, mark);
        if (rule.MarkMask is { } mask)
            w.U32(FraFwMask, mask);
        w.End(message);
        return w;
    }

    internal static RoutingRule? Parse(NetlinkMessage m)
    {
        if (m.Type != Rtm.NewRule || m.Payload.Length < 12 || m.Payload[0] is not (Af.Inet or Af.Inet6))
            return null;
        var (toLength, fromLength) = (m.Payload[1], m.Payload[2]);
        var rule = new RoutingRule { IsIPv6 = m.Payload[0] == Af.Inet6, Priority = 0, Table = m.Payload[4] };
        var a = m.Attributes(12);
        while (a.Next())
        {
            rule = a.Type switch
            {
                FraDst when a.Network(toLength) is { } to => rule with { To = to },
                FraSrc when a.Network(fromLength) is { } from => rule with { From = from },
                FraIifName => rule with { InputLink = a.Text() },
                FraOifName => rule with { OutputLink = a.Text() },
                FraPriority => rule with { Priority = a.U32() },
                FraFwMark => rule with { Mark = a.U32() },
                FraFwMask => rule with { MarkMask = a.U32() },
                FraTable => rule with { Table = a.U32() },
                _ => rule,
            };
        }

        return rule;
    }

    private List<RoutingRule> List(byte family)
    {
        var w = new NetlinkWriter(64);
        var message = w.Begin(Rtm.GetRule, NetlinkFlags.None);
        w.Take(12)[0] = family;
        w.End(message);
        return _socket.Dump(w, "list", "routing rules", static m => Parse(m));
    }
}
