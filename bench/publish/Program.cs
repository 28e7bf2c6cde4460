using System.Globalization;
using Hypr.Bench.Publish;

// publish LOAD [--times|--rules] [--short]: what a published port costs its clients, and what it costs to publish. bench/README.md says how to read it.
var load = Path.GetFullPath(args[0]);
var isShort = args.Contains("--short");
var onlyRules = args.Contains("--rules");
if (!onlyRules && !args.Contains("--times"))
{
    var (rounds, seconds) = isShort ? (1, 1) : (5, 2);
    var ways = new List<World>
    {
        World.Direct(load, conntrack: false), World.Direct(load, conntrack: true), World.ByHand(load), await World.OursAsync(load, 1), await World.OursAsync(load, 1000), await World.OursAsync(load, 10_000),
        World.Docker(load, 1), World.Docker(load, 1000), World.Docker(load, 10_000), World.DockerProxy(load),
    };
    try
    {
        for (var round = 0; round < rounds; round++)
        {
            foreach (var way in ways)
                way.Measure(seconds);
        }

        var direct = ways[0].ConnectionsPerSecond;
        Console.WriteLine($"{"",-28} {"connections/s",14} {"of direct",10} {"p50 us",8} {"p99 us",8} {"Gbit/s",8}");
        foreach (var way in ways)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{way.Name,-28} {way.ConnectionsPerSecond,14:N0} {way.ConnectionsPerSecond / direct,10:P0} {way.P50,8:N0} {way.P99,8:N0} {way.Gigabits,8:N1}"));
        }
    }
    finally
    {
        foreach (var way in ways)
            await way.DisposeAsync();
    }
}

await Times.RunAsync(isShort ? 3 : 15, reserve: !onlyRules);
