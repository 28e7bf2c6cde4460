using Hypr.Api.Contracts;

namespace Hypr.Daemon.Endpoints.Containers;

/// <summary>
/// What a client asks for at create and a VM does not have: bounds of control groups, namespaces, and what HYPR lacks yet. The VM is made, and one warning names them
/// (docs/docker.md lists the same). What would change what the VM is for is refused instead.
/// </summary>
internal static class UnusedOptions
{
    public static IEnumerable<string> Warnings(HostConfig host)
    {
        var unused = All(host).ToList();
        if (unused.Count > 0)
        {
            yield return $"{string.Join(", ", unused)}: not used by HYPR. A VM has a kernel, whole CPUs (--cpus) and memory (--memory) of its own";
        }
    }

    /// <summary>As <c>docker run</c> writes them. The CLI sends -1 for a swappiness that was not given, docker-py 0.</summary>
    private static IEnumerable<string> All(HostConfig host)
    {
        (string Option, bool Given)[] options =
        [
            ("--annotation", host.Annotations is { Count: > 0 }),
            ("--blkio-weight", host.BlkioWeight != 0),
            ("--blkio-weight-device", host.BlkioWeightDevice is { Count: > 0 }),
            ("--cgroup-parent", !string.IsNullOrEmpty(host.CgroupParent)),
            ("--cgroupns", host.CgroupnsMode is "host"),
            ("--cpu-period", host.CpuPeriod != 0),
            ("--cpu-quota", host.CpuQuota != 0),
            ("--cpu-rt-period", host.CpuRealtimePeriod != 0),
            ("--cpu-rt-runtime", host.CpuRealtimeRuntime != 0),
            ("--cpu-shares", host.CpuShares != 0),
            ("--cpuset-cpus", !string.IsNullOrEmpty(host.CpusetCpus)),
            ("--cpuset-mems", !string.IsNullOrEmpty(host.CpusetMems)),
            ("--device-cgroup-rule", host.DeviceCgroupRules is { Count: > 0 }),
            ("--device-read-bps", host.BlkioDeviceReadBps is { Count: > 0 }),
            ("--device-read-iops", host.BlkioDeviceReadIOps is { Count: > 0 }),
            ("--device-write-bps", host.BlkioDeviceWriteBps is { Count: > 0 }),
            ("--device-write-iops", host.BlkioDeviceWriteIOps is { Count: > 0 }),
            ("--kernel-memory", host.KernelMemory != 0),
            ("--memory-reservation", host.MemoryReservation != 0),
            ("--memory-swap", host.MemorySwap != 0),
            ("--memory-swappiness", host.MemorySwappiness is not (null or -1 or 0)),
            ("--oom-kill-disable", host.OomKillDisable == true),
            ("--oom-score-adj", host.OomScoreAdj != 0),
            ("--pids-limit", host.PidsLimit is not (null or 0 or -1)),
            ("--runtime", host.Runtime is not (null or "" or "hypr" or "runc")),
            ("--storage-opt", host.StorageOpt is { Count: > 0 }),
            ("--userns", host.UsernsMode is "host"),
        ];
        return options.Where(o => o.Given).Select(o => o.Option);
    }
}
