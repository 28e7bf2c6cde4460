using Hypr.Engine.Events;
using Hypr.Engine.Machines;
using Hypr.Engine.Networks;
using Hypr.Images;
using Hypr.Network;
using Hypr.Network.Networks;
using Hypr.Network.Ports;
using Hypr.Network.Tests.Fakes;
using Hypr.Primitives;
using Hypr.Store;
using Hypr.Store.Machines;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypr.Engine.Tests.Networks;

/// <summary>The network use cases with a real network service and database; the guests only listen.</summary>
internal sealed class NetworkLab : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-engine-").FullName;
    private readonly Database _database;
    private readonly SocketPortReserver _reserver = new();
    private readonly MachineRegistry _machines;

    private NetworkLab()
    {
        _database = Database.Open(Path.Combine(_folder, "hypr.db"));
        _machines = new MachineRegistry(_database);
        Networks = new NetworkService(_database, Datapath, Names, _reserver, new NetworkSettings(), TimeProvider.System, NullLoggerFactory.Instance, Path.Combine(_folder, "resolv.conf"));
        Events = new EventLog(TimeProvider.System);
        Cases = new NetworkUseCases(_machines, Networks, new NoImages(), new MachineLinks(_machines, Networks), Events, NullLogger<NetworkUseCases>.Instance);
    }

    public MemoryDatapath Datapath { get; } = new();

    public MemoryNameServer Names { get; } = new();

    public NetworkService Networks { get; }

    public NetworkUseCases Cases { get; }

    public EventLog Events { get; }

    public static async Task<NetworkLab> StartAsync(params string[] networks)
    {
        var lab = new NetworkLab();
        await lab.Networks.StartAsync([], CancellationToken.None);
        foreach (var name in networks)
        {
            await lab.Cases.CreateAsync(new NetworkSpec { Name = name }, CancellationToken.None);
        }

        return lab;
    }

    /// <summary>A machine on the network; running unless said otherwise.</summary>
    public async Task<(Machine Machine, ToldGuest Guest)> MachineAsync(string name, string network = "bridge", bool running = true)
    {
        var machine = new Machine(ObjectId.New(), name, DateTimeOffset.UtcNow, "sha256:1", new MachineConfig { Image = "nginx" }, new MachineState { Status = MachineStatus.Created });
        _machines.Add(machine);
        await Networks.ConnectAsync(CreateMachine.Identity(machine), Networks.Find(network)!.Id, new(), CancellationToken.None);
        if (!running)
        {
            return (machine, new ToldGuest([]));
        }

        using var activation = await Networks.ActivateAsync(CreateMachine.Identity(machine), [], CancellationToken.None);
        var guest = new ToldGuest(activation.Nics.Select(GuestNames.Nic));
        machine.Running = guest;
        _machines.SetState(machine, machine.State with { Status = MachineStatus.Running });
        return (machine, guest);
    }

    public async ValueTask DisposeAsync()
    {
        await _reserver.DisposeAsync();
        _database.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private sealed class NoImages : IImageService
    {
        public Task<Image> PullAsync(string reference, PullOptions options, CancellationToken cancel) => throw new InvalidOperationException();

        public Task<string?> LoginAsync(string server, RegistryCredentials credentials, CancellationToken cancel) => throw new InvalidOperationException();

        public Task<IReadOnlyList<LoadedImage>> LoadAsync(Stream archive, CancellationToken cancel) => throw new InvalidOperationException();

        public Task SaveAsync(IReadOnlyList<string> names, Stream to, CancellationToken cancel) => throw new InvalidOperationException();

        public Task<Image> ImportAsync(Stream root, ImportOptions options, CancellationToken cancel) => throw new InvalidOperationException();

        public IReadOnlyList<HistoryItem> History(string nameOrId) => [];

        public Image? Find(string nameOrId) => null;

        public IReadOnlyList<Image> List() => [];

        public Image Tag(string nameOrId, string name) => throw new InvalidOperationException();

        public IReadOnlyList<string> Check() => [];

        public IReadOnlyList<ImageRemoval> Remove(string nameOrId, bool force, Func<string, IReadOnlyList<string>> inUseBy) => [];
    }
}
