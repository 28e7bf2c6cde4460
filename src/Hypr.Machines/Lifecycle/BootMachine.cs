using System.Globalization;
using Hypr.Guest.Protocol;
using Hypr.Guest.Protocol.Host;
using Hypr.Machines.Agent;
using Hypr.Machines.Logs;
using Hypr.Machines.Vmm;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Machines.Lifecycle;

/// <summary>From a specification to a running process. What a step made is unmade when it or a later one fails.</summary>
internal sealed partial class BootMachine(
    MachineHostSettings settings, MachineFolders folders, IVmm vmm, WritableDisk disks, TimeProvider clock, ILogger log)
{
    private const int Attempts = 2;

    public async Task<IRunningMachine> RunAsync(MachineSpec spec, HypervisorInfo hypervisor, LogFiles logFiles, CancellationToken cancel)
    {
        // 1. All that can be wrong before anything is made.
        var request = Request(spec);
        Validate(spec);
        vmm.Validate(request);

        // 2. Folders and disk; what an earlier run left of its end.
        var isFirstRun = !File.Exists(request.WritableDisk);
        try
        {
            MachineFolders.Make(folders.Data(spec.Id));
            MachineFolders.Remove(folders.Runtime(spec.Id));
            MachineFolders.Make(folders.Runtime(spec.Id));
            await disks.EnsureAsync(request.WritableDisk, cancel);
            File.Delete(folders.Exit(spec.Id));

            // 3. The VM, and its agent's hello. One that hangs gets a second chance; one that dies says why on its console.
            for (var attempt = 1; ; attempt++)
            {
                if (await TryAsync(spec, request, hypervisor, logFiles, isLast: attempt == Attempts, cancel) is { } machine)
                    return machine;
                BootHung(log, spec.Name, settings.BootDeadline.TotalSeconds);
            }
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

    /// <summary>Null: it hung, and another try is due.</summary>
    private async Task<RunningMachine?> TryAsync(
        MachineSpec spec, VmmRequest request, HypervisorInfo hypervisor, LogFiles logFiles, bool isLast, CancellationToken cancel)
    {
        IVmmProcess? process = null;
        GuestConnection? connection = null;
        RunningMachine? machine = null;
        try
        {
            process = vmm.Start(request, hypervisor);
            spec.Spawned?.Invoke(process.Handle);
            connection = await HelloAsync(spec, process, isLast, cancel);
            if (connection is not null)
            {
                // The guest and the process in it.
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                limit.CancelAfter(settings.BootDeadline);
                await connection.ConfigureAsync(GuestWords.Configuration(spec, process, settings.ExitDeadline, clock), limit.Token);
                machine = new RunningMachine(spec.Name, process, logFiles, spec.Guest.Process.OpenStdin, folders, clock, log);
                await machine.TakeAsync(connection, limit.Token);
                if (spec.BeforeProcess is { } before)
                    await before(machine, cancel);
                await machine.StartMainAsync(spec.Guest.Process, limit.Token);
                machine.Supervise();
                return machine;
            }
        }
        catch (Exception e)
        {
            await EndAsync(process, connection, machine);
            cancel.ThrowIfCancellationRequested();
            throw e switch
            {
                GuestException refused => GuestWords.Refused(refused),
                OperationCanceledException => Failed(spec, $"its agent did not answer within {Seconds(settings.BootDeadline)}", process, e),
                ProtocolException or IOException when process is not null => Failed(spec, e.Message, process, e),
                _ => e,
            };
        }

        await EndAsync(process, connection, machine);
        return null;
    }

    /// <summary>Null: it hung, and this was not the last try.</summary>
    private async Task<GuestConnection?> HelloAsync(MachineSpec spec, IVmmProcess process, bool isLast, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(settings.BootDeadline);
        try
        {
            return await GuestConnection.OpenAsync(process.ConnectAgent(), freshGuest: true, limit.Token);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            return isLast
                ? throw Failed(spec, $"its agent did not say hello within {Seconds(settings.BootDeadline)}, twice", process, e)
                : null;
        }
        catch (IOException e)
        {
            // The port was closed: the VMM is going.
            await process.Exited.WaitAsync(limit.Token);
            throw Failed(spec, "it died while booting", process, e);
        }
    }

    private static async Task EndAsync(IVmmProcess? process, GuestConnection? connection, RunningMachine? machine)
    {
        if (process is not null)
        {
            process.Kill();
            await process.Exited;
        }

        if (connection is not null)
            await connection.DisposeAsync();
        if (machine is not null)
            await machine.DisposeAsync();
        else if (process is not null)
            await process.DisposeAsync();
    }

    private static HyprException Failed(MachineSpec spec, string why, IVmmProcess? process, Exception cause)
    {
        var words = process?.LastWords() ?? "";
        return new HyprException(ErrorKind.Internal, $"{spec.Name} did not start: {why}{(words.Length > 0 ? $"; {words}" : "")}", cause);
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
        Cpus = spec.Cpus,
        MemoryBytes = spec.MemoryBytes,
        RootFs = spec.RootFs,
        WritableDisk = folders.Disk(spec.Id),
        Nics = [.. spec.Nics.Select(nic => new VmmNic(nic.Guest.Name, nic.Tap, nic.Guest.Mac))],
    };

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s";

    [LoggerMessage(LogLevel.Warning, "{Machine} said no hello within {Seconds} s and is started once more")]
    private static partial void BootHung(ILogger logger, string machine, double seconds);
}
