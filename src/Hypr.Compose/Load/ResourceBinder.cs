using System.Globalization;
using Hypr.Compose.Model;

namespace Hypr.Compose.Load;

/// <summary>Of a service: CPUs, memory, replicas, ulimits and where its log goes.</summary>
internal sealed class ResourceBinder(Problems problems)
{
    public ServiceLog? Logging(Fields f, string service)
    {
        if (f.Mapping("logging") is not { } m)
        {
            return null;
        }

        var log = new Fields(m, $"services.{service}.logging", problems);
        var result = new ServiceLog(log.Text("driver"), log.Map("options"), f.Place("logging"));
        log.WarnOfTheRest();
        return result;
    }

    public Dictionary<string, (long, long)> Ulimits(Fields f, string service)
    {
        var result = new Dictionary<string, (long, long)>(StringComparer.Ordinal);
        foreach (var entry in f.Mapping("ulimits")?.Entries ?? [])
        {
            if (entry.Value is not Mapping m)
            {
                problems.Error(entry.At, $"services.{service}.ulimits.{entry.Key}: a number, or soft and hard, are due");
                continue;
            }

            var u = new Fields(m, $"services.{service}.ulimits.{entry.Key}", problems);
            result[entry.Key] = (u.Number("soft", -1) ?? -1, u.Number("hard", -1) ?? -1);
            u.WarnOfTheRest();
        }

        return result;
    }

    /// <summary>Of <c>deploy</c> and of the older keys beside it; deploy's win.</summary>
    public (long? NanoCpus, long? Memory, int Replicas) Limits(Fields f, string service)
    {
        var cpus = f.Text("cpus");
        var at = f.Place("cpus");
        var memory = f.Bytes("mem_limit");
        var replicas = f.Number("scale", 0) ?? 1;
        if (f.Mapping("deploy") is { } m)
        {
            var deploy = new Fields(m, $"services.{service}.deploy", problems);
            replicas = deploy.Number("replicas", 0) ?? replicas;
            if (deploy.Mapping("resources") is { } r)
            {
                var resources = new Fields(r, $"services.{service}.deploy.resources", problems);
                if (resources.Mapping("limits") is { } l)
                {
                    var limits = new Fields(l, $"services.{service}.deploy.resources.limits", problems);
                    (cpus, at) = limits.Text("cpus") is { } own ? (own, limits.Place("cpus")) : (cpus, at);
                    memory = limits.Bytes("memory") ?? memory;
                    limits.WarnOfTheRest();
                }

                resources.Ignore("reservations");
                resources.WarnOfTheRest();
            }

            deploy.WarnOfTheRest();
        }

        if (cpus is null)
        {
            return (null, memory, replicas);
        }

        if (!decimal.TryParse(cpus, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) || count <= 0 || count > 100_000)
        {
            problems.Error(at, $"services.{service}: cpus is a number above 0 such as 1.5; this is '{cpus}'");
            return (null, memory, replicas);
        }

        return ((long)(count * 1_000_000_000), memory, replicas);
    }
}
