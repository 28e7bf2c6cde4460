using System.Diagnostics;
using System.Net;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Netlink;
using Hypr.Linux.Tap;
using Hypr.Network.Platforms;
using Hypr.Network.Platforms.Linux;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

// What the datapath's own part costs (no store, no name server, no VMM), then the whole service. All in network namespaces without a name, which go with the program.
const int Rounds = 30;
if (args.Contains("--service"))
{
    await Service.MeasureAsync(args.SkipWhile(a => a != "--rounds").Skip(1).Select(int.Parse).FirstOrDefault(200));
    return;
}

using var space = NetworkNamespace.Create();
using var netlink = RtNetlink.Open(space);
await using var datapath = space.Run(() => LinuxDatapath.Open(new DatapathSettings { TouchForeignFirewalls = false }, NullLoggerFactory.Instance, TimeProvider.System));
await datapath.StartAsync(new DatapathState([], [], new Dictionary<string, IReadOnlyList<DatapathPort>>()), default);

// The first of everything compiles code and loads modules.
for (var i = 0; i < 3; i++)
{
    await OneNetwork(i, [], []);
    await OneEndpoint(i, [], []);
}

var (create, remove, attach, detach) = (new List<TimeSpan>(), new List<TimeSpan>(), new List<TimeSpan>(), new List<TimeSpan>());
for (var i = 0; i < Rounds; i++)
{
    // A network that goes holds the kernel's lock for links while it does: each round starts when the one before has left nothing.
    await OneNetwork(i, create, remove);
    await OneEndpoint(i, attach, detach);
}

// The kernel's own part, without names, rules and checks: what no program can go below.
var (bareBridge, bareTap) = (new List<TimeSpan>(), new List<TimeSpan>());
for (var i = 0; i < Rounds; i++)
{
    var name = $"bare{i}";
    var start = Stopwatch.GetTimestamp();
    var bridge = netlink.Links.CreateBridge(name, new BridgeSettings { Stp = false }, new LinkSettings { Up = true, Mtu = 1500 });
    netlink.Addresses.Add(new LinkAddress(bridge, new IPAddress([10, 90, (byte)i, 1]), 24));
    bareBridge.Add(Stopwatch.GetElapsedTime(start));
    start = Stopwatch.GetTimestamp();
    using var tap = space.Run(() => TapDevice.Create($"tap{name}"));
    netlink.Links.Set($"tap{name}", new LinkSettings { Up = true, Master = bridge });
    bareTap.Add(Stopwatch.GetElapsedTime(start));
    tap.Dispose();
    netlink.Links.Delete(name);
}

Figures.Print("bare netlink: bridge, up, address", bareBridge);
Figures.Print("bare netlink: TAP, on the bridge, up", bareTap);
Figures.Print("network: add", create);
Figures.Print("network: remove (the link goes behind)", remove);
Figures.Print("endpoint: attach with one port", attach);
Figures.Print("endpoint: detach (the link goes behind)", detach);

if (args.Contains("--short"))
    return;
var many = Network(0);
await datapath.AddNetworkAsync(many, default);
var queues = new List<SafeFileHandle>();
var (first, last) = (new List<TimeSpan>(), new List<TimeSpan>());
for (var i = 0; i < 1000; i++)
{
    var start = Stopwatch.GetTimestamp();
    queues.Add((await datapath.AttachAsync(Endpoint(many, i), default)).Queue);
    (i < 100 ? first : i >= 900 ? last : []).Add(Stopwatch.GetElapsedTime(start));
}

Figures.Print("attach: the first 100 on one bridge", first);
Figures.Print("attach: the last 100 of 1,000", last);
await Figures.TimeAsync("detach all 1,000, links gone too", async () =>
{
    for (var i = 0; i < 1000; i++)
        await datapath.DetachAsync($"ep-{i}", default);
    queues.ForEach(static q => q.Dispose());
    await datapath.RemoveNetworkAsync(many.Id, default);
    await datapath.AddNetworkAsync(many, default);
});

foreach (var count in args.Contains("--few") ? [] : (int[])[1000, 5000, 50_000])
{
    await Figures.TimeAsync($"publish {count:N0} ports at once", () => datapath.PublishAsync("many", Ports(1, count), default));
    var one = new List<TimeSpan>();
    for (var i = 0; i < Rounds; i++)
    {
        var start = Stopwatch.GetTimestamp();
        await datapath.PublishAsync($"one-{i}", Ports(60_000 + i, 1), default);
        one.Add(Stopwatch.GetElapsedTime(start));
    }

    Figures.Print($"one more port at {count:N0}", one);
    for (var i = 0; i < Rounds; i++)
        await datapath.PublishAsync($"one-{i}", [], default);
}

await datapath.PublishAsync("many", [], default);
var networks = Enumerable.Range(1, args.Contains("--few") ? 200 : 1000).Select(Network).ToList();
await Figures.TimeAsync("1,000 networks, one by one", async () =>
{
    foreach (var network in networks)
        await datapath.AddNetworkAsync(network, default);
});
await Figures.TimeAsync("start that finds 1,000 networks as they should be", () =>
    datapath.StartAsync(new DatapathState([many, .. networks], [], new Dictionary<string, IReadOnlyList<DatapathPort>>()), default));
await Figures.TimeAsync("remove 1,000 networks, links gone too", async () =>
{
    foreach (var network in networks)
        await datapath.RemoveNetworkAsync(network.Id, default);
    await datapath.AddNetworkAsync(networks[^1], default);
});

async Task OneNetwork(int i, List<TimeSpan> added, List<TimeSpan> removed)
{
    // Each has a name of its own, so that no round waits for the link of the one before.
    var network = Network(2000 + i);
    var start = Stopwatch.GetTimestamp();
    await datapath.AddNetworkAsync(network, default);
    added.Add(Stopwatch.GetElapsedTime(start));
    start = Stopwatch.GetTimestamp();
    await datapath.RemoveNetworkAsync(network.Id, default);
    removed.Add(Stopwatch.GetElapsedTime(start));
    await Gone(network.Bridge);
}

async Task OneEndpoint(int i, List<TimeSpan> attached, List<TimeSpan> detached)
{
    var network = Network(3000 + i);
    await datapath.AddNetworkAsync(network, default);
    var endpoint = Endpoint(network, 0);
    var start = Stopwatch.GetTimestamp();
    var link = await datapath.AttachAsync(endpoint, default);
    await datapath.PublishAsync("m", [new DatapathPort(IPAddress.Any, 8080, endpoint.Addresses[0], 80, PortProtocol.Tcp)], default);
    attached.Add(Stopwatch.GetElapsedTime(start));
    // As after a VMM's end: the TAP went with its queue.
    link.Queue.Dispose();
    start = Stopwatch.GetTimestamp();
    await datapath.PublishAsync("m", [], default);
    await datapath.DetachAsync(endpoint.Id, default);
    detached.Add(Stopwatch.GetElapsedTime(start));
    await datapath.RemoveNetworkAsync(network.Id, default);
    await Gone(network.Bridge);
}

async Task Gone(string link)
{
    while (netlink.Links.Find(link) is not null)
        await Task.Delay(1);
}

static DatapathNetwork Network(int i) => new(
    $"net-{i}", $"net-{i}", $"vbr{i}", [new InterfaceAddress(new IPAddress([10, (byte)(112 + (i >> 8)), (byte)i, 1]), i == 0 ? 20 : 24)], 1500,
    Internal: false, Isolate: false, Masquerade: true, GatewayMode.Nat, GatewayMode.Nat);

static DatapathEndpoint Endpoint(DatapathNetwork network, int i)
{
    var gateway = network.Gateways[0].Address.GetAddressBytes();
    var address = new IPAddress([gateway[0], gateway[1], (byte)(gateway[2] + ((i + 2) >> 8)), (byte)(i + 2)]);
    return new DatapathEndpoint($"ep-{i}", network.Id, $"m-{i}", MacAddress.FromIPv4(address), [address]);
}

static DatapathPort[] Ports(int from, int count) =>
    [.. Enumerable.Range(from, count).Select(static p => new DatapathPort(IPAddress.Any, p, IPAddress.Parse("10.112.0.2"), 80, PortProtocol.Tcp))];
