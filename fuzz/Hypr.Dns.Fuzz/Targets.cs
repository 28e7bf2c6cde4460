using System.Net;
using System.Text;
using Hypr.Dns.Forwarding;
using Hypr.Dns.Server;
using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns.Fuzz;

/// <summary>What octets from outside reach. Each throws nothing whatever it is given, and what it makes of them keeps the protocol's rules.</summary>
internal sealed class Targets
{
    private const string NetworkId = "n";
    private readonly ZoneStore _store = new(new UpstreamSets());
    private readonly Responder _responder;
    private readonly Cookies _cookies = new();
    private readonly Asker _machine;
    private readonly byte[] _input = new byte[16384];
    private readonly byte[] _output = new byte[Limits.Message];
    private NameBuffer _name;
    private LabelBuffer _labels;
    private uint _rotation;

    public Targets()
    {
        _store.SetNetwork(new DnsNetwork(NetworkId, "bridge", "vbr0", [IPAddress.Parse("10.88.0.1")], [IPNetwork.Parse("10.88.0.0/16")], false));
        _store.SetMachine(new DnsMachine(
            new string('a', 64), "web", "shop", "db", [new DnsEndpoint(NetworkId, [IPAddress.Parse("10.88.0.2"), IPAddress.Parse("fd88::2")], ["www"])],
            [new DnsPort("tcp", 80, 8080)], []));
        _responder = new Responder(new AnswerCache(16, 1 << 16), new UpstreamSets(), new LoopProbe(TimeProvider.System, _ => { }), _cookies);
        _machine = new Asker(_store.Current.FindClient(0, Addresses.From(IPAddress.Parse("10.88.0.2")))!.Machine, 0);
    }

    public Action<byte[]> Find(string name) => name switch
    {
        "query" => Query,
        "answer" => Answer,
        "stream" => Stream,
        "resolv" => Resolv,
        _ => throw new ArgumentException($"there is no target {name}: query, answer, stream, resolv"),
    };

    /// <summary>A client's message, over UDP and TCP, from the host and from a machine.</summary>
    private void Query(byte[] message)
    {
        foreach (var stream in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (var asker in (ReadOnlySpan<Asker>)[new Asker(null, -1), _machine])
            {
                var kind = Wire.Query.Parse(message, stream, _name, _labels, out var query);
                var output = _output.AsSpan(0, stream ? Limits.Message : Limits.Udp);
                var verdict = _responder.Respond(_store.Current, asker, kind, query, output, new Moment(1, 1), ref _rotation, [127, 0, 0, 1], out var length);
                Must(verdict == Verdict.Answered == (length > 0));
                if (verdict == Verdict.Answered)
                {
                    Must(length >= Limits.Header && (stream || length <= Limits.Udp));
                    Must(output[0] == message[0] && output[1] == message[1] && (output[2] & 0x80) != 0);
                }
            }
        }
    }

    /// <summary>
    /// A connection's octets, which arrive in pieces as its first three octets say: the same questions come out of them as if they had come at once, each is
    /// answered, and nothing but the start of a question is kept.
    /// </summary>
    private void Stream(byte[] octets)
    {
        if (octets.Length < 3)
        {
            return;
        }

        ReadOnlySpan<byte> sizes = octets.AsSpan(0, 3);
        ReadOnlySpan<byte> rest = octets.AsSpan(3);
        var (whole, state) = Frames(rest);
        var kept = default(KeptOctets);
        var (found, broken) = (0, false);
        for (var turn = 0; rest.Length > 0 && !broken; turn++)
        {
            var piece = rest[..Math.Min(rest.Length, 1 + sizes[turn % sizes.Length])];
            rest = rest[piece.Length..];
            var have = kept.MoveTo(_input);
            piece.CopyTo(_input.AsSpan(have));
            ReadOnlySpan<byte> input = _input.AsSpan(0, have + piece.Length);
            FrameState next;
            while ((next = Frame.Take(ref input, out var message)) == FrameState.Whole)
            {
                Must(found < whole.Count && message.SequenceEqual(whole[found]));
                Query(message.ToArray());
                found++;
            }

            broken = next == FrameState.Broken;
            kept.Append(input);
            Must(broken || kept.Length < Frame.Head + Frame.MostQuestion);
        }

        kept.Clear();
        Must(found == whole.Count && broken == (state == FrameState.Broken));
    }

    private static (List<byte[]> Messages, FrameState End) Frames(ReadOnlySpan<byte> octets)
    {
        var messages = new List<byte[]>();
        FrameState state;
        while ((state = Frame.Take(ref octets, out var message)) == FrameState.Whole)
        {
            messages.Add(message.ToArray());
        }

        return (messages, state);
    }

    /// <summary>An upstream's message: as an answer to the question that it carries, which is then given from the cache.</summary>
    private void Answer(byte[] message)
    {
        if (message.Length < Limits.Header)
        {
            return;
        }

        var length = DnsName.Read(message, Limits.Header, _name, _labels, out _);
        if (length < 0 || Limits.Header + length + 4 > message.Length)
        {
            return;
        }

        ReadOnlySpan<byte> name = ((ReadOnlySpan<byte>)_name)[..length];
        var type = (ushort)((message[Limits.Header + length] << 8) | message[Limits.Header + length + 1]);
        var id = (ushort)((message[0] << 8) | message[1]);
        if (!UpstreamMessage.Answers(message, id, name, type))
        {
            return;
        }

        var kind = new QuestionKind(0, type, false, false);
        if (UpstreamMessage.Read(message, kind.Hash(DnsName.Hash(name)), name, kind, 0) is not { } answer)
        {
            return;
        }

        Must(answer.FreshUntil is >= 0 and <= 86_400_000);
        foreach (var limit in (ReadOnlySpan<int>)[Limits.PlainUdp, Limits.Udp, Limits.Message])
        {
            var reply = new Reply { Id = 7, Flags = HeaderFlags.RecursionDesired, Limit = limit };
            var written = answer.Write(_output.AsSpan(0, limit), message.AsSpan(Limits.Header, length + 4), reply, 5000, _cookies, 1, [127, 0, 0, 1]);
            Must(written >= Limits.Header && written <= limit);
        }
    }

    private static void Resolv(byte[] text) =>
        Must(ResolvConf.Parse(Encoding.UTF8.GetString(text).Split('\n')).TrueForAll(e => e.Port == 53));

    private static void Must(bool holds)
    {
        if (!holds)
        {
            throw new InvalidOperationException("a rule of the protocol does not hold");
        }
    }
}
