using Hypr.Engine.Health;
using Hypr.Engine.Volumes;
using Hypr.Images;
using Hypr.Machines;
using Hypr.Network;
using Hypr.Network.Endpoints;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Engine.Machines;

/// <summary>
/// From a stored machine to its running process. The caller holds the machine's gate. A failed step is undone with those before it, in reverse; the machine is
/// then as it was, with the error kept in its state.
/// </summary>
internal sealed partial class StartMachine(
    MachineRegistry machines, IImageService images, INetworkService networks, VolumeHolders volumes, MachineLinks links, IMachineHost host, MachineEvents events,
    MachineExits exits, HealthMonitor health, TimeProvider clock, ILogger<StartMachine> log)
{
    public async Task RunAsync(Machine machine, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        TimeSpan networkUp = default, spawned = default;

        // 1. The image is still there, and the networks that were missing at create are there now.
        var image = images.Find(machine.ImageId)
            ?? throw HyprException.NotFound($"the image {machine.Config.Image} of {machine.Name} was removed: pull it again and create the VM anew");
        host.RequireSpace();
        await ConnectPendingAsync(machine, cancel);
        FolderUseCases.Ready(machine.Config.Folders, host.Folders);

        // 2. The intent: found in Starting at hyprd's start, what follows is undone.
        var before = machine.State;
        IRunningMachine? running = null;
        var again = before.Status == MachineStatus.Restarting;
        machines.SetState(machine, before with { Status = again ? MachineStatus.Restarting : MachineStatus.Starting, Error = "", StoppedByHand = false });
        try
        {
            // 2a. Its volumes, which no other running machine may have.
            machines.SetState(machine, machine.State with { WrittenVolumes = volumes.Take(machine) });

            // 3. Leases, TAPs, published ports, names.
            using var network = await networks.ActivateAsync(CreateMachine.Identity(machine), PortPlan.Of(machine.Config, image.Config), cancel);

            networkUp = clock.GetElapsedTime(began);
            foreach (var warning in machine.Config.NetworkMode == "none" ? [] : network.Warnings)
            {
                Started(log, warning);
            }

            // 4. The VMM, the agent, the process. The handle is stored before anything is asked of the VMM.
            var spec = Spec(machine, image, network) with
            {
                Spawned = handle =>
                {
                    spawned = clock.GetElapsedTime(began);
                    machines.SetState(machine, machine.State with { Pid = handle.Pid, PidStartTime = handle.StartTime, BootId = BootId.Current });
                },
                BeforeProcess = machine.AttachWaitingAsync,
            };
            running = await host.StartAsync(spec, cancel);

            // 5. It runs. Its health is there before its state says so: who waits for it must not take it for a machine without a check.
            var startedAt = clock.GetUtcNow();
            machine.Running = running;
            health.Begin(machine, startedAt);
            machines.SetState(machine, machine.State with
            {
                Status = MachineStatus.Running,
                StartedAt = startedAt,
                FinishedAt = null,
                ExitCode = 0,
                OomKilled = false,
                Error = "",
            });
        }
        catch (Exception e)
        {
            if (running is not null)
            {
                // Its process runs, and that cannot be stored.
                health.End(machine);
                machine.Running = null;
                await running.KillAsync();
                await running.Exited;
                await running.DisposeAsync();
            }

            await networks.DeactivateAsync(machine.Id, CancellationToken.None);
            volumes.Release(machine);
            machines.Happened(machine, before with
            {
                Status = again ? MachineStatus.Exited : before.Status,
                Error = e.Message,
                ExitCode = ExitCodeOf(e.Message),
                Pid = 0,
                PidStartTime = 0,
            });
            machine.FailWaiting(e);
            throw;
        }

        events.Publish(machine, "start", ("start", running.IsWarm ? "warm" : "cold"));
        exits.Watch(machine);
        Timed(log, machine.Name, networkUp.TotalMilliseconds, spawned.TotalMilliseconds, clock.GetElapsedTime(began).TotalMilliseconds);
        await machine.AttachLateAsync(running);
    }

    /// <summary>Docker's codes, which its CLI reads from the message: 127 no such program, 126 it cannot be run, 128 otherwise.</summary>
    private static int ExitCodeOf(string message) => message switch
    {
        _ when message.Contains("executable file not found", StringComparison.Ordinal) || message.Contains("no such file or directory", StringComparison.Ordinal) => 127,
        _ when message.Contains("permission denied", StringComparison.Ordinal) => 126,
        _ => 128,
    };

    private async Task ConnectPendingAsync(Machine machine, CancellationToken cancel)
    {
        foreach (var attachment in CreateMachine.Attachments(machine.Config).Where(a => machine.State.PendingNetworks.Contains(a.Network)))
        {
            var network = networks.Find(attachment.Network)
                ?? throw HyprException.NotFound($"network {attachment.Network} not found: make it with: hypr network create {attachment.Network}");
            await networks.ConnectAsync(CreateMachine.Identity(machine), network.Id, CreateMachine.Request(attachment), cancel);
            machines.SetState(machine, machine.State with { PendingNetworks = [.. machine.State.PendingNetworks.Where(n => n != attachment.Network)] });
        }
    }

    private MachineSpec Spec(Machine machine, Image image, Activation network)
    {
        var config = machine.Config;
        var hostname = GuestNames.Hostname(machine);
        return new MachineSpec
        {
            Id = machine.Id,
            Name = machine.Name,
            Cpus = Sizing.Cpus(config),
            MemoryBytes = Sizing.Memory(config),
            RootFs = image.RootFs,
            Nics = [.. network.Nics.Select(n => new MachineNic(n.Tap, GuestNames.Nic(n)))],
            Volumes =
            [
                .. config.Volumes.GroupBy(v => v.Volume).Select(g => new MachineVolume(
                    g.Key, host.Volumes.PathOf(g.Key), machine.State.WrittenVolumes.Contains(g.Key),
                    [.. g.Select(m => new MachineMount(m.Target, m.ReadOnly, !m.NoCopy))])),
            ],
            Folders = [.. config.Folders.Select(f => new MachineFolder(f.Source, f.Target, f.ReadOnly))],
            Log = LogOptions.Bounds(config),
            Guest = new GuestSpec
            {
                Hostname = hostname,
                Domainname = config.Domainname,
                Hosts = [.. GuestNames.Hosts(config, hostname, network.Guest), .. links.Hosts(machine)],
                Resolver = GuestNames.Resolver(config, network.Guest),
                Process = new GuestProcess
                {
                    Args = CommandLine.Of(config, image.Config),
                    Env = CommandLine.Environment(config, image.Config),
                    User = config.User.Length > 0 ? config.User : image.Config.User,
                    WorkingDir = config.WorkingDir.Length > 0 ? config.WorkingDir : image.Config.WorkingDir.Length > 0 ? image.Config.WorkingDir : "/",
                    Tty = config.Tty,
                    OpenStdin = config.OpenStdin,
                    Rights = MachineRights.Of(config),
                    HasInit = config.Init == true,
                },
                Sysctls = config.Sysctls,
                Tmpfs = config.Tmpfs,
                ReadOnlyRoot = config.ReadonlyRootfs,
                SharedMemoryBytes = config.ShmSize,
                Files = [.. config.Files.Select(f => new MachineFile(f.Target, f.Content, f.User, f.Group, f.Mode))],
            },
        };
    }

    [LoggerMessage(LogLevel.Warning, "{Warning}")]
    private static partial void Started(ILogger logger, string warning);

    [LoggerMessage(LogLevel.Debug, "{Machine} started: network up after {Network} ms, the VMM's process after {Spawned} ms, the image's process after {All} ms")]
    private static partial void Timed(ILogger logger, string machine, double network, double spawned, double all);
}
