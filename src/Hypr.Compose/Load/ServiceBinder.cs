using Hypr.Compose.Model;

namespace Hypr.Compose.Load;

/// <summary>A service's canonical mapping as a service.</summary>
internal sealed class ServiceBinder(Problems problems, Func<string, string?> variable)
{
    private readonly NetworkBinder _networks = new(problems);
    private readonly StorageBinder _storage = new(problems);
    private readonly ResourceBinder _resources = new(problems);

    public Service Bind(string name, Location at, Mapping m)
    {
        var f = new Fields(m, $"services.{name}", problems);
        var limits = _resources.Limits(f, name);
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
            Networks = _networks.Networks(f, name),
            MacAddress = f.Text("mac_address"),
            Ports = [.. f.Mappings("ports").Select(p => _networks.Port(name, p)).OfType<ServicePort>()],
            Expose = f.List("expose"),
            Dns = f.List("dns"),
            DnsSearch = f.List("dns_search"),
            DnsOpt = f.List("dns_opt"),
            ExtraHosts = f.List("extra_hosts"),
            Links = f.List("links"),
            ExternalLinks = f.List("external_links"),
            DependsOn = DependsOn(f, name),
            HealthCheck = Health(f, name),
            Volumes = [.. f.Mappings("volumes").Select(v => _storage.Mount(name, v)).OfType<ServiceMount>()],
            VolumesFrom = f.List("volumes_from"),
            Tmpfs = f.List("tmpfs"),
            Configs = [.. f.Mappings("configs").Select(c => _storage.File(name, "configs", c)).OfType<ServiceFile>()],
            Secrets = [.. f.Mappings("secrets").Select(c => _storage.File(name, "secrets", c)).OfType<ServiceFile>()],
            Sysctls = f.Map("sysctls"),
            Ulimits = _resources.Ulimits(f, name),
            CapAdd = f.List("cap_add"),
            CapDrop = f.List("cap_drop"),
            SecurityOpt = f.List("security_opt"),
            GroupAdd = f.List("group_add"),
            ShmSize = f.Bytes("shm_size"),
            Logging = _resources.Logging(f, name),
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

            if (!File.Exists(path))
            {
                if (file.Flag("required") ?? true)
                {
                    problems.Error(file.Place("path"), $"no such file: {path}");
                }

                continue;
            }

            foreach (var (key, value) in EnvFile.Parse(path, File.ReadAllText(path), variable, problems))
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
}
