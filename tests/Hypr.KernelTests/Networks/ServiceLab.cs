using System.Net;
using Hypr.Dns;
using Hypr.KernelTests.Datapath;
using Hypr.Network;
using Hypr.Network.Endpoints;
using Hypr.Network.Networks;
using Hypr.Network.Platforms.Linux;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Hypr.Store;
using Hypr.Store.Machines;
using Hypr.Testing;

namespace Hypr.KernelTests.Networks;

/// <summary>A host in its little world that runs the whole network service: database, Linux datapath, name server, reserved ports. Stand-ins are the VMs.</summary>
internal sealed class ServiceLab : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-service-").FullName;
    private readonly List<StandInMachine> _machines = [];
    private Database _database = null!;
    private LinuxDatapath _datapath = null!;
    private NameServerIn _names = null!;
    private ReserverIn _reserver = null!;

    public LabNetwork World { get; } = new();

    public TestNamespace Host => World.Host;

    public NetworkService Service { get; private set; } = null!;

    /// <summary>What datapath and service logged.</summary>
    public LogList Log { get; } = new();

    /// <summary>The switch of datapath and database.</summary>
    public Faults Faults { get; } = new();

    public static async Task<ServiceLab> StartAsync()
    {
        var lab = new ServiceLab();
        try
        {
            await lab.OpenAsync();
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>hyprd ends and another starts; the machines run on.</summary>
    public async Task RestartAsync(params MachineIdentity[] running)
    {
        await CloseAsync();
        await OpenAsync(running);
    }

    public async Task<VmNetwork> CreateAsync(string name, Func<NetworkSpec, NetworkSpec>? more = null)
    {
        var spec = new NetworkSpec { Name = name };
        return (await Service.CreateAsync(more?.Invoke(spec) ?? spec, CancellationToken.None)).Network;
    }

    /// <summary>As a kill: nothing that hyprd still wants to do comes about.</summary>
    public async Task CrashAsync(params MachineIdentity[] running)
    {
        Faults.Arm("any:1+");
        await CloseAsync();
        Faults.Arm("");
        await OpenAsync(running);
    }

    /// <summary>A machine that is attached and runs: a stand-in that was told what an agent is told.</summary>
    public async Task<(MachineIdentity Identity, StandInMachine Machine)> RunAsync(string name, string[] networks, params PortRequest[] ports)
    {
        var identity = new MachineIdentity(ObjectId.New(), name);
        Store(identity);
        foreach (var network in networks)
        {
            await Service.ConnectAsync(identity, Service.Find(network)!.Id, new(), CancellationToken.None);
        }

        // The pump keeps the queues: nobody disposes the activation.
        var activation = await Service.ActivateAsync(identity, ports, CancellationToken.None);
        var machine = new StandInMachine(TestNamespace.Create(name));
        _machines.Add(machine);
        foreach (var nic in activation.Nics)
        {
            Plug(machine, nic);
        }

        return (identity, machine);
    }

    /// <summary>The machine's row, which the engine writes before anything else.</summary>
    public void Store(MachineIdentity machine) =>
        Assert.True(new MachineRows(_database).TryInsert(new MachineRow(machine.Id, machine.Name, DateTimeOffset.UtcNow, "sha256:1", "{}", "{}")));

    /// <summary>As the engine, when nothing is left of the machine but its row.</summary>
    public void Unstore(MachineIdentity machine) => _database.Insist(() => new MachineRows(_database).Delete(machine.Id));

    public static void Plug(StandInMachine machine, ActiveNic nic) => machine.Plug(
        nic.GuestName, nic.Tap, nic.Endpoint.Mac!.Value.ToBytes(),
        new[] { nic.Endpoint.IPv4, nic.Endpoint.IPv6 }.OfType<InterfaceAddress>().Select(a => (a.Address, a.PrefixLength)),
        [.. new[] { nic.Gateway4, nic.Gateway6 }.OfType<IPAddress>()]);

    public async ValueTask DisposeAsync()
    {
        foreach (var machine in _machines)
        {
            machine.Dispose();
        }

        await CloseAsync();
        World.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task OpenAsync(params MachineIdentity[] running)
    {
        _database = Database.Open(Path.Combine(_folder, "hypr.db"), Faults);
        _datapath = Host.Run(() => LinuxDatapath.Open(new DatapathSettings { Faults = Faults }, Log, TimeProvider.System));
        _names = new NameServerIn(Host, Host.Run(() => new NameServer(new NameServerSettings { ResolvConf = "/nonexistent", ResolvedConf = "/nonexistent", Workers = 1 })));
        _reserver = new ReserverIn(Host);
        Service = new NetworkService(_database, _datapath, _names, _reserver, new NetworkSettings(), TimeProvider.System, Log, "/nonexistent");
        await Service.StartAsync(running, CancellationToken.None);
    }

    private async Task CloseAsync()
    {
        await Service.DisposeAsync();
        await _reserver.DisposeAsync();
        await _names.DisposeAsync();
        await _datapath.DisposeAsync();
        _database.Dispose();
    }
}
