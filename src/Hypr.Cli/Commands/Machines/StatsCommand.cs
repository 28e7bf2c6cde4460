using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Machines;

/// <summary><c>hypr stats</c>: a thread a VM reads, the table is drawn once a second; numbers are docker's (cli/command/container/stats_helpers.go).</summary>
internal static class StatsCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static readonly CommandSpec Command = new("stats", "Display a live stream of VM(s) resource usage statistics")
    {
        Words = "[VM...]",
        Count = (0, int.MaxValue),
        Options =
        [
            Option.Switch("all", 'a', "Show all VMs (default shows just running)"),
            Listings.Format,
            Option.Switch("no-stream", '\0', "Disable streaming stats and only pull the first result"),
            Option.Switch("no-trunc", '\0', "Do not truncate output"),
        ],
        Examples = [("hypr stats", "all that run, once a second"), ("hypr stats --no-stream web", "once")],
        Run = Run,
        Completes = "vm",
    };

    private static readonly Func<bool, Listing<Sample>> Listing = all => new(
        [
            new("Container", "CONTAINER", s => s.Asked),
            new("ID", "CONTAINER ID", s => s.Json.ValueKind == JsonValueKind.Undefined ? "--" : JsonReading.Id(s.Json.Text("id"), all)),
            new("Name", "NAME", s => s.Json.Text("name") is { Length: > 0 } name ? name.TrimStart('/') : "--"),
            new("CPUPerc", "CPU %", s => s.IsThere ? Percent(Cpu(s.Json)) : "--"),
            new("MemUsage", "MEM USAGE / LIMIT", s => s.IsThere ? $"{Sizes.HumanBinary(Memory(s.Json))} / {Sizes.HumanBinary(s.Json.Number("memory_stats", "limit"))}" : "-- / --"),
            new("MemPerc", "MEM %", s => s.IsThere && s.Json.Number("memory_stats", "limit") is > 0 and var limit ? Percent(100.0 * Memory(s.Json) / limit) : "--"),
            new("NetIO", "NET I/O", s => s.IsThere ? $"{Network(s.Json, "rx_bytes")} / {Network(s.Json, "tx_bytes")}" : "--"),
            new("BlockIO", "BLOCK I/O", s => s.IsThere ? $"{Block(s.Json, "read")} / {Block(s.Json, "write")}" : "--"),
            new("PIDs", "PIDS", s => s.IsThere ? s.Json.Text("pids_stats", "current") : "--"),
        ],
        ["ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"]);

    private static int Run(CommandLine line, Session session)
    {
        // A name that is none is told before anything is drawn.
        var named = line.Words.Select(name => session.Api.Get(new Query("containers", name, "json")).Text("Id") is var id ? (Asked: name, Id: id) : default).ToArray();
        return line.On("no-stream") ? Once(line, session, Wanted(line, session, named)) : Stream(line, session, named);
    }

    private static (string Asked, string Id)[] Wanted(CommandLine line, Session session, (string Asked, string Id)[] named) => named.Length > 0
        ? named
        : [.. session.Api.Get(new Query("containers", "json").Add("all", line.On("all"))).Items()
            .Select(m => (JsonReading.Id(m.Text("Id"), line.On("no-trunc")), m.Text("Id"))).Reverse()];

    private static int Once(CommandLine line, Session session, (string Asked, string Id)[] machines)
    {
        var samples = new Sample[machines.Length];
        var threads = machines.Select((machine, i) => new Thread(() =>
        {
            samples[i] = new Sample(machine.Asked, default);
            try
            {
                samples[i] = new Sample(machine.Asked, session.Api.Get(new Query("containers", machine.Id, "stats").Add("stream", "0")));
            }
            catch (Exception e) when (e is HyprException or IOException)
            {
                // It went meanwhile: a row of dashes, as Docker's.
            }
        })).ToArray();
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        session.Io.Write(Listing(line.On("no-trunc")).Render(samples, line.Text("format")));
        return 0;
    }

    private static int Stream(CommandLine line, Session session, (string Asked, string Id)[] named)
    {
        var latest = new ConcurrentDictionary<string, JsonElement>();
        var followed = new HashSet<string>();
        while (true)
        {
            var wanted = Wanted(line, session, named);
            foreach (var machine in wanted)
            {
                if (followed.Add(machine.Id))
                    new Thread(() => Follow(session, machine.Id, latest)) { IsBackground = true }.Start();
            }

            Thread.Sleep(Interval);
            string table = Listing(line.On("no-trunc")).Render(
                wanted.Select(m => new Sample(m.Asked, latest.GetValueOrDefault(m.Id))), line.Text("format"));
            // Home, and everything behind it away: what was there is drawn over.
            session.Io.Write(session.Io.OutputIsTerminal ? $"\e[H\e[J{table}" : table);
        }
    }

    private static void Follow(Session session, string id, ConcurrentDictionary<string, JsonElement> latest)
    {
        try
        {
            using var answer = session.Api.Send("GET", new Query("containers", id, "stats").Add("stream", "1"));
            foreach (var json in answer.JsonLines())
                latest[id] = json;
        }
        catch (Exception e) when (e is HyprException or IOException)
        {
            // It was removed.
        }

        latest.TryRemove(id, out _);
    }

    private static double Cpu(JsonElement stats)
    {
        double used = stats.Number("cpu_stats", "cpu_usage", "total_usage") - stats.Number("precpu_stats", "cpu_usage", "total_usage");
        double passed = stats.Number("cpu_stats", "system_cpu_usage") - stats.Number("precpu_stats", "system_cpu_usage");
        return used > 0 && passed > 0 ? used / passed * stats.Number("cpu_stats", "online_cpus") * 100 : 0;
    }

    /// <summary>Without the file pages that go first when memory is wanted.</summary>
    private static long Memory(JsonElement stats)
    {
        long usage = stats.Number("memory_stats", "usage"), cached = stats.Number("memory_stats", "stats", "inactive_file");
        return cached < usage ? usage - cached : usage;
    }

    private static string Network(JsonElement stats, string counter) => Sizes.Human(stats.Members("networks").Sum(n => n.Value.Number(counter)));

    private static string Block(JsonElement stats, string op) =>
        Sizes.Human(stats.Items("blkio_stats", "io_service_bytes_recursive").Where(b => b.Text("op") == op).Sum(b => b.Number("value")));

    private static string Percent(double percent) => percent.ToString("F2", CultureInfo.InvariantCulture) + "%";

    /// <param name="Json">Undefined: nothing was told yet.</param>
    private sealed record Sample(string Asked, JsonElement Json)
    {
        public bool IsThere => Json.Number("memory_stats", "limit") > 0;
    }
}
