using System.Diagnostics;
using System.Net;
using Hypr.Dns;
using Hypr.Linux.Netlink;
using Hypr.Network;
using Hypr.Network.Endpoints;
using Hypr.Network.Networks;
using Hypr.Network.Platforms.Linux;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Hypr.Store;
using Hypr.Store.Machines;
using Microsoft.Extensions.Logging.Abstractions;

/// <summary>
/// The whole network service: database (each commit on the disk), datapath, name server, held ports; no HTTP and no VMM. In the program's own network namespace,
/// which <c>run</c> makes for it.
/// </summary>
internal static class Service
{
    public static async Task MeasureAsync(int rounds)
    {
        var folder = Directory.CreateTempSubdirectory("hypr-bench-").FullName;
        try
        {
            using var netlink = RtNetlink.Open();
            netlink.Links.Set("lo", new LinkSettings { Up = true });
            using var database = Database.Open(Path.Combine(folder, "hypr.db"));
            await using var datapath = LinuxDatapath.Open(new DatapathSettings(), NullLoggerFactory.Instance, TimeProvider.System);
            await using var names = new NameServer(new NameServerSettings { ResolvConf = "/nonexistent", ResolvedConf = "/nonexistent", Workers = 1 });
            await using var ports = new SocketPortReserver();
            await using var service = new NetworkService(
                database, datapath, names, ports, new NetworkSettings(), TimeProvider.System, NullLoggerFactory.Instance, "/nonexistent");
            await service.StartAsync([], default);

            var (create, remove, up, down) = (new List<TimeSpan>(), new List<TimeSpan>(), new List<TimeSpan>(), new List<TimeSpan>());
            var machines = new MachineRows(database);
            for (var i = -3; i < rounds; i++)
            {
                var start = Stopwatch.GetTimestamp();
                var network = (await service.CreateAsync(new NetworkSpec { Name = $"n{i + 3}" }, default)).Network;
                Add(create, i, start);
                var machine = new MachineIdentity(ObjectId.New(), $"m{i + 3}");
                machines.TryInsert(new MachineRow(machine.Id, machine.Name, DateTimeOffset.UtcNow, "sha256:1", "{}", "{}"));
                await service.ConnectAsync(machine, network.Id, new EndpointRequest(), default);

                // Lease on the disk, port held, TAP, bridge port, whitelist, port's rule, link's name on the disk, names.
                start = Stopwatch.GetTimestamp();
                var active = await service.ActivateAsync(machine, [new PortRequest(null, 8080, 8080, 80, PortProtocol.Tcp)], default);
                Add(up, i, start);
                active.Nics[0].Tap.Dispose();
                start = Stopwatch.GetTimestamp();
                await service.DeactivateAsync(machine.Id, default);
                Add(down, i, start);
                await service.ForgetAsync(machine.Id, default);
                start = Stopwatch.GetTimestamp();
                await service.RemoveAsync(network.Id, default);
                Add(remove, i, start);
                while (netlink.Links.Find(network.Bridge) is not null)
                    await Task.Delay(1);
            }

            Figures.Print("service: network create, durable", create);
            Figures.Print("service: network remove", remove);
            Figures.Print("service: endpoint set-up with one port", up);
            Figures.Print("service: endpoint release", down);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Add(List<TimeSpan> to, int round, long start)
    {
        // The first rounds compile code.
        if (round >= 0)
            to.Add(Stopwatch.GetElapsedTime(start));
    }
}
