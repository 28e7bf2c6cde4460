using System.Globalization;
using Hypr.Compose.Model;

namespace Hypr.Compose.Write;

/// <summary>A project as one file, everything merged, interpolated and in its long form: what <c>compose config</c> prints. Read again it is the same project.</summary>
public static class ConfigText
{
    public static string Of(ComposeProject project)
    {
        var services = new YamlMap();
        foreach (var service in project.Services.OrderBy(s => s.Name, StringComparer.Ordinal))
        {
            services.Add(service.Name, Service(service), evenEmpty: true);
        }

        return YamlText.Of(new YamlMap()
            .Add("name", project.Name)
            .Add("services", services)
            .Add("networks", Each(project.Networks, Network))
            .Add("volumes", Each(project.Volumes, Volume))
            .Add("configs", Each(project.Configs, File))
            .Add("secrets", Each(project.Secrets, File)));
    }

    private static YamlMap Service(Service s) => new YamlMap()
        .Add("cap_add", s.CapAdd)
        .Add("cap_drop", s.CapDrop)
        .Add("command", s.Command, evenEmpty: true)
        .Add("configs", s.Configs.Select(FileOf).ToList())
        .Add("container_name", s.ContainerName)
        .Add("depends_on", Map(s.DependsOn, d => d.Service, d => new YamlMap()
            .Add("condition", d.Condition).Add("restart", d.Restart).Add("required", d.Required, evenEmpty: true)))
        .Add("deploy", Deploy(s))
        .Add("dns", s.Dns)
        .Add("dns_opt", s.DnsOpt)
        .Add("dns_search", s.DnsSearch)
        .Add("domainname", s.Domainname)
        .Add("entrypoint", s.Entrypoint, evenEmpty: true)
        .Add("environment", YamlMap.Of(s.Environment.Where(e => e.Value is not null).Select(e => KeyValuePair.Create(e.Key, e.Value!))))
        .Add("expose", s.Expose)
        .Add("external_links", s.ExternalLinks)
        .Add("extra_hosts", s.ExtraHosts)
        .Add("group_add", s.GroupAdd)
        .Add("healthcheck", Health(s.HealthCheck))
        .Add("hostname", s.Hostname)
        .Add("image", s.Image)
        .Add("init", s.Init, evenEmpty: true)
        .Add("labels", s.Labels)
        .Add("links", s.Links)
        .Add("logging", s.Logging is { } log ? new YamlMap().Add("driver", log.Driver).Add("options", log.Options) : null)
        .Add("mac_address", s.MacAddress)
        .Add("network_mode", s.NetworkMode)
        .Add("networks", Map(s.Networks, n => n.Key, OnNetwork))
        .Add("platform", s.Platform)
        .Add("ports", s.Ports.Select(p => new YamlMap()
            .Add("mode", "ingress").Add("host_ip", p.HostIp).Add("target", p.Target).Add("published", p.Published.Length > 0 ? p.Published : null).Add("protocol", p.Protocol)).ToList())
        .Add("privileged", s.Privileged)
        .Add("profiles", s.Profiles)
        .Add("pull_policy", s.PullPolicy)
        .Add("read_only", s.ReadOnly)
        .Add("restart", s.Restart)
        .Add("secrets", s.Secrets.Select(FileOf).ToList())
        .Add("security_opt", s.SecurityOpt)
        .Add("shm_size", s.ShmSize?.ToString(CultureInfo.InvariantCulture))
        .Add("stdin_open", s.StdinOpen)
        .Add("stop_grace_period", Duration(s.StopGracePeriod))
        .Add("stop_signal", s.StopSignal)
        .Add("sysctls", s.Sysctls)
        .Add("tmpfs", s.Tmpfs)
        .Add("tty", s.Tty)
        .Add("ulimits", Map(s.Ulimits, u => u.Key, u => new YamlMap().Add("soft", u.Value.Soft).Add("hard", u.Value.Hard)))
        .Add("user", s.User)
        .Add("volumes", s.Volumes.Select(v => new YamlMap()
            .Add("type", v.Type).Add("source", v.Source).Add("target", v.Target).Add("read_only", v.ReadOnly)
            .Add("tmpfs", new YamlMap().Add("size", v.TmpfsSize).Add("mode", v.TmpfsMode is { } mode ? "0" + Convert.ToString(mode, 8) : null))
            .Add("bind", new YamlMap().Add("create_host_path", v.CreateHostPath ? null : false, evenEmpty: true).Add("propagation", v.Propagation))
            .Add("volume", new YamlMap().Add("nocopy", v.NoCopy).Add("subpath", v.Subpath))).ToList())
        .Add("volumes_from", s.VolumesFrom)
        .Add("working_dir", s.WorkingDir);

    private static YamlMap Deploy(Service s) => new YamlMap()
        .Add("replicas", s.Scale == 1 ? null : s.Scale)
        .Add("resources", new YamlMap().Add("limits", new YamlMap()
            .Add("cpus", s.NanoCpus is { } nano ? (nano / 1_000_000_000m).ToString("0.#########", CultureInfo.InvariantCulture) : null)
            .Add("memory", s.Memory?.ToString(CultureInfo.InvariantCulture))));

    private static YamlMap OnNetwork(ServiceNetwork n) => new YamlMap()
        .Add("aliases", n.Aliases)
        .Add("ipv4_address", n.IPv4Address)
        .Add("ipv6_address", n.IPv6Address)
        .Add("mac_address", n.MacAddress)
        .Add("priority", n.Priority == 0 ? null : n.Priority)
        .Add("gw_priority", n.GwPriority == 0 ? null : n.GwPriority)
        .Add("interface_name", n.InterfaceName)
        .Add("driver_opts", n.DriverOpts);

    private static YamlMap? Health(HealthCheck? check) => check is null ? null : new YamlMap()
        .Add("test", check.Test)
        .Add("interval", Duration(check.Interval))
        .Add("timeout", Duration(check.Timeout))
        .Add("start_period", Duration(check.StartPeriod))
        .Add("start_interval", Duration(check.StartInterval))
        .Add("retries", check.Retries);

    private static YamlMap FileOf(ServiceFile f) => new YamlMap()
        .Add("source", f.Source).Add("target", f.Target).Add("uid", f.Uid).Add("gid", f.Gid)
        .Add("mode", f.Mode is { } mode ? "0" + Convert.ToString(mode, 8) : null);

    private static YamlMap Network(Network n) => new YamlMap()
        .Add("name", n.Name)
        .Add("driver", n.Driver)
        .Add("driver_opts", n.DriverOpts)
        .Add("ipam", new YamlMap().Add("driver", n.IpamDriver).Add("config", n.Subnets.Select(s => new YamlMap()
            .Add("subnet", s.Cidr).Add("ip_range", s.IpRange).Add("gateway", s.Gateway).Add("aux_addresses", s.AuxAddresses)).ToList()))
        .Add("external", n.External)
        .Add("internal", n.Internal)
        .Add("attachable", n.Attachable)
        .Add("enable_ipv4", n.EnableIPv4, evenEmpty: true)
        .Add("enable_ipv6", n.EnableIPv6, evenEmpty: true)
        .Add("labels", n.Labels);

    private static YamlMap Volume(Volume v) => new YamlMap()
        .Add("name", v.Name).Add("driver", v.Driver).Add("driver_opts", v.DriverOpts).Add("external", v.External).Add("labels", v.Labels);

    private static YamlMap File(FileSource f) => new YamlMap().Add("file", f.File).Add("environment", f.Environment).Add("content", f.Content).Add("external", f.External);

    private static YamlMap Each<T>(IReadOnlyDictionary<string, T> map, Func<T, YamlMap> value) =>
        Map(map.OrderBy(e => e.Key, StringComparer.Ordinal), e => e.Key, e => value(e.Value));

    private static YamlMap Map<T>(IEnumerable<T> items, Func<T, string> key, Func<T, YamlMap> value)
    {
        var result = new YamlMap();
        foreach (var item in items)
        {
            result.Add(key(item), value(item), evenEmpty: true);
        }

        return result;
    }

    /// <summary>Compose's form: <c>1h1m1.5s</c> in whole milliseconds.</summary>
    private static string? Duration(TimeSpan? span)
    {
        if (span is not { } s)
        {
            return null;
        }

        var text = ((long)s.TotalHours > 0 ? $"{(long)s.TotalHours}h" : "") + (s.Minutes > 0 ? $"{s.Minutes}m" : "")
            + (s.Seconds > 0 ? $"{s.Seconds}s" : "") + (s.Milliseconds > 0 ? $"{s.Milliseconds}ms" : "");
        return text.Length > 0 ? text : "0s";
    }
}
