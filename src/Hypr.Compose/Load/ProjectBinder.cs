using Hypr.Compose.Model;

namespace Hypr.Compose.Load;

/// <summary>The merged canonical tree as a project.</summary>
internal sealed class ProjectBinder(Problems problems, string folder, Func<string, string?> variable)
{
    public ComposeProject Bind(Mapping root, string name, IReadOnlyList<string> files, IReadOnlyList<string> profiles, IReadOnlyList<string> enabled)
    {
        var fields = new Fields(root, "the file", problems);
        fields.Ignore("version", "name", "include");
        var serviceBinder = new ServiceBinder(problems, variable);
        var all = new List<Service>();
        foreach (var entry in fields.Mapping("services")?.Entries ?? [])
        {
            if (entry.Value is Mapping m)
            {
                all.Add(serviceBinder.Bind(entry.Key, entry.At, m));
            }
            else
            {
                problems.Error(entry.At, $"the service {entry.Key} is {entry.Value.Kind}; a mapping is due");
            }
        }

        if (all.Count == 0)
        {
            problems.Error(root.At, "no services: a compose file needs at least one");
        }

        var active = all.Where(s => s.Profiles.Count == 0 || enabled.Contains(s.Name) || profiles.Contains("*") || s.Profiles.Any(profiles.Contains)).ToList();
        var networks = Top(fields, "networks", (key, at, m) => BindNetwork(name, key, at, m));
        if (active.Any(s => s.Networks.Any(n => n.Key == "default")) && !networks.ContainsKey("default"))
        {
            networks["default"] = new Network("default", $"{name}_default", External: false, root.At);
        }

        var project = new ComposeProject
        {
            Name = name,
            WorkingDir = folder,
            Files = files,
            Services = active,
            InactiveServices = all.Except(active).Select(s => s.Name).ToHashSet(),
            Networks = networks,
            Volumes = Top(fields, "volumes", (key, at, m) => BindVolume(name, key, at, m)),
            Configs = Top(fields, "configs", BindFile),
            Secrets = Top(fields, "secrets", BindFile),
        };
        fields.WarnOfTheRest();
        return project;
    }

    private Dictionary<string, T> Top<T>(Fields fields, string key, Func<string, Location, Mapping, T> bind)
    {
        var result = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var entry in fields.Mapping(key)?.Entries ?? [])
        {
            switch (entry.Value)
            {
                case Mapping m:
                    result[entry.Key] = bind(entry.Key, entry.At, m);
                    break;
                case Scalar { IsNull: true }:
                    result[entry.Key] = bind(entry.Key, entry.At, new Mapping(entry.At, []));
                    break;
                default:
                    problems.Error(entry.Value.At, $"{key}.{entry.Key} is {entry.Value.Kind}; a mapping is due");
                    break;
            }
        }

        return result;
    }

    private Network BindNetwork(string project, string key, Location at, Mapping m)
    {
        var f = new Fields(m, $"networks.{key}", problems);
        var external = f.Flag("external") ?? false;
        var name = f.Text("name") ?? (external ? key : $"{project}_{key}");
        var ipam = f.Mapping("ipam") is { } i ? new Fields(i, $"networks.{key}.ipam", problems) : null;
        var network = new Network(key, name, external, at)
        {
            Driver = f.Text("driver"),
            DriverOpts = f.Map("driver_opts"),
            IpamDriver = ipam?.Text("driver"),
            Subnets = [.. ipam?.Mappings("config").Select(c => BindSubnet(key, c)) ?? []],
            Internal = f.Flag("internal") ?? false,
            Attachable = f.Flag("attachable") ?? false,
            EnableIPv4 = f.Flag("enable_ipv4"),
            EnableIPv6 = f.Flag("enable_ipv6"),
            Labels = f.Map("labels"),
        };
        ipam?.Ignore("options");
        ipam?.WarnOfTheRest();
        f.WarnOfTheRest();
        return network;
    }

    private Subnet BindSubnet(string key, Mapping m)
    {
        var f = new Fields(m, $"networks.{key}.ipam.config", problems);
        var subnet = new Subnet(f.Text("subnet"), f.Text("ip_range"), f.Text("gateway"), f.Map("aux_addresses"), m.At);
        f.WarnOfTheRest();
        return subnet;
    }

    private Volume BindVolume(string project, string key, Location at, Mapping m)
    {
        var f = new Fields(m, $"volumes.{key}", problems);
        var external = f.Flag("external") ?? false;
        var volume = new Volume(key, f.Text("name") ?? (external ? key : $"{project}_{key}"), external, at)
        {
            Driver = f.Text("driver"),
            DriverOpts = f.Map("driver_opts"),
            Labels = f.Map("labels"),
        };
        f.WarnOfTheRest();
        return volume;
    }

    private FileSource BindFile(string key, Location at, Mapping m)
    {
        var f = new Fields(m, key, problems);
        var name = f.Text("environment");
        var source = new FileSource(key, f.Text("file"), name, f.Text("content"), at)
        {
            EnvironmentValue = name is null ? null : variable(name),
            External = f.Flag("external") ?? false,
        };
        f.Ignore("name", "labels");
        if (!source.External && new[] { source.File, source.Environment, source.Content }.Count(s => s is not null) != 1)
        {
            problems.Error(at, $"{key} needs exactly one of file, environment and content");
        }

        f.WarnOfTheRest();
        return source;
    }
}
