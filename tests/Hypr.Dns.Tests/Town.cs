using System.Net;
using Hypr.Dns.Forwarding;
using Hypr.Dns.Server;
using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns.Tests;

/// <summary>Networks and machines, and questions about them without a socket.</summary>
internal sealed class Town
{
    private uint rotation;

    public Town()
    {
        Store = new ZoneStore(Sets);
        Responder = new Responder(Cache, Sets, new LoopProbe(TimeProvider.System, _ => { }), new Cookies(1, 2));
    }

    public UpstreamSets Sets { get; } = new();

    public AnswerCache Cache { get; } = new(16, 1 << 20);

    public ZoneStore Store { get; }

    public Responder Responder { get; }

    public long Now { get; set; }

    public static DnsMachine Machine(string name, params DnsEndpoint[] endpoints) => new(Id(name), name, null, null, endpoints, [], []);

    public static DnsEndpoint On(string network, string address, params string[] aliases) =>
        new(network, [.. address.Split(' ').Select(IPAddress.Parse)], aliases);

    /// <summary>64 digits, the first twelve of them the name's.</summary>
    public static string Id(string name) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)));

    public Town Network(string name, string subnet, string gateway, bool isInternal = false)
    {
        Store.SetNetwork(new DnsNetwork(
            name, name, $"br-{name}", [.. gateway.Split(' ').Select(IPAddress.Parse)], [.. subnet.Split(' ').Select(IPNetwork.Parse)],
                isInternal));
        return this;
    }

    public Town Add(DnsMachine machine)
    {
        Store.SetMachine(machine);
        return this;
    }

    public Asker Asker(string? address)
    {
        var zone = Store.Current;
        if (address is null)
        {
            return new Asker(null, -1);
        }

        for (var network = 0; network < zone.Networks.Length; network++)
        {
            if (zone.FindClient(network, Addresses.From(IPAddress.Parse(address))) is { } endpoint)
            {
                return new Asker(endpoint.Machine, network);
            }
        }

        throw new ArgumentException($"nobody has {address}");
    }

    /// <param name="from">A machine's address; null: the host.</param>
    public Answer Ask(string? from, string name, ushort type = 1) => Answer(from, Packets.Query(name, type));

    public Answer Answer(string? from, byte[] packet, bool stream = false)
    {
        var verdict = Respond(from, packet, stream, out var answer);
        Assert.Equal(Verdict.Answered, verdict);
        return answer!;
    }

    public Verdict Respond(string? from, byte[] packet, bool stream, out Answer? answer)
    {
        var output = new byte[stream ? Limits.Message : Limits.Udp];
        var kind = Query.Parse(packet, stream, new byte[256], new byte[128], out var query);
        var verdict = Responder.Respond(
            Store.Current, Asker(from), kind, query, output, new Moment(Now, 1_559_734_385), ref rotation, [198, 51, 100, 100],
                out var length);
        answer = verdict == Verdict.Answered ? new Answer(output[..length]) : null;
        return verdict;
    }
}
