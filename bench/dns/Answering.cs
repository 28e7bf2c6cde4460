using System.Diagnostics;
using System.Net;
using Hypr.Dns.Forwarding;
using Hypr.Dns.Server;
using Hypr.Dns.Wire;
using Hypr.Dns.Zones;

namespace Hypr.Dns.Bench;

/// <summary>Answering alone, without a socket: nanoseconds and octets allocated a question.</summary>
internal static class Answering
{
    public static int Run(int names)
    {
        var sets = new UpstreamSets();
        var store = new ZoneStore(sets);
        store.SetNetwork(new DnsNetwork("n", "bridge", "vbr0", [IPAddress.Parse("10.88.0.1")], [IPNetwork.Parse("10.88.0.0/16")], false));
        for (var i = 0; i < names; i++)
        {
            store.SetMachine(Serve.Machine(i, NameList.Name(i)));
        }

        var responder = new Responder(new AnswerCache(1024, 1 << 20), sets, new LoopProbe(TimeProvider.System, _ => { }), new Cookies());
        var questions = Load.Questions(names, "h{0}.hypr");
        var (output, name, labels) = (new byte[Limits.Udp], new NameBuffer(), new LabelBuffer());
        var rotation = 0u;
        for (var round = 0; round < 5; round++)
        {
            const int Count = 2_000_000;
            var before = GC.GetAllocatedBytesForCurrentThread();
            var watch = Stopwatch.StartNew();
            for (var i = 0; i < Count; i++)
            {
                var kind = Query.Parse(questions[i % names], stream: false, name, labels, out var query);
                _ = responder.Respond(store.Current, new Asker(null, -1), kind, query, output, default, ref rotation, [127, 0, 0, 1], out _);
            }

            Console.WriteLine($"{watch.Elapsed.TotalNanoseconds / Count:F0} ns, {GC.GetAllocatedBytesForCurrentThread() - before} octets in {Count} questions");
        }

        return 0;
    }
}
