using System.Diagnostics;
using System.Globalization;
using Hypr.Daemon.Endpoints.Host;
using Hypr.Daemon.Http;
using Hypr.Dns;
using Hypr.Engine;
using Hypr.Engine.Machines;

namespace Hypr.Daemon.Metrics;

/// <summary>What is told at each scrape; the names are documented in docs/metrics.md.</summary>
internal static class HyprMetrics
{
    public static string Text(IEngine engine, RequestMetrics requests)
    {
        var text = new MetricsText();
        text.Family("hypr_build_info", "gauge", "Always 1; the version is a label.").Sample("hypr_build_info", 1, ("version", ServerIdentity.Version));
        Machines(text, engine);
        Networks(text, engine);
        text.Single("hypr_repairs_total", "counter", "Changes of others' hands to the host's network that were mended.", engine.Repairs);
        Names(text, engine.NameCounts);
        requests.Write(text);
        Process(text);
        return text.ToString();
    }

    private static void Machines(MetricsText text, IEngine engine)
    {
        var machines = engine.Machines();
        text.Family("hypr_vms", "gauge", "VMs by Docker's word for their state.");
        foreach (var status in Enum.GetValues<MachineStatus>().Where(s => s != MachineStatus.Creating))
        {
            text.Sample("hypr_vms", machines.Count(m => m.State.Status == status), ("state", status.ToString().ToLowerInvariant()));
        }

        text.Single("hypr_published_ports", "gauge", "Ports of the host that lead to VMs.", machines.Sum(m => m.Ports.Count));
        text.Single("hypr_images", "gauge", "Images in the store.", engine.Images().Count);
    }

    private static void Networks(MetricsText text, IEngine engine)
    {
        var networks = engine.Networks();
        text.Single("hypr_networks", "gauge", "Networks.", networks.Count);
        text.Family("hypr_endpoints", "gauge", "VMs attached to a network, running or not.");
        foreach (var network in networks)
        {
            text.Sample("hypr_endpoints", network.Endpoints.Count, ("network", network.Network.Name));
        }

        Addresses("hypr_addresses_used", "Addresses of a subnet that are taken, with its own, the gateway's and the broadcast address.", u => (double)u.InUse);
        Addresses("hypr_addresses_free", "Addresses that the next VMs can have without asking for one.", u => (double)u.Free);

        void Addresses(string name, string help, Func<Hypr.Network.Networks.SubnetUsage, double> of)
        {
            text.Family(name, "gauge", help);
            foreach (var network in networks)
            {
                foreach (var usage in network.Usage)
                {
                    text.Sample(name, of(usage), ("network", network.Network.Name), ("subnet", usage.Subnet.ToString()));
                }
            }
        }
    }

    private static void Names(MetricsText text, DnsCounts counts)
    {
        const string Name = "hypr_dns_query_duration_seconds";
        text.Family("hypr_dns_queries_total", "counter", "Questions for names by the answer's code; dropped: those that got none.");
        foreach (var (result, count) in counts.Results.Where(r => r.Count > 0 || r.Result is "noerror" or "nxdomain" or "refused" or "servfail" or "dropped"))
        {
            text.Sample("hypr_dns_queries_total", count, ("result", result));
        }

        text.Family(Name, "histogram", "Time from a question's reading to its answer's sending, an upstream's time included.");
        long total = 0;
        for (var i = 0; i < counts.Buckets.Count; i++)
        {
            total += counts.Buckets[i];
            text.Sample(Name + "_bucket", total, ("le", i < DnsCounts.Bounds.Count ? DnsCounts.Bounds[i].ToString("0.######", CultureInfo.InvariantCulture) : "+Inf"));
        }

        text.Sample(Name + "_sum", counts.Seconds);
        text.Sample(Name + "_count", total);
    }

    /// <summary>Under the names of every Prometheus client library.</summary>
    private static void Process(MetricsText text)
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        text.Single("process_resident_memory_bytes", "gauge", "Resident memory of hyprd.", process.WorkingSet64);
        text.Single("process_cpu_seconds_total", "counter", "CPU time of hyprd.", process.TotalProcessorTime.TotalSeconds);
        text.Single("process_open_fds", "gauge", "Open file descriptors of hyprd.", HostFacts.OpenDescriptors);
        text.Single("process_start_time_seconds", "gauge", "When hyprd started, since the epoch.", new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0);
        text.Single("hypr_heap_bytes", "gauge", "Managed heap of hyprd.", GC.GetTotalMemory(false));
        text.Single("hypr_uptime_seconds", "counter", "Since hyprd started.", Stopwatch.GetElapsedTime(Started).TotalSeconds);
    }

    private static readonly long Started = Stopwatch.GetTimestamp();
}
