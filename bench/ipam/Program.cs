using System.Diagnostics;
using System.Globalization;
using System.Net;
using Hypr.Network.Ipam;
using Hypr.Network.Networks;
using Hypr.Primitives;
using Hypr.Store;
using Hypr.Store.Machines;
using Hypr.Store.Networks;
using Microsoft.Win32.SafeHandles;

// A whole /16 is given out one by one, each lease on the disk before the next: what the first and the last cost, and how long a start takes that reads them all.
// Beside each of the first and the last thousand one page is synced on the same disk, so that a disk that others keep busy shows as such and not as ours.
// Arguments: the folder for the database, on the disk that is to be measured; another subnet than 10.88.0.0/16, for a short run.
const int Part = 1000;
var folder = Directory.CreateDirectory(Path.Combine(args.Length > 0 ? Path.GetFullPath(args[0]) : Path.GetTempPath(), $"hypr-ipam-{Environment.ProcessId}")).FullName;
var subnet = IPNetwork.Parse(args.Length > 1 ? args[1] : "10.88.0.0/16");
try
{
    var path = Path.Combine(folder, "hypr.db");
    using (var database = Database.Open(path))
    using (var disk = new DiskSync(Path.Combine(folder, "page")))
    {
        Prepare(database);
        var all = Fill(database, disk);
        var first = all.Take(Math.Min(Part, all.Count / 2)).ToList();
        var last = all.TakeLast(first.Count).ToList();
        Print($"first {first.Count}", first);
        Print($"last {last.Count}", last);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"last against first: in memory {Ratio(last, first, l => l.Memory):0.00}, durable {Ratio(last, first, l => l.Durable):0.00}, the disk's own sync {Ratio(last, first, l => l.Disk):0.00}, "
            + $"durable less that sync {Ratio(last, first, l => l.Durable - l.Disk):0.00}, durable in such syncs {Ratio(last, first, l => l.Durable) / Ratio(last, first, l => l.Disk):0.00}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{all.Count} leases in {all.Sum(l => l.Durable.TotalSeconds):0.0} s"));
    }

    using var again = Database.Open(path);
    var start = Stopwatch.GetTimestamp();
    var allocator = NewAllocator();
    foreach (var lease in new LeaseRows(again).All())
    {
        allocator.TryTake(lease.Address, lease.EndpointId, out _, out _);
    }

    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"a start that reads them: {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms, {allocator.Usage().InUse} in use"));
}
finally
{
    Directory.Delete(folder, recursive: true);
}

SubnetAllocator NewAllocator() => new(SubnetCheck.With(subnet));

static void Prepare(Database database)
{
    new MachineRows(database).TryInsert(new MachineRow("machine", "bench", DateTimeOffset.UtcNow, "image", "{}", "{}"));
    new NetworkRows(database).Insert(new NetworkRow("network", "bridge", "vbr0", DateTimeOffset.UtcNow, "{}"));
    new EndpointRows(database).Insert(new EndpointRow("endpoint", "network", "machine", 0, null, null, null, "{}"));
}

List<Lease> Fill(Database database, DiskSync disk)
{
    var (allocator, leases) = (NewAllocator(), new LeaseRows(database));
    var free = (int)allocator.Usage().Free;
    var all = new List<Lease>(free);
    for (var left = free; ; left--)
    {
        var start = Stopwatch.GetTimestamp();
        IPAddress address;
        try
        {
            address = allocator.TakeLowest("endpoint", "bridge");
        }
        catch (HyprException full)
        {
            Console.WriteLine(full.Message);
            return all;
        }

        var memory = Stopwatch.GetElapsedTime(start);
        leases.Insert(new LeaseRow("network", address, "endpoint"));
        var durable = Stopwatch.GetElapsedTime(start);
        all.Add(new Lease(memory, durable, all.Count < Part || left <= Part ? disk.Time() : default));
    }
}

static void Print(string what, List<Lease> part) => Console.WriteLine(
    $"{what}: in memory {Figures(part.Select(l => l.Memory))}; durable {Figures(part.Select(l => l.Durable))}; the disk's own sync of a page {Figures(part.Select(l => l.Disk))}");

static double Ratio(List<Lease> last, List<Lease> first, Func<Lease, TimeSpan> of) => Median(last.Select(of)) / Median(first.Select(of));

static double Median(IEnumerable<TimeSpan> times) => times.Order().ElementAt(times.Count() / 2).TotalMicroseconds;

static string Figures(IEnumerable<TimeSpan> times)
{
    var sorted = times.Order().ToList();
    return string.Create(CultureInfo.InvariantCulture,
        $"median {sorted[sorted.Count / 2].TotalMicroseconds:0.0} us, p95 {sorted[sorted.Count * 95 / 100].TotalMicroseconds:0.0} us");
}

/// <param name="Durable">Of which <paramref name="Memory"/> is a part.</param>
internal sealed record Lease(TimeSpan Memory, TimeSpan Durable, TimeSpan Disk);

/// <summary>A page of a file whose blocks are there already, as those of the database's log are: written and synced.</summary>
internal sealed class DiskSync : IDisposable
{
    private const int Pages = 256;
    private readonly byte[] _page = new byte[4096];
    private readonly SafeFileHandle _file;
    private int _next;

    public DiskSync(string path)
    {
        _file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        RandomAccess.Write(_file, new byte[Pages * _page.Length], 0);
        RandomAccess.FlushToDisk(_file);
    }

    public TimeSpan Time()
    {
        var start = Stopwatch.GetTimestamp();
        RandomAccess.Write(_file, _page, _next++ % Pages * _page.Length);
        RandomAccess.FlushToDisk(_file);
        return Stopwatch.GetElapsedTime(start);
    }

    public void Dispose() => _file.Dispose();
}
