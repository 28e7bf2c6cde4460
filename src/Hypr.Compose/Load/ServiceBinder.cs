using System.Globalization;
using Hypr.Compose.Model;

namespace Hypr.Compose.Load;

/// <summary>A service's canonical mapping as a service.</summary>
internal sealed class ServiceBinder(Problems problems, Func<string, string?> variable)
{
    public Service Bind(string name, Location at, Mapping m)
    {
        var f = new Fields(m, $"services.{name}", problems);
        var limits = Limits(f, name);
        var service = new Service(name, at)
        {
            Places = m.Entries.ToDictionary(e => e.Key, e => e.At),
            Image = f.Text("image"),
            HasBuild = f.Node("build") is not null,
            ContainerName = f.Text("container_name"),
            Hostname = f.Text("hostname"),
            Domainname = f.Text("domainname"),
            Platform = f.Text("platform"),
            PullPolicy = f.Text("pull_policy"),
            Command = f.ListOrNull("command"),
            Entrypoint = f.ListOrNull("entrypoint"),
            Environment = Environment(f),
            Labels = f.Map("labels"),
            User = f.Text("user"),
            WorkingDir = f.Text("working_dir"),
            Tty = f.Flag("tty") ?? false,
            StdinOpen = f.Flag("stdin_open") ?? false,
            Privileged = f.Flag("privileged") ?? false,
            ReadOnly = f.Flag("read_only") ?? false,
            Init = f.Flag("init"),
            StopSignal = f.Text("stop_signal"),
            StopGracePeriod = f.Duration("stop_grace_period"),
            Restart = f.Text("restart"),
            NetworkMode = f.Text("network_mode"),
            Networks = Networks(f, name),
            MacAddress = f.Text("mac_address"),
            Ports = [.. f.Mappings("ports").Select(p => Port(name, p)).OfType<ServicePort>()],
            Expose = f.List("expose"),
            Dns = f.List("dns"),
            DnsSearch = f.List("dns_search"),
            DnsOpt = f.List("dns_opt"),
            ExtraHosts = f.List("extra_hosts"),
            Links = f.List("links"),
            ExternalLinks = f.List("external_links"),
            DependsOn = DependsOn(f, name),
            HealthCheck = Health(f, name),
            Volumes = [.. f.Mappings("volumes").Select(v => Mount(name, v)).OfType<ServiceMount>()],
            Tmpfs = f.List("tmpfs"),
            Configs = [.. f.Mappings("configs").Select(c => File(name, "configs", c)).OfType<ServiceFile>()],
            Secrets = [.. f.Mappings("secrets").Select(c => File(name, "secrets", c)).OfType<ServiceFile>()],
            Sysctls = f.Map("sysctls"),
            Ulimits = Ulimits(f, name),
            CapAdd = f.List("cap_add"),
            CapDrop = f.List("cap_drop"),
            SecurityOpt = f.List("security_opt"),
            GroupAdd = f.List("group_add"),
            ShmSize = f.Bytes("shm_size"),
            Logging = Logging(f, name),
            NanoCpus = limits.NanoCpus,
            Memory = limits.Memory,
            Scale = limits.Replicas,
            Profiles = f.List("profiles"),
        };
        f.WarnOfTheRest();
        return service;
    }

    private Dictionary<string, string?> Environment(Fields f)
    {
        var result = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var item in f.Mappings("env_file"))
        {
            var file = new Fields(item, "env_file", problems);
            if (file.Text("path") is not { } path)
            {
                problems.Error(item.At, "env_file needs a path");
                continue;
            }

            if (!System.IO.File.Exists(path))
            {
                if (file.Flag("required") ?? true)
                {
                    problems.Error(file.Place("path"), $"no such file: {path}");
                }

                continue;
            }

            foreach (var (key, value) in EnvFile.Parse(path, System.IO.File.ReadAllText(path), variable, problems))
            {
                result[key] = value ?? variable(key);
            }
        }

        foreach (var (key, value) in f.MapOrNull("environment"))
        {
            result[key] = value ?? variable(key);
        }

        return result;
    }

    private List<ServiceNetwork> Networks(Fields f, string service)
    {
        if (f.Text("network_mode") is not null)
        {
            if (f.Node("networks") is not null)
            {
                problems.Error(f.Place("network_mode"), $"services.{service}: network_mode and networks exclude each other");
            }

            return [];
        }

        if (f.Mapping("networks") is not { Entries.Count: > 0 } networks)
        {
            return [new ServiceNetwork("default", f.At)];
        }

        return [.. networks.Entries.Select(e => Network(service, e))];
    }

    private ServiceNetwork Network(string service, Entry entry)
    {
        if (entry.Value is not Mapping m)
        {
            if (entry.Value is not Scalar { IsNull: true })
            {
                problems.Error(entry.Value.At, $"services.{service}.networks.{entry.Key} is {entry.Value.Kind}; a mapping or nothing is due");
            }

            return new ServiceNetwork(entry.Key, entry.At);
        }

        var f = new Fields(m, $"services.{service}.networks.{entry.Key}", problems);
        var network = new ServiceNetwork(entry.Key, entry.At)
        {
            Aliases = f.List("aliases"),
            IPv4Address = f.Text("ipv4_address"),
            IPv6Address = f.Text("ipv6_address"),
            MacAddress = f.Text("mac_address"),
            Priority = f.Number("priority") ?? 0,
            GwPriority = f.Number("gw_priority") ?? 0,
            InterfaceName = f.Text("interface_name"),
            DriverOpts = f.Map("driver_opts"),
        };
        f.WarnOfTheRest();
        return network;
    }

    private ServicePort? Port(string service, Mapping m)
    {
        var f = new Fields(m, $"services.{service}.ports", problems);
        var target = f.Number("target", 1, 65535);
        var port = new ServicePort(target ?? 0, f.Text("published") ?? "", f.Text("host_ip"), f.Text("protocol") ?? "tcp", m.At);
        f.Ignore("mode", "name", "app_protocol");
        f.WarnOfTheRest();
        if (target is null)
        {
            problems.Error(m.At, $"services.{service}.ports: a target port from 1 to 65535 is due");
        }

        if (port.Protocol is not ("tcp" or "udp" or "sctp"))
        {
            problems.Error(m.At, $"services.{service}.ports: the protocol '{port.Protocol}' is unknown; tcp, udp and sctp are known");
        }

        return target is null ? null : port;
    }

    private List<Dependency> DependsOn(Fields f, string service)
    {
        var result = new List<Dependency>();
        foreach (var entry in f.Mapping("depends_on")?.Entries ?? [])
        {
            var d = new Fields(entry.Value as Mapping ?? new Mapping(entry.At, []), $"services.{service}.depends_on.{entry.Key}", problems);
            var condition = d.Text("condition") ?? "service_started";
            if (condition is not ("service_started" or "service_healthy" or "service_completed_successfully"))
            {
                problems.Error(d.Place("condition"),
                    $"services.{service}.depends_on.{entry.Key}: the condition '{condition}' is unknown; service_started, service_healthy and service_completed_successfully are known");
            }

            result.Add(new Dependency(entry.Key, condition, d.Flag("required") ?? true, d.Flag("restart") ?? false, entry.At));
            d.WarnOfTheRest();
        }

        return result;
    }

    private HealthCheck? Health(Fields f, string service)
    {
        if (f.Mapping("healthcheck") is not { } m)
        {
            return null;
        }

        var h = new Fields(m, $"services.{service}.healthcheck", problems);
        var test = h.Flag("disable") == true ? ["NONE"] : h.List("test");
        if (test.Count > 0 && test[0] is not ("CMD" or "CMD-SHELL" or "NONE"))
        {
            problems.Error(h.Place("test"), $"services.{service}.healthcheck: a test begins with CMD, CMD-SHELL or NONE, or is one string; this begins with '{test[0]}'");
        }

        var check = new HealthCheck(test, h.Duration("interval"), h.Duration("timeout"), h.Duration("start_period"), h.Duration("start_interval"), h.Number("retries", 0));
        h.WarnOfTheRest();
        return check;
    }

    private ServiceMount? Mount(string service, Mapping m)
    {
        var f = new Fields(m, $"services.{service}.volumes", problems);
        var type = f.Text("type") ?? "volume";
        var target = f.Text("target");
        var tmpfs = new Fields(f.Mapping("tmpfs") ?? new Mapping(m.At, []), $"services.{service}.volumes.tmpfs", problems);
        var volume = new Fields(f.Mapping("volume") ?? new Mapping(m.At, []), $"services.{service}.volumes.volume", problems);
        var bind = new Fields(f.Mapping("bind") ?? new Mapping(m.At, []), $"services.{service}.volumes.bind", problems);
        f.Ignore("consistency");
        // SELinux labels are a host's: a guest's kernel does not look at them.
        bind.Ignore("selinux");
        var mount = new ServiceMount(type, f.Text("source"), target ?? "", f.Flag("read_only") ?? false, tmpfs.Bytes("size"), m.At)
        {
            TmpfsMode = Octal(tmpfs, "mode", $"services.{service}.volumes.tmpfs"),
            NoCopy = volume.Flag("nocopy") ?? false,
            Subpath = volume.Text("subpath"),
            CreateHostPath = bind.Flag("create_host_path") ?? true,
            Propagation = bind.Text("propagation"),
        };
        tmpfs.WarnOfTheRest();
        volume.WarnOfTheRest();
        bind.WarnOfTheRest();
        f.WarnOfTheRest();
        if (type == "bind" && mount.Source is null)
        {
            problems.Error(m.At, $"services.{service}.volumes: a bind mount has a source, a path of the host");
        }

        if (type is not ("volume" or "bind" or "tmpfs"))
        {
            problems.Error(m.At, $"services.{service}.volumes: the type '{type}' is not supported; volume, bind and tmpfs are");
        }

        // One that does not begin with / is an error of up: the specification has a file with the volume's name alone (10-fragments).
        if (target is null)
        {
            problems.Error(m.At, $"services.{service}.volumes: a target that begins with / is due");
            return null;
        }

        return mount;
    }

    private ServiceFile? File(string service, string what, Mapping m)
    {
        var f = new Fields(m, $"services.{service}.{what}", problems);
        var mode = Octal(f, "mode", $"services.{service}.{what}");
        var source = f.Text("source");
        var file = new ServiceFile(source ?? "", f.Text("target"), f.Text("uid"), f.Text("gid"), mode, m.At);
        f.WarnOfTheRest();
        if (source is null)
        {
            problems.Error(m.At, $"services.{service}.{what}: a source is due");
            return null;
        }

        return file;
    }

    /// <summary>Permission bits in YAML 1.1's octals: 0440 and 0o440.</summary>
    private int? Octal(Fields f, string key, string what)
    {
        if (f.Text(key) is not { } text)
        {
            return null;
        }

        try
        {
            if (Convert.ToInt32(text.Replace("0o", "", StringComparison.Ordinal), 8) is >= 0 and <= 0xFFF and var mode)
            {
                return mode;
            }
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            // The same as one that is too large.
        }

        problems.Error(f.Place(key), $"{what}: the mode '{text}' is no octal number such as 0440");
        return null;
    }

    private ServiceLog? Logging(Fields f, string service)
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

    private Dictionary<string, (long, long)> Ulimits(Fields f, string service)
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
    private (long? NanoCpus, long? Memory, int Replicas) Limits(Fields f, string service)
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
