using System.Diagnostics;
using System.Globalization;
using System.Net;
using Hypr.Linux.Processes;
using Hypr.Network.Platforms;
using Hypr.Network.Platforms.Linux;
using Hypr.Network.Ports;
using Hypr.Network.Ports.Holder;
using Hypr.Primitives;
using Hypr.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypr.Bench.Publish;

/// <summary>What publishing costs: the rules in one transaction, and the sockets that hold the ports, in this process and in the holder's.</summary>
internal static class Times
{
    private static readonly IPAddress Guest = IPAddress.Parse("10.88.0.2");
    private static readonly int[] Counts = [1, 1000, 10_000];

    public static IReadOnlyList<DatapathPort> Ports(int first, int count) =>
        [.. Enumerable.Range(first, count).Select(p => new DatapathPort(IPAddress.Any, p, Guest, p, PortProtocol.Tcp))];

    public static async Task RunAsync(int rounds, bool reserve)
    {
        FileLimit.Raise();
        using var host = TestNamespace.Create("host");
        await using var datapath = host.Run(() => LinuxDatapath.Open(new DatapathSettings { TouchForeignFirewalls = false }, NullLoggerFactory.Instance, TimeProvider.System));
        await datapath.StartAsync(new DatapathState([], [], new Dictionary<string, IReadOnlyList<DatapathPort>>()), default);
        await datapath.AddNetworkAsync(
            new DatapathNetwork(new string('0', 64), "bridge", "vbr0", [InterfaceAddress.Parse("10.88.0.1/16")], 1500, false, false, true, GatewayMode.Nat, GatewayMode.Nat), default);
        foreach (var count in Counts)
        {
            var ports = Ports(20_000, count);
            var (publish, unpublish, more) = (new List<Cost>(), new List<Cost>(), new List<Cost>());
            for (var round = -2; round < rounds; round++)
            {
                publish.Add(await Time(() => datapath.PublishAsync("many", ports, default)));
                for (var i = 0; i < 5; i++)
                {
                    more.Add(await Time(() => datapath.PublishAsync("one", Ports(8080, 1), default)));
                    await datapath.PublishAsync("one", [], default);
                }

                unpublish.Add(await Time(() => datapath.PublishAsync("many", [], default)));
            }

            Print($"publish {count:N0}, one transaction", publish);
            Print($"one more beside {count:N0}", more);
            Print($"unpublish {count:N0}", unpublish);
        }

        // Two sockets a port: more than 9,900 want a limit above 20,000 open files (hyprd's unit has it).
        foreach (var count in reserve ? (int[])[1, 1000, 9900] : [])
            await ReserveAsync(host, count, rounds);
        await datapath.RemoveNetworkAsync(new string('0', 64), default);
    }

    /// <summary>Both families, as <c>-p</c> without an address has it; IPv6 sockets listen, for they carry to a VM that has only IPv4.</summary>
    private static async Task ReserveAsync(TestNamespace host, int count, int rounds)
    {
        List<HostPort> ports =
        [
            .. Enumerable.Range(20_000, count).SelectMany(p => new[]
            {
                new HostPort(IPAddress.Any, p, PortProtocol.Tcp), new HostPort(IPAddress.IPv6Any, p, PortProtocol.Tcp) { Target = new IPEndPoint(Guest, p) },
            }),
        ];
        var (here, holder) = (new List<Cost>(), new List<Cost>());
        await using (var reserver = new SocketPortReserver())
        {
            for (var round = -2; round < rounds; round++)
            {
                here.Add(await Time(() => Must(host.Run(() => reserver.ReserveAsync("machine", ports, default).AsTask()))));
                await reserver.ReleaseAsync("machine", ports);
            }
        }

        Print($"reserve {count:N0}, 2 sockets each", here);
        var hyprd = Path.GetFullPath("out/hyprd");
        if (!File.Exists(hyprd))
            return;
        var path = Path.Combine(Path.GetTempPath(), $"hypr-bench-{Environment.ProcessId}-{count}.sock");
        host.Start(hyprd, "ports", path);
        if (!Probe.Until(() => File.Exists(path)))
            throw new InvalidOperationException("the holder does not come up");
        await using (var held = new HeldPorts(path, hyprd, NullLogger<HeldPorts>.Instance))
        {
            for (var round = -2; round < rounds; round++)
            {
                holder.Add(await Time(() => Must(held.ReserveAsync("machine", ports, default).AsTask())));
                await held.ReleaseAsync("machine", ports);
            }
        }

        await HeldPorts.EndAsync(path);
        Print($"reserve {count:N0}, by the holder", holder);
    }

    private static async Task Must(Task<PortConflict?> reserve)
    {
        if (await reserve is { } conflict)
            throw new InvalidOperationException($"{conflict.Port}: {conflict.Reason}");
    }

    private static async Task<Cost> Time(Func<Task> action)
    {
        var (start, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        await action();
        return new Cost(Stopwatch.GetElapsedTime(start).TotalMilliseconds, (Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds);
    }

    /// <summary>The first two compile code and load modules.</summary>
    private static void Print(string what, List<Cost> times)
    {
        var sorted = times.Skip(2).OrderBy(static t => t.Wall).ToList();
        var cpu = times.Skip(2).Select(static t => t.Cpu).Order().ElementAt(sorted.Count / 2);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{what,-36} {sorted[sorted.Count / 2].Wall,10:N3} ms median {sorted[0].Wall,10:N3} ms least {cpu,10:N3} ms of CPU"));
    }

    /// <param name="Cpu">Of this whole process, in user space and in the kernel: what remains of the truth on a busy machine.</param>
    private sealed record Cost(double Wall, double Cpu);
}
