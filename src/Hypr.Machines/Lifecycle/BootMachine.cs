using Hypr.Guest.Protocol.Host;
using Hypr.Machines.Disks;
using Hypr.Machines.Logs;
using Hypr.Machines.Templates;
using Hypr.Machines.Vmm;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Machines.Lifecycle;

/// <summary>From a specification to a running process. What a step made is unmade when it or a later one fails.</summary>
internal sealed partial class BootMachine(
    MachineHostSettings settings, MachineFolders folders, IVmm vmm, EmptyDisks disks, MachineTemplates templates, TimeProvider clock, ILogger log)
{
    private readonly GuestStart _start = new(settings, vmm, clock);

    public async Task<IRunningMachine> RunAsync(MachineSpec spec, HypervisorInfo hypervisor, LogFiles logFiles, CancellationToken cancel)
    {
        // 1. All that can be wrong before anything is made.
        var request = Request(spec);
        Validate(spec);
        vmm.Validate(request);

        // 2. Folders and disk; what an earlier run left of its end.
        var isFirstRun = !File.Exists(folders.Disk(spec.Id));
        try
        {
            settings.Faults.BeforeWriting(folders.Data(spec.Id));
            MachineFolders.Make(folders.Data(spec.Id));
            MachineFolders.Remove(folders.Runtime(spec.Id));
            settings.Faults.BeforeWriting(folders.Runtime(spec.Id));
            MachineFolders.Make(folders.Runtime(spec.Id));
            await disks.EnsureAsync(folders.Disk(spec.Id), cancel);
            File.Delete(folders.Exit(spec.Id));

            // 3. The guest: warm where a template fits, else cold. 4. The process in it.
            var guest = await WarmAsync(spec, request, hypervisor, cancel) ?? await ColdAsync(spec, request, hypervisor, cancel);
            var machine = await RunProcessAsync(spec, guest, logFiles, cancel);
            if (!guest.IsWarm)
                templates.Want(spec.Cpus, spec.MemoryBytes, hypervisor);
            return machine;
        }
        catch (Exception e)
        {
            MachineFolders.Remove(folders.Runtime(spec.Id));
            if (isFirstRun)
                MachineFolders.Remove(folders.Data(spec.Id));
            if (e is UnauthorizedAccessException or IOException)
                throw HyprException.Unavailable($"{spec.Name} did not start: {e.Message}", e);
            throw;
        }
    }

    /// <summary>
    /// Goes on from a saved guest. Null: there is none that fits. What fails on the way to the guest's configuration is done once more, cold; if that
    /// succeeds the template was at fault, else the machine is.
    /// </summary>
    private async Task<ConfiguredGuest?> WarmAsync(MachineSpec spec, VmmRequest request, HypervisorInfo hypervisor, CancellationToken cancel)
    {
        // More NICs or volumes than a template has places for: a machine that boots gets as many as it needs.
        if (!vmm.FitsSaved(request)
            || await templates.FindAsync(spec.Cpus, spec.MemoryBytes, hypervisor, cancel) is not { } template)
        {
            return null;
        }

        try
        {
            return await _start.RunAsync(spec, request with { From = template.Guest }, hypervisor, settings.WarmDeadline, cancel);
        }
        catch (Exception e) when (e is HyprException or NoHelloException or ObjectDisposedException && !cancel.IsCancellationRequested)
        {
            WarmFailed(log, spec.Name, e.Message);
            // Behind it: a machine that cannot start at all would cost all others their template at each try.
            var guest = await ColdAsync(spec, request, hypervisor, cancel);
            templates.Drop(template);
            return guest;
        }
    }

    /// <summary>A guest that hangs gets a second chance; one that dies says why on its console.</summary>
    private async Task<ConfiguredGuest> ColdAsync(MachineSpec spec, VmmRequest request, HypervisorInfo hypervisor, CancellationToken cancel)
    {
        try
        {
            return await _start.RunAsync(spec, request, hypervisor, settings.BootDeadline, cancel);
        }
        catch (NoHelloException)
        {
            BootHung(log, spec.Name, settings.BootDeadline.TotalSeconds);
        }

        try
        {
            return await _start.RunAsync(spec, request, hypervisor, settings.BootDeadline, cancel);
        }
        catch (NoHelloException e)
        {
            throw new HyprException(ErrorKind.Internal, $"{spec.Name} did not start: {e.Message}, twice{(e.Words.Length > 0 ? $"; {e.Words}" : "")}", e);
        }
    }

    private async Task<RunningMachine> RunProcessAsync(MachineSpec spec, ConfiguredGuest guest, LogFiles logFiles, CancellationToken cancel)
    {
        RunningMachine? machine = null;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(settings.BootDeadline);
            machine = new RunningMachine(spec.Name, guest.Process, logFiles, spec.Guest.Process.OpenStdin, folders, settings.AnswerDeadline, clock, log)
            {
                IsWarm = guest.IsWarm,
            };
            // Nothing of its output is read before who waits for it is attached.
            var output = await guest.Output.WaitAsync(limit.Token);
            machine.Take(guest.Agent);
            if (spec.BeforeProcess is { } before)
                await before(machine, cancel);
            machine.Read(output);

            // Into a new volume the guest copies the image's content first, however much that is.
            if (spec.Volumes.Any(volume => volume.Mounts.Any(mount => mount.CopyImage)))
                limit.CancelAfter(settings.CopyDeadline);
            await machine.StartedAsync(guest.Started, limit.Token);
            machine.Supervise();
            return machine;
        }
        catch (Exception e)
        {
            await GuestStart.EndAsync(guest.Process, guest.Agent, machine);
            cancel.ThrowIfCancellationRequested();
            throw GuestStart.Explained(spec.Name, guest.Process, e, settings.BootDeadline);
        }
    }

    private static void Validate(MachineSpec spec)
    {
        if (spec.MemoryBytes < MachineHost.LeastMemoryBytes)
        {
            const long least = MachineHost.LeastMemoryBytes >> 20;
            throw HyprException.Invalid(
                $"{spec.Name} cannot boot with {spec.MemoryBytes >> 20} MB of memory: give it at least {least} MB (-m {least}m)");
        }

        if (spec.Cpus < 1)
            throw HyprException.Invalid($"{spec.Name} needs at least one CPU");
        if (spec.Guest.Process.Args.Count == 0)
            throw HyprException.Invalid($"{spec.Name} has no command: name one behind the image");
    }

    private VmmRequest Request(MachineSpec spec) => new()
    {
        MachineId = spec.Id,
        Name = spec.Name,
        DataFolder = folders.Data(spec.Id),
        RunFolder = folders.Runtime(spec.Id),
        ConsoleFile = folders.Console(spec.Id),
        Cpus = spec.Cpus,
        MemoryBytes = spec.MemoryBytes,
        RootFs = spec.RootFs,
        WritableDisk = folders.Disk(spec.Id),
        Nics = [.. spec.Nics.Select(nic => new VmmNic(nic.Guest.Name, nic.Tap, nic.Guest.Mac))],
        Volumes = [.. spec.Volumes.Select(volume => new VmmVolume(volume.Name, volume.Disk, ReadOnly: !volume.WritesDisk))],
        Folders = [.. spec.Folders.Select(folder => new VmmFolder(folder.Source, folder.ReadOnly))],
    };

    [LoggerMessage(LogLevel.Warning, "{Machine} said no hello within {Seconds} s and is started once more")]
    private static partial void BootHung(ILogger logger, string machine, double seconds);

    [LoggerMessage(LogLevel.Warning, "{Machine} is started cold, for it did not start warm: {Reason}")]
    private static partial void WarmFailed(ILogger logger, string machine, string reason);
}
