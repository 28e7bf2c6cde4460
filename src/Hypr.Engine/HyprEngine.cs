using Hypr.Dns;
using Hypr.Engine.Doctor;
using Hypr.Engine.Events;
using Hypr.Engine.Health;
using Hypr.Engine.Machines;
using Hypr.Engine.Networks;
using Hypr.Engine.Volumes;
using Hypr.Images;
using Hypr.Machines;
using Hypr.Network;
using Hypr.Primitives;
using Hypr.Store;
using Hypr.Store.Machines;
using Hypr.Store.Volumes;
using Microsoft.Extensions.Logging;

namespace Hypr.Engine;

/// <summary>Puts the use cases together. <see cref="StartAsync"/> comes before anything else.</summary>
public sealed partial class HyprEngine : IEngine, IAsyncDisposable
{
    private readonly MachineRegistry _machines;
    private readonly IImageService _images;
    private readonly INetworkService _networks;
    private readonly IMachineHost _host;
    private readonly MachineEvents _events;
    private readonly CreateMachine _create;
    private readonly StartMachine _start;
    private readonly EndMachine _end;
    private readonly Execs _execs;
    private readonly HealthMonitor _health;
    private readonly RestoreMachines _restore;
    private readonly NetworkUseCases _networkCases;
    private readonly PortUseCases _ports;
    private readonly VolumeUseCases _volumes;
    private readonly Consistency _consistency;
    private readonly GuestFiles _files;
    private readonly UpdateMachine _update;
    private readonly CommitMachine _commit;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _ending = new();
    private Task _policies = Task.CompletedTask;

    public HyprEngine(Database database, IImageService images, INetworkService networks, IMachineHost host, TimeProvider clock, ILoggerFactory logs)
    {
        (_images, _networks, _host, _clock) = (images, networks, host, clock);
        Events = new EventLog(clock);
        _machines = new MachineRegistry(database);
        _events = new MachineEvents(Events);
        _execs = new Execs(_events);
        _health = new HealthMonitor(images, _execs, _events, clock, logs.CreateLogger<HealthMonitor>());
        _volumes = new VolumeUseCases(new VolumeRegistry(database), _machines, host.Volumes, Events, clock, logs.CreateLogger<VolumeUseCases>());
        var holders = new VolumeHolders(host.Volumes);
        var exits = new MachineExits(_machines, networks, holders, _events, _health, clock, logs.CreateLogger<MachineExits>());
        var links = new MachineLinks(_machines, networks);
        _create = new CreateMachine(_machines, images, networks, _volumes, links, host, _events, clock);
        _start = new StartMachine(_machines, images, networks, holders, links, host, _events, exits, _health, clock, logs.CreateLogger<StartMachine>());
        _end = new EndMachine(_machines, images, networks, _volumes, host, _events);
        _restore = new RestoreMachines(
            _machines, networks, _volumes, holders, host, exits, _end, _start, _health, clock, logs.CreateLogger<RestoreMachines>());
        _networkCases = new NetworkUseCases(_machines, networks, images, links, Events, logs.CreateLogger<NetworkUseCases>());
        _files = new GuestFiles(_machines);
        _commit = new CommitMachine(_machines, images, _files);
        _update = new UpdateMachine(_machines, host, _events);
        _ports = new PortUseCases(_machines, networks, _events);
        _consistency = new Consistency(_machines, images, networks, host, clock);
        exits.Start = (machine, cancel) => Gated(machine, () => _start.RunAsync(machine, cancel), cancel);
        exits.Remove = machine => _end.RemoveAsync(machine, force: true, withVolumes: true, CancellationToken.None);
    }

    public EventLog Events { get; }

    /// <summary>Takes up what an earlier hyprd left. VMs that restart by their policy do so behind it.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        await _restore.RunAsync(cancel);
        _policies = _restore.StartByPolicyAsync(_ending.Token);
    }

    public async Task<EngineInfo> InfoAsync(CancellationToken cancel)
    {
        HypervisorInfo hypervisor;
        try
        {
            hypervisor = await _host.ProbeAsync(cancel);
        }
        catch (HyprException e) when (e.Kind == ErrorKind.Unavailable)
        {
            // hyprd answers without a hypervisor too: this is where a person looks for what is missing.
            hypervisor = new HypervisorInfo("none", "none", e.Message, "unknown");
        }

        return new EngineInfo(hypervisor, [.. hypervisor.Note is { } note ? [note] : Array.Empty<string>(), .. _networks.Notes]);
    }

    public Task<IReadOnlyList<Finding>> ExamineAsync(string? nameOrId, string? target, CancellationToken cancel) =>
        new Examination(this, _networks).RunAsync(nameOrId, target, cancel);

    public long Repairs => _networks.Repairs;

    public DnsCounts NameCounts => _networks.NameCounts;

    public Task<ConsistencyReport> CheckAsync(CancellationToken cancel) => _consistency.CheckAsync(cancel);

    /// <summary>Lets go of the machines; they run on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _policies.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
        foreach (var machine in _machines.All())
        {
            machine.Health.EndWatch();
            if (machine.Running is { } running)
            {
                await running.DisposeAsync();
            }
        }
    }
}
