using System.Diagnostics;
using System.Globalization;
using System.Net;
using Hypr.Network.Ipam;
using Hypr.Network.Networks;
using Hypr.Primitives;
using Hypr.Store;
using Hypr.Store.Machines;
using Hypr.Store.Networks;

// A whole /16 is given out one by one, each lease on the disk before the next: what the first and the last cost, and how long a start takes that reads them all.
// Argument: the folder for the database, on the disk that is to be measured.
var folder = Directory.CreateDirectory(Path.Combine(args.Length > 0 ? Path.GetFullPath(args[0]) : Path.GetTempPath(), $"hypr-ipam-{Environment.ProcessId}")).FullName;
try
{
    var path = Path.Combine(folder, "hypr.db");
    using (var database = Database.Open(path))
    {
        Prepare(database);
        var (memory, durable) = Fill(database);
        Print("in memory", memory);
        Print("durable", durable);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{durable.Count} leases in {durable.Sum(t => t.TotalSeconds):0.0} s"));
    }

    Print("fdatasync of a page here, for comparison", Syncs(Path.Combine(folder, "page")));
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

static SubnetAllocator NewAllocator() => new(SubnetCheck.With(IPNetwork.Parse("10.88.0.0/16")));

static void Prepare(Database database)
{
    new MachineRows(database).TryInsert(new MachineRow("machine", "bench", DateTimeOffset.UtcNow, "image", "{}", "{}"));
    new NetworkRows(database).Insert(new NetworkRow("network", "bridge", "vbr0", DateTimeOffset.UtcNow, "{}"));
    new EndpointRows(database).Insert(new EndpointRow("endpoint", "network", "machine", 0, null, null, null, "{}"));
}

static (List<TimeSpan> Memory, List<TimeSpan> Durable) Fill(Database database)
{
    var (allocator, leases) = (NewAllocator(), new LeaseRows(database));
    var (memory, durable) = (new List<TimeSpan>(65536), new List<TimeSpan>(65536));
    while (true)
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
            return (memory, durable);
        }

        memory.Add(Stopwatch.GetElapsedTime(start));
        leases.Insert(new LeaseRow("network", address, "endpoint"));
        durable.Add(Stopwatch.GetElapsedTime(start));
    }
}

static List<TimeSpan> Syncs(string path)
{
    var times = new List<TimeSpan>();
    using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
    var page = new byte[4096];
    for (var i = 0; i < 2000; i++)
    {
        var start = Stopwatch.GetTimestamp();
        RandomAccess.Write(file, page, i * 4096L);
        RandomAccess.FlushToDisk(file);
        times.Add(Stopwatch.GetElapsedTime(start));
    }

    return times;
}

static void Print(string what, List<TimeSpan> times)
{
    var part = Math.Min(1000, times.Count / 2);
    Console.WriteLine($"{what}: first {part} {Figures(times.Take(part))}; last {part} {Figures(times.TakeLast(part))}");
}

static string Figures(IEnumerable<TimeSpan> times)
{
    var sorted = times.Order().ToList();
    return string.Create(CultureInfo.InvariantCulture,
        $"median {sorted[sorted.Count / 2].TotalMicroseconds:0.0} us, p95 {sorted[sorted.Count * 95 / 100].TotalMicroseconds:0.0} us");
}
