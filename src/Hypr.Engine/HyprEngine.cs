using Hypr.Dns;
using System.Net;
using Hypr.Engine.Doctor;
using Hypr.Engine.Events;
using Hypr.Engine.Health;
using Hypr.Engine.Machines;
using Hypr.Engine.Networks;
using Hypr.Engine.Volumes;
using Hypr.Guest.Protocol.Messages;
using Hypr.Images;
using Hypr.Machines;
using Hypr.Network;
using Hypr.Network.Networks;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Hypr.Store;
using Hypr.Store.Machines;
using Hypr.Store.Volumes;
using Microsoft.Extensions.Logging;

namespace Hypr.Engine;

/// <summary>Puts the use cases together. <see cref="StartAsync"/> comes before anything else.</summary>
public sealed class HyprEngine : IEngine, IAsyncDisposable
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

    public IReadOnlyList<MachineView> Machines() => [.. _machines.All().Where(m => m.State.Status != MachineStatus.Creating).Select(View)];

    public MachineView Machine(string nameOrId) => View(_machines.Get(nameOrId));

    public Task<MachineCreated> CreateAsync(string? name, MachineConfig config, CancellationToken cancel) => _create.RunAsync(name, config, cancel);

    /// <summary>One that removes itself at its end is removed when it does not start either (Docker): <c>docker run --rm</c> waits for that.</summary>
    public async Task StartAsync(string nameOrId, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        var failed = false;
        try
        {
            await Gated(machine, async () =>
            {
                if (machine.Running is not null)
                {
                    throw new HyprException(ErrorKind.NotModified, $"{machine.Name} runs already");
                }

                failed = true;
                await _start.RunAsync(machine, cancel);
                failed = false;
            }, cancel);
        }
        catch when (failed && machine.Config.AutoRemove)
        {
            await _end.RemoveAsync(machine, force: true, withVolumes: true, CancellationToken.None);
            throw;
        }
    }

    public async Task StopAsync(string nameOrId, int? seconds, string? signal, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        if (!await _end.StopAsync(machine, seconds, signal, cancel))
        {
            throw new HyprException(ErrorKind.NotModified, $"{machine.Name} does not run");
        }
    }

    public async Task RestartAsync(string nameOrId, int? seconds, string? signal, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        await _end.StopAsync(machine, seconds, signal, cancel);
        await Gated(machine, () => _start.RunAsync(machine, cancel), cancel);
        _events.Publish(machine, "restart");
    }

    public Task KillAsync(string nameOrId, string? signal, CancellationToken cancel) => _end.KillAsync(_machines.Get(nameOrId), signal, cancel);

    public Task PauseAsync(string nameOrId, CancellationToken cancel) => SetPausedAsync(_machines.Get(nameOrId), true, cancel);

    public Task UnpauseAsync(string nameOrId, CancellationToken cancel) => SetPausedAsync(_machines.Get(nameOrId), false, cancel);

    public Task RenameAsync(string nameOrId, string newName, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        var name = MachineName.Checked(newName);
        return Gated(machine, async () =>
        {
            var old = machine.Name;
            _machines.Rename(machine, name);
            await _networks.RenameAsync(CreateMachine.Identity(machine), cancel);
            _events.Publish(machine, "rename", ("oldName", "/" + old));
        }, cancel);
    }

    public Task RemoveAsync(string nameOrId, bool force, bool volumes, CancellationToken cancel) =>
        _end.RemoveAsync(_machines.Get(nameOrId), force, volumes, cancel);

    public Task<WaitResult> WaitAsync(string nameOrId, WaitCondition condition, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        var ended = machine.NextExit.Task;
        return condition switch
        {
            WaitCondition.NextExit => ended.WaitAsync(cancel),
            WaitCondition.Removed => RemovedAsync(machine, cancel),
            _ => machine.State.HasVmm || machine.State.Status is MachineStatus.Starting or MachineStatus.Restarting
                ? ended.WaitAsync(cancel)
                : Task.FromResult(new WaitResult(machine.State.ExitCode, null)),
        };
    }

    public async Task<IGuestSession> AttachAsync(string nameOrId, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        if (machine.Running is { } running)
        {
            return await running.AttachAsync(cancel);
        }

        // It may have started between the look and the wait; a start looks for those who wait after it has set Running.
        var waiting = machine.WaitForStartAsync(cancel);
        if (machine.Running is { } started)
        {
            await machine.AttachLateAsync(started);
        }

        return await waiting;
    }

    public async Task ResizeAsync(string nameOrId, ushort rows, ushort columns, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        var running = machine.Running ?? throw HyprException.Conflict($"Container {machine.Id} is not running");
        await running.ResizeAsync(rows, columns, cancel);
    }

    public IAsyncEnumerable<LogEntry> Logs(string nameOrId, LogQuery query, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        return ReadLogAsync(machine, query with { Follow = query.Follow && machine.Running is not null }, cancel);
    }

    public string CreateExec(string nameOrId, ExecConfig config) => _execs.Create(_machines.Get(nameOrId), config);

    public Task<IGuestSession> StartExecAsync(string execId, bool tty, ushort rows, ushort columns, CancellationToken cancel)
    {
        var machine = _execs.Get(execId).Machine;
        return _execs.StartAsync(execId, _images.Find(machine.ImageId)?.Config ?? new ImageConfig(), tty, rows, columns, cancel);
    }

    public ExecView Exec(string execId) => _execs.View(execId);

    public async Task ResizeExecAsync(string execId, ushort rows, ushort columns, CancellationToken cancel)
    {
        var session = _execs.Get(execId).Session ?? throw HyprException.Conflict($"exec {execId} does not run");
        await session.ResizeAsync(rows, columns, cancel);
    }

    public Task<PathStatus> LookAsync(string nameOrId, string path, CancellationToken cancel) => _files.LookAsync(nameOrId, path, cancel);

    public Task<GuestArchive> ReadFilesAsync(string nameOrId, string path, CancellationToken cancel) => _files.ReadAsync(nameOrId, path, cancel);

    public Task WriteFilesAsync(string nameOrId, string path, Stream tar, bool keepFolders, bool ownedByUser, CancellationToken cancel) =>
        _files.WriteAsync(nameOrId, path, tar, keepFolders, ownedByUser, cancel);

    public Task<GuestArchive> ExportAsync(string nameOrId, CancellationToken cancel) => _files.ExportAsync(nameOrId, cancel);

    public Task<IReadOnlyList<FileChange>> ChangesAsync(string nameOrId, CancellationToken cancel) => _files.ChangesAsync(nameOrId, cancel);

    public Task<ProcessList> ProcessesAsync(string nameOrId, string psArgs, CancellationToken cancel) => _files.ProcessesAsync(nameOrId, psArgs, cancel);

    public long DiskUsage(string nameOrId) => _host.DiskUsage(_machines.Get(nameOrId).Id);

    public async Task<UsageView?> UsageAsync(string nameOrId, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        if (machine.Running is not { } running)
        {
            return null;
        }

        var usage = await running.UsageAsync(machine.State.Status == MachineStatus.Paused, cancel);
        return new UsageView(_clock.GetUtcNow(), usage, await _networks.TrafficAsync(machine.Id, cancel));
    }

    public async Task<IReadOnlyList<string>> UpdateAsync(string nameOrId, MachineUpdate update, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        IReadOnlyList<string> notes = [];
        await Gated(machine, () =>
        {
            notes = _update.Run(machine, update);
            return Task.CompletedTask;
        }, cancel);
        return notes;
    }

    public async Task<Image> PullAsync(string reference, PullOptions options, CancellationToken cancel)
    {
        var image = await _images.PullAsync(reference, options, cancel);
        Events.Publish("image", "pull", reference, new Dictionary<string, string> { ["name"] = reference });
        return image;
    }

    public Task<string?> LoginAsync(string server, RegistryCredentials credentials, CancellationToken cancel) =>
        _images.LoginAsync(server, credentials, cancel);

    public async Task<IReadOnlyList<LoadedImage>> LoadAsync(Stream archive, CancellationToken cancel)
    {
        var loaded = await _images.LoadAsync(archive, cancel);
        foreach (var (image, names) in loaded)
        {
            Events.Publish("image", "load", image.Id, new Dictionary<string, string> { ["name"] = names.Count > 0 ? names[0] : image.Id });
        }

        return loaded;
    }

    public Task SaveAsync(IReadOnlyList<string> names, Stream to, CancellationToken cancel) => _images.SaveAsync(names, to, cancel);

    public async Task<Image> ImportAsync(Stream root, ImportOptions options, CancellationToken cancel)
    {
        var image = await _images.ImportAsync(root, options, cancel);
        Events.Publish("image", "import", image.Id, new Dictionary<string, string> { ["name"] = options.Name ?? image.Id });
        return image;
    }

    public async Task<Image> CommitAsync(string nameOrId, CommitOptions options, CancellationToken cancel)
    {
        var image = await _commit.RunAsync(nameOrId, options, cancel);
        _events.Publish(_machines.Get(nameOrId), "commit", ("comment", options.Comment ?? ""), ("imageID", image.Id));
        return image;
    }

    public IReadOnlyList<HistoryItem> History(string nameOrId) => _images.History(nameOrId);

    public Image TagImage(string nameOrId, string name)
    {
        var image = _images.Tag(nameOrId, name);
        Events.Publish("image", "tag", image.Id, new Dictionary<string, string> { ["name"] = name });
        return image;
    }

    public IReadOnlyList<Image> Images() => _images.List();

    public Image Image(string nameOrId) => _images.Find(nameOrId) ?? throw HyprException.NotFound($"No such image: {nameOrId}");

    public IReadOnlyList<ImageRemoval> RemoveImage(string nameOrId, bool force) =>
        _images.Remove(nameOrId, force, id => [.. _machines.All().Where(m => m.ImageId == id).Select(m => m.Name)]);

    public IReadOnlyList<NetworkView> Networks() => _networkCases.All();

    public NetworkView Network(string nameOrId) => _networkCases.View(nameOrId);

    public IReadOnlyList<Hypr.Dns.DnsRecord> Names(string network) => _networkCases.Names(network);

    public Task<NetworkCreated> CreateNetworkAsync(NetworkSpec spec, CancellationToken cancel) => _networkCases.CreateAsync(spec, cancel);

    public Task RemoveNetworkAsync(string nameOrId, bool force, CancellationToken cancel) => _networkCases.RemoveAsync(nameOrId, force, cancel);

    public Task<IReadOnlyList<string>> PruneNetworksAsync(Func<VmNetwork, bool> matches, CancellationToken cancel) => _networkCases.PruneAsync(matches, cancel);

    public Task ConnectAsync(string network, string machine, NetworkAttachment settings, CancellationToken cancel) =>
        _networkCases.ConnectAsync(network, machine, settings, cancel);

    public Task DisconnectAsync(string network, string machine, bool force, CancellationToken cancel) =>
        _networkCases.DisconnectAsync(network, machine, force, cancel);

    public Task<IReadOnlyList<PublishedPort>> PublishAsync(string nameOrId, IReadOnlyList<PortBinding> bindings, CancellationToken cancel) =>
        _ports.AddAsync(nameOrId, bindings, cancel);

    public Task<IReadOnlyList<PublishedPort>> UnpublishAsync(string nameOrId, IReadOnlyList<string> published, CancellationToken cancel) =>
        _ports.RemoveAsync(nameOrId, published, cancel);

    public IReadOnlyList<MachineTemplate> Templates() => _host.Templates();

    public Task<MachineTemplate> WarmAsync(int cpus, long memoryBytes, CancellationToken cancel)
    {
        var config = new MachineConfig { Image = "", NanoCpus = cpus * 1_000_000_000L, Memory = memoryBytes };
        Sizing.Check(config, _host.MinimumMemoryBytes);
        return _host.WarmAsync(Sizing.Cpus(config), Sizing.Memory(config), cancel);
    }

    public Task<IReadOnlyList<PortProbe>> ProbePortsAsync(string nameOrId, string? published, IPAddress? from, CancellationToken cancel) =>
        _ports.ProbeAsync(nameOrId, published, from, cancel);

    public IReadOnlyList<VolumeView> Volumes() => _volumes.All();

    public VolumeView Volume(string name) => _volumes.View(name);

    public Task<VolumeView> CreateVolumeAsync(VolumeSpec spec, CancellationToken cancel) => _volumes.CreateAsync(spec, cancel);

    public Task RemoveVolumeAsync(string name, bool force, CancellationToken cancel) => _volumes.RemoveAsync(name, force, cancel);

    public Task<(IReadOnlyList<string> Names, long Bytes)> PruneVolumesAsync(Func<Volume, bool> matches, CancellationToken cancel) =>
        _volumes.PruneAsync(matches, cancel);

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

    private static async Task Gated(Machine machine, Func<Task> change, CancellationToken cancel)
    {
        await machine.Gate.WaitAsync(cancel);
        try
        {
            if (machine.State.Status == MachineStatus.Removing)
            {
                throw HyprException.Conflict($"{machine.Name} is being removed");
            }

            await change();
        }
        finally
        {
            machine.Gate.Release();
        }
    }

    private static async Task<WaitResult> RemovedAsync(Machine machine, CancellationToken cancel)
    {
        await machine.Removed.Task.WaitAsync(cancel);
        return new WaitResult(machine.State.ExitCode, null);
    }

    private Task SetPausedAsync(Machine machine, bool pause, CancellationToken cancel) => Gated(machine, async () =>
    {
        var running = machine.Running ?? throw HyprException.Conflict($"Container {machine.Name} is not running");
        if (pause == (machine.State.Status == MachineStatus.Paused))
        {
            throw HyprException.Conflict(pause ? $"Container {machine.Name} is already paused" : $"Container {machine.Name} is not paused");
        }

        if (pause)
        {
            _health.Pause(machine);
        }

        try
        {
            await (pause ? running.PauseAsync(cancel) : running.ResumeAsync(cancel));
            _machines.SetState(machine, machine.State with { Status = pause ? MachineStatus.Paused : MachineStatus.Running });
        }
        finally
        {
            if (machine.State.Status == MachineStatus.Running)
            {
                _health.Resume(machine);
            }
        }

        _events.Publish(machine, pause ? "pause" : "unpause");
    }, cancel);

    private async IAsyncEnumerable<LogEntry> ReadLogAsync(
        Machine machine, LogQuery query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        using var log = _host.OpenLog(machine.Id, LogOptions.Bounds(machine.Config));
        await foreach (var entry in log.ReadAsync(query, cancel))
        {
            yield return entry;
        }
    }

    private MachineView View(Machine machine) => new(
        machine.Id, machine.Name, machine.Created, machine.ImageId, _images.Find(machine.ImageId), machine.Config, machine.State,
        [.. _networks.EndpointsOf(machine.Id).Select(e => (Network: _networks.Find(e.NetworkId), Endpoint: e))
            .Where(p => p.Network is not null).Select(p => new AttachedNetwork(p.Network!, p.Endpoint))],
        machine.Running is null ? [] : _networks.PortsOf(machine.Id),
        [.. machine.Config.Volumes.Select(m => new MachineMountView(m, _host.Volumes.PathOf(m.Volume)))])
    { Health = machine.Health.State };
}
