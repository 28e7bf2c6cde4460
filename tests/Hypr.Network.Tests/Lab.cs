using Hypr.Network.Endpoints;
using Hypr.Network.Networks;
using Hypr.Network.Ports;
using Hypr.Network.Tests.Fakes;
using Hypr.Primitives;
using Hypr.Store;
using Hypr.Store.Machines;
using Hypr.Store.Networks;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypr.Network.Tests;

/// <summary>A network service with a real database and real reserved ports, over a datapath of dictionaries.</summary>
internal sealed class Lab : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-network-").FullName;
    private MachineRows _machines;

    private Lab(NetworkSettings settings, bool hasIPv6)
    {
        Reserver = new SocketPortReserver { HasIPv6 = hasIPv6 };
        Settings = settings;
        Database = Database.Open(Path.Combine(_folder, "hypr.db"));
        _machines = new MachineRows(Database);
        Service = NewService();
    }

    public NetworkSettings Settings { get; set; }

    public Database Database { get; private set; }

    public MemoryDatapath Datapath { get; private set; } = new();

    public MemoryNameServer Names { get; private set; } = new();

    public SocketPortReserver Reserver { get; private set; }

    public NetworkService Service { get; private set; }

    public VmNetwork Default => Service.Find("bridge")!;

    /// <param name="hasIPv6">Of the host: whether a publish without an address covers [::] of a machine that has only IPv4.</param>
    public static async Task<Lab> StartAsync(NetworkSettings? settings = null, Action<Lab>? before = null, bool hasIPv6 = false)
    {
        var lab = new Lab(settings ?? new NetworkSettings(), hasIPv6);
        try
        {
            before?.Invoke(lab);
            await lab.Service.StartAsync([], CancellationToken.None);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>hyprd dies and another one starts, with the kernel as it was.</summary>
    public async Task RestartAsync(params MachineIdentity[] running)
    {
        await Reserver.DisposeAsync();
        Database.Dispose();
        Database = Database.Open(Path.Combine(_folder, "hypr.db"));
        _machines = new MachineRows(Database);
        (Names, Reserver) = (new MemoryNameServer(), new SocketPortReserver { HasIPv6 = Reserver.HasIPv6 });
        Service = NewService();
        await Service.StartAsync(running, CancellationToken.None);
    }

    /// <summary>A machine's row, which the engine writes before it connects the machine.</summary>
    public MachineIdentity Machine(string name)
    {
        var identity = new MachineIdentity(ObjectId.New(), name);
        Assert.True(_machines.TryInsert(new MachineRow(identity.Id, name, DateTimeOffset.UtcNow, "sha256:1", "{}", "{}")));
        return identity;
    }

    public async Task<MachineIdentity> ConnectedAsync(string name, params string[] networks)
    {
        var machine = Machine(name);
        foreach (var network in networks)
        {
            await Service.ConnectAsync(machine, Service.Find(network)!.Id, new(), CancellationToken.None);
        }

        return machine;
    }

    public async Task<VmNetwork> CreateAsync(string name, string? subnet = null, Func<NetworkSpec, NetworkSpec>? more = null)
    {
        var spec = new NetworkSpec { Name = name, Subnets = subnet is null ? [] : [new SubnetSpec(subnet, null, null, null)] };
        return (await Service.CreateAsync(more?.Invoke(spec) ?? spec, CancellationToken.None)).Network;
    }

    public async Task<Activation> ActivateAsync(MachineIdentity machine, params PortRequest[] ports)
    {
        var activation = await Service.ActivateAsync(machine, ports, CancellationToken.None);
        activation.Dispose();
        return activation;
    }

    /// <summary>Everything that is stored of networks, as text, for comparing.</summary>
    public string Dump()
    {
        var lines = new NetworkRows(Database).All().Select(n => n.ToString())
            .Concat(new EndpointRows(Database).All().Select(e => e.ToString()))
            .Concat(new LeaseRows(Database).All().Select(l => l.ToString()))
            .Concat(new PortRows(Database).All().Select(p => p.ToString()));
        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    public static async Task<HyprException> FailsAsync(ErrorKind kind, Func<Task> act)
    {
        var e = await Assert.ThrowsAsync<HyprException>(act);
        Assert.True(kind == e.Kind, $"{kind} is due, it is {e.Kind}: {e.Message}");
        return e;
    }

    /// <summary>Whatever a test did and whatever failed in it: store, memory, names and datapath agree in the end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Service.List().Count > 0)
        {
            Assert.Empty(await Service.CheckAsync(CancellationToken.None));
        }

        await Reserver.DisposeAsync();
        Database.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private NetworkService NewService() =>
        new(Database, Datapath, Names, Reserver, Settings, TimeProvider.System, NullLoggerFactory.Instance, Path.Combine(_folder, "resolv.conf"));
}
