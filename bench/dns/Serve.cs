using System.Diagnostics;
using System.Net;

namespace Hypr.Dns.Bench;

internal static class Serve
{
    public static async Task<int> Run(string[] args)
    {
        await using var server = new NameServer(new NameServerSettings
        {
            Workers = int.Parse(args[1]),
            Port = 41003,
            GatewayPort = int.Parse(args[2]),
            Upstreams = args.Length > 3 ? [IPEndPoint.Parse(args[3])] : [],
            ResolvConf = "/nonexistent",
        });
        server.AddNetwork(new DnsNetwork("n", "bridge", "vbr0", [IPAddress.Loopback], [IPNetwork.Parse("10.88.0.0/16")], false));
        var count = int.Parse(args[0]);
        var before = Settled();
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < count; i++)
        {
            server.SetMachine(Machine(i, NameList.Name(i)));
        }

        var filled = watch.Elapsed;
        var after = Settled();
        watch.Restart();
        for (var i = 0; i < 1000; i++)
        {
            server.SetMachine(Machine(i % count, $"renamed{i}"));
            server.SetMachine(Machine(i % count, NameList.Name(i % count)));
        }

        Console.WriteLine(
            $"{count} machines in {filled.TotalMilliseconds:F0} ms, {(after - before) / 1048576.0:F1} MB; a change {watch.Elapsed.TotalMicroseconds / 2000:F1} us; pid {Environment.ProcessId}");
        Console.Out.Flush();
        await Task.Delay(Timeout.Infinite);
        return 0;
    }

    public static DnsMachine Machine(int i, string name) =>
        new($"{i:x12}{new string('0', 52)}", name, null, null, [new DnsEndpoint("n", [NameList.Address(i)], [])], [], []);

    private static long Settled()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return GC.GetTotalMemory(true);
    }
}
