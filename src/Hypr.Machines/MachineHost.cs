using System.Collections.Concurrent;
using Hypr.Linux.Files;
using Hypr.Linux.Processes;
using Hypr.Machines.Disks;
using Hypr.Machines.Folders;
using Hypr.Machines.Lifecycle;
using Hypr.Machines.Logs;
using Hypr.Machines.Templates;
using Hypr.Machines.Vmm;
using Hypr.Machines.Vmm.Qemu;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Machines;

/// <summary>Starts microVMs under QEMU and finds running ones again.</summary>
public sealed partial class MachineHost : IMachineHost, IAsyncDisposable
{
    internal const long LeastMemoryBytes = 96L << 20;
    /// <summary>An empty disk's metadata, the log as long as it may be, and the database's log: what is begun can be taken back.</summary>
    private const long SpaceOfAMachine = 32L << 20;
    private static readonly TimeSpan KillDeadline = TimeSpan.FromSeconds(10);

    private readonly MachineFolders _folders;
    private readonly IVmm _vmm;
    private readonly FolderServers _servers;
    private readonly BootMachine _boot;
    private readonly MachineTemplates _templates;
    private readonly MachineHostSettings _settings;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly ConcurrentDictionary<string, LogFiles> _logs = new(StringComparer.Ordinal);

    /// <summary>
    /// So many machines of an earlier hyprd are greeted at a time: under TCG each guest that wakes takes a part of a CPU, and two hundred at once would be late for all.
    /// </summary>
    private readonly SemaphoreSlim _greetings = new(Math.Max(4, 2 * Environment.ProcessorCount));

    public MachineHost(MachineHostSettings settings, TimeProvider clock, ILoggerFactory logs)
    {
        _settings = settings;
        _folders = new MachineFolders(settings);
        var hostFolders = new HostFolders(settings);
        Folders = hostFolders;
        _servers = new FolderServers(hostFolders, _folders);
        var vmm = new QemuVmm(settings, _folders, _servers, clock);
        _vmm = vmm;
        _clock = clock;
        _log = logs.CreateLogger<MachineHost>();
        var store = new TemplateStore(_folders.Templates, isShared: settings.TemplateDirectory is not null);
        _templates = new MachineTemplates(settings, store, new TemplateMaker(settings, _folders, vmm, clock), vmm, clock, _log);
        var disks = new EmptyDisks(settings.DataDirectory, settings.WritableDiskBytes, settings.Faults);
        Volumes = new VolumeFiles(settings.DataDirectory, disks);
        _boot = new BootMachine(settings, _folders, vmm, disks, _templates, clock, _log);
    }

    public long MinimumMemoryBytes => LeastMemoryBytes;

    public IVolumeFiles Volumes { get; }

    public IHostFolders Folders { get; }

    public void RequireSpace()
    {
        var free = new DriveInfo(_settings.DataDirectory).AvailableFreeSpace;
        if (free < SpaceOfAMachine)
        {
            throw HyprException.Unavailable(
                $"no space left on device: {free >> 20} MB free in {_settings.DataDirectory}, and a VM needs {SpaceOfAMachine >> 20} MB. Remove images (hypr rmi) or make room");
        }
    }

    public Task<HypervisorInfo> ProbeAsync(CancellationToken cancel) => _vmm.ProbeAsync(cancel);

    public IReadOnlyList<MachineTemplate> Templates() => _templates.List();

    public async Task<MachineTemplate> WarmAsync(int cpus, long memoryBytes, CancellationToken cancel)
    {
        if (cpus < 1 || memoryBytes < LeastMemoryBytes)
            throw HyprException.Invalid($"a VM has at least one CPU and {LeastMemoryBytes >> 20} MB of memory");
        return await _templates.WarmAsync(cpus, memoryBytes, await ProbeAsync(cancel), cancel);
    }

    public async Task<IRunningMachine> StartAsync(MachineSpec spec, CancellationToken cancel) =>
        await _boot.RunAsync(spec, await _vmm.ProbeAsync(cancel), Log(spec.Id, spec.Log), cancel);

    public IRunningMachine? Adopt(MachineHandle handle, LogBounds? log, bool isPaused)
    {
        if (_vmm.Adopt(handle) is not { } process)
            return null;
        var machine = new RunningMachine(ObjectId.Short(handle.MachineId), process, Log(handle.MachineId, log), hasStdin: true, _folders, _settings.AnswerDeadline, _clock, _log);
        machine.GoOn(_greetings, isPaused);
        return machine;
    }

    public MachineExit? LastExit(string machineId) => ExitRecord.Read(_folders.Exit(machineId));

    public async Task SweepAsync(IReadOnlyCollection<string> keep, CancellationToken cancel)
    {
        // What serves the folders of a machine ends with its VMM; one that no VMM ever came to is left of a start that was broken off.
        foreach (var stray in _vmm.FindAll().Concat(_servers.FindAll()).Where(handle => !keep.Contains(handle.MachineId)).ToList())
        {
            using var process = LinuxProcess.Adopt(stray.Pid, stray.StartTime);
            if (process is null)
                continue;
            StrayEnded(_log, stray.Pid, stray.MachineId);
            process.Kill();
            await process.Exited.WaitAsync(KillDeadline, cancel);
        }

        // Of guests that were being saved; their VMMs ended with that hyprd.
        MachineFolders.Remove(_folders.AllTemplateRuntime);
        if (!Directory.Exists(_folders.AllRuntime))
            return;
        foreach (var folder in Directory.GetDirectories(_folders.AllRuntime))
        {
            if (!keep.Contains(Path.GetFileName(folder)))
                MachineFolders.Remove(folder);
        }
    }

    public IReadOnlyList<string> Check(IReadOnlyCollection<string> known, IReadOnlyCollection<MachineHandle> running, IReadOnlyCollection<string> starting)
    {
        var faults = new List<string>();
        var (there, wanted) = (_vmm.FindAll().ToHashSet(), running.ToHashSet());
        faults.AddRange(there.Except(wanted).Select(v => $"a VMM (pid {v.Pid}) runs for machine {v.MachineId}, which is not said to run"));
        faults.AddRange(wanted.Except(there).Select(v => $"machine {v.MachineId} is said to run, and its VMM (pid {v.Pid}) is gone"));
        var (served, vms) = (_servers.FindAll().Select(s => s.MachineId).ToHashSet(), running.Select(r => r.MachineId).ToHashSet());
        faults.AddRange(served.Except(vms).Except(starting).Select(id => $"folders are served to machine {id}, which is not said to run"));
        faults.AddRange(vms.Where(_servers.HasFolders).Except(served).Select(id => $"the folders of machine {id} are served no more: start it anew"));
        faults.AddRange(Strays(_folders.AllData, known).Select(f => $"{f} belongs to no machine"));
        faults.AddRange(Strays(_folders.AllRuntime, [.. vms, .. starting]).Select(f => $"{f} belongs to no running machine"));
        return faults;
    }

    /// <summary>Names with a dot are what machines are made from (<see cref="Disks.EmptyDisks"/>): they belong to all of them.</summary>
    private static IEnumerable<string> Strays(string folder, IReadOnlyCollection<string> ids) =>
        Directory.Exists(folder) ? Directory.GetFileSystemEntries(folder).Where(f => Path.GetFileName(f) is not ['.', ..] and var name && !ids.Contains(name)) : [];

    public void Delete(string machineId)
    {
        _logs.TryRemove(machineId, out _);
        MachineFolders.Remove(_folders.Runtime(machineId));
        MachineFolders.Remove(_folders.Data(machineId));
    }

    /// <summary>What is being made is given up; machines run on.</summary>
    public ValueTask DisposeAsync() => _templates.DisposeAsync();

    public long DiskUsage(string machineId)
    {
        try
        {
            // By blocks: the writable disk has holes.
            return Directory.EnumerateFiles(_folders.Data(machineId)).Sum(static file => FileStatus.Find(file)?.AllocatedBytes ?? 0);
        }
        catch (DirectoryNotFoundException)
        {
            // Never started.
            return 0;
        }
    }

    public IMachineLog OpenLog(string machineId, LogBounds? bounds) => new MachineLog(Log(machineId, bounds), _clock);

    private LogFiles Log(string id, LogBounds? bounds) => _logs.GetOrAdd(
        id, _ => new LogFiles(_folders.Log(id), bounds?.FileBytes ?? _settings.LogFileBytes, Math.Max(1, bounds?.Files ?? _settings.LogFiles)));

    [LoggerMessage(LogLevel.Warning, "a process (pid {Pid}) that nobody knows was ended: of machine {Machine}")]
    private static partial void StrayEnded(ILogger logger, int pid, string machine);
}
