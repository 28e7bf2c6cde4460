using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Messages;

/// <summary>The names that a guest knows without asking: host name, /etc/hosts, /etc/resolv.conf.</summary>
public sealed record NamesConfiguration
{
    public required string Hostname { get; init; }
    public string? Domainname { get; init; }

    /// <summary>Lines of /etc/hosts beside localhost's: address, then names.</summary>
    public IReadOnlyList<(string Address, string Names)> Hosts { get; init; } = [];
    public IReadOnlyList<string> Nameservers { get; init; } = [];
    public IReadOnlyList<string> Search { get; init; } = [];
    public IReadOnlyList<string> ResolverOptions { get; init; } = [];

    public void Encode(WireWriter w)
    {
        w.Text(Hostname);
        w.OptionalText(Domainname);
        w.U32((uint)Hosts.Count);
        foreach (var (address, names) in Hosts)
        {
            w.Text(address);
            w.Text(names);
        }

        w.Texts(Nameservers);
        w.Texts(Search);
        w.Texts(ResolverOptions);
    }

    public static NamesConfiguration Decode(ref WireReader r)
    {
        var hostname = r.Text();
        var domainname = r.OptionalText();
        var hosts = new (string, string)[r.Count(8)];
        for (var i = 0; i < hosts.Length; i++)
            hosts[i] = (r.Text(), r.Text());
        return new NamesConfiguration
        {
            Hostname = hostname,
            Domainname = domainname,
            Hosts = hosts,
            Nameservers = r.Texts(),
            Search = r.Texts(),
            ResolverOptions = r.Texts(),
        };
    }
}
