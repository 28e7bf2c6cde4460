using Hypr.Api.Contracts;
using Hypr.Daemon.Http;
using Hypr.Engine.Machines;
using Hypr.Primitives;

namespace Hypr.Daemon.Endpoints.Containers;

/// <summary>POST /containers/{name}/update: restart policy, CPUs and memory; all else that Docker changes there a VM does not have.</summary>
internal static class UpdateContainer
{
    public static void Map(Router routes) => routes.Map("POST", "/containers/{name}/update", RunAsync);

    private static async Task RunAsync(ApiCall call)
    {
        var request = await call.ReadAsync(HyprJson.Wire.HostConfig);
        Refuse(request);
        var restart = string.IsNullOrEmpty(request.RestartPolicy?.Name) ? null : CreateContainer.Restart(request);
        var update = new MachineUpdate(restart, request.NanoCpus == 0 ? null : request.NanoCpus, request.Memory == 0 ? null : request.Memory);
        var notes = await call.Engine.UpdateAsync(call.Name, update, CancellationToken.None);
        await call.JsonAsync(new UpdateResponse { Warnings = [.. notes] }, HyprJson.Wire.UpdateResponse);
    }

    private static void Refuse(HostConfig request)
    {
        var wrong = request switch
        {
            { CpuShares: not 0 } => "--cpu-shares",
            { CpuPeriod: not 0 } => "--cpu-period",
            { CpuQuota: not 0 } => "--cpu-quota",
            { CpuRealtimePeriod: not 0 } => "--cpu-rt-period",
            { CpuRealtimeRuntime: not 0 } => "--cpu-rt-runtime",
            { CpusetCpus.Length: > 0 } => "--cpuset-cpus",
            { CpusetMems.Length: > 0 } => "--cpuset-mems",
            { BlkioWeight: not 0 } => "--blkio-weight",
            { MemoryReservation: not 0 } => "--memory-reservation",
            { MemorySwap: not 0 } => "--memory-swap",
            { PidsLimit: not null and not 0 } => "--pids-limit",
            _ => null,
        };
        if (wrong is not null)
        {
            throw HyprException.NotImplemented($"update {wrong} is not in HYPR: a VM has whole CPUs and memory of its own. --cpus, --memory and --restart can be changed");
        }
    }
}
