using Hypr.Api.Contracts;
using Hypr.Daemon.Endpoints.Host;
using Hypr.Daemon.Http;
using Hypr.Engine.Machines;
using Hypr.Network;
using Hypr.Primitives;

namespace Hypr.Daemon.Endpoints.Containers;

/// <summary>What a container's processes are and use: docker top and stats.</summary>
internal static class UsageEndpoints
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static void Map(Router routes)
    {
        routes.Map("GET", "/containers/{name}/top", TopAsync);
        routes.Map("GET", "/containers/{name}/stats", StatsAsync);
    }

    private static async Task TopAsync(ApiCall call)
    {
        var list = await call.Engine.ProcessesAsync(call.Name, call.Query("ps_args") ?? "", call.Aborted);
        await call.JsonAsync(
            new TopResponse { Titles = [.. list.Titles], Processes = [.. list.Processes.Select(p => p.ToList())] }, HyprJson.Wire.TopResponse);
    }

    /// <summary>
    /// One answer a second. A client computes percentages from an answer's two samples of the CPU, so a single answer takes a second too, unless
    /// <c>one-shot</c> says that one sample will do (moby, daemon/stats.go).
    /// </summary>
    private static async Task StatsAsync(ApiCall call)
    {
        var machine = call.Engine.Machine(call.Name);
        var stream = call.Query("stream") is null || call.Flag("stream");
        var oneShot = call.Flag("one-shot");
        if (stream && oneShot)
        {
            throw HyprException.Invalid("cannot have stream=true and one-shot=true");
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Aborted, call.Api.Stopping);
        var before = await SampleAsync(call, machine.Id, end.Token);
        if (!stream)
        {
            if (!oneShot && before is not null)
            {
                await Task.Delay(Interval, call.Api.Clock, end.Token);
                await call.JsonAsync(Stats(machine, await SampleAsync(call, machine.Id, end.Token), before), HyprJson.Wire.ContainerStats);
                return;
            }

            await call.JsonAsync(Stats(machine, before, null), HyprJson.Wire.ContainerStats);
            return;
        }

        await call.BeginStreamAsync(ErrorResponses.JsonType);
        await call.LineAsync(Stats(machine, before, null), HyprJson.Wire.ContainerStats);
        while (true)
        {
            await Task.Delay(Interval, call.Api.Clock, end.Token);
            Sample? now;
            try
            {
                now = await SampleAsync(call, machine.Id, end.Token);
            }
            catch (HyprException e) when (e.Kind == ErrorKind.NotFound)
            {
                // Removed: so ends the stream.
                return;
            }

            await call.LineAsync(Stats(machine, now, before), HyprJson.Wire.ContainerStats);
            before = now;
        }
    }

    /// <summary>Null while it does not run, and when it ends under the question.</summary>
    private static async Task<Sample?> SampleAsync(ApiCall call, string id, CancellationToken cancel)
    {
        try
        {
            return await call.Engine.UsageAsync(id, cancel) is { } usage ? new Sample(usage, HostFacts.CpuNanoseconds) : null;
        }
        catch (HyprException e) when (e.Kind is ErrorKind.Conflict or ErrorKind.Unavailable or ErrorKind.InvalidParameter)
        {
            return null;
        }
    }

    private static ContainerStats Stats(MachineView machine, Sample? now, Sample? before)
    {
        var stats = new ContainerStats { Name = "/" + machine.Name, Id = machine.Id };
        if (now is not var (usage, _))
        {
            return stats;
        }

        var used = usage.Machine;
        return stats with
        {
            Read = Timestamps.Rfc3339(usage.Time),
            PreRead = Timestamps.Rfc3339(before?.Usage.Time),
            Pids = new PidsStats { Current = used.Processes },
            Block = new BlockStats
            {
                Bytes = [Block("read", used.ReadBytes), Block("write", used.WrittenBytes)],
                Operations = [Block("read", used.ReadOperations), Block("write", used.WriteOperations)],
            },
            Cpu = Cpu(now),
            PreCpu = before is null ? new CpuStats() : Cpu(before),
            Memory = new MemoryStats
            {
                Usage = used.Memory,
                Stats = new Dictionary<string, long> { ["inactive_file"] = used.InactiveFile },
                Limit = machine.MemoryBytes,
            },
            Networks = usage.Traffic.ToDictionary(nic => nic.Key, nic => Nic(nic.Value)),
        };
    }

    private static CpuStats Cpu(Sample sample) => new()
    {
        Usage = new CpuUsage { Total = Nanoseconds(sample.Usage.Machine.Cpu) },
        System = sample.System,
        Online = Environment.ProcessorCount,
    };

    private static BlockStat Block(string op, long value) => new() { Op = op, Value = value };

    private static NicStats Nic(NicTraffic nic) => new()
    {
        ReceivedBytes = nic.Received.Bytes,
        ReceivedPackets = nic.Received.Packets,
        ReceiveErrors = nic.Received.Errors,
        ReceiveDropped = nic.Received.Dropped,
        SentBytes = nic.Sent.Bytes,
        SentPackets = nic.Sent.Packets,
        SendErrors = nic.Sent.Errors,
        SendDropped = nic.Sent.Dropped,
    };

    private static long Nanoseconds(TimeSpan time) => time.Ticks * 100;

    /// <param name="System">The host's CPUs' time, taken together with the usage.</param>
    private sealed record Sample(UsageView Usage, long System);
}
