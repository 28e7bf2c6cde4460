using System.Globalization;
using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;
using Hypr.Cli.Terminal;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Machines;

/// <summary>From the options of <c>run</c> and <c>create</c> to the API's request.</summary>
internal static class CreateRequest
{
    private const decimal NanoCpusPerCpu = 1_000_000_000;
    private const long BytesPerMegabyte = 1 << 20;

    /// <param name="isDetached">The client does not attach: <c>run -d</c>, and <c>create</c>, which leaves it to <c>start -a</c>.</param>
    /// <exception cref="HyprException">A value is wrong.</exception>
    /// <exception cref="UsageException">An option is wrong, or two contradict each other.</exception>
    public static CreateContainerRequest From(CommandLine line, Session session, bool isDetached)
    {
        var attach = line.All("attach").Select(a => a.ToLowerInvariant()).ToArray();
        if (Array.Find(attach, a => a is not ("stdin" or "stdout" or "stderr")) is { } unknown)
            throw new UsageException(line, $"--attach \"{unknown}\": it is one of stdin, stdout, stderr");
        bool interactive = line.On("interactive");
        var exposed = new SortedDictionary<string, EmptyObject?>(StringComparer.Ordinal);
        var request = new CreateContainerRequest
        {
            Hostname = line.Text("hostname"),
            Domainname = line.Text("domainname"),
            User = line.Text("user"),
            AttachStdin = !isDetached && (attach.Contains("stdin") || (interactive && attach.Length == 0)),
            AttachStdout = !isDetached && (attach.Length == 0 || attach.Contains("stdout")),
            AttachStderr = !isDetached && (attach.Length == 0 || attach.Contains("stderr")),
            Tty = line.On("tty"),
            OpenStdin = interactive,
            StdinOnce = interactive && !isDetached,
            Env = Environment(line, session),
            Cmd = line.Words.Count > 1 ? line.Words[1..] : null,
            Healthcheck = Health(line),
            Image = line.Words[0],
            WorkingDir = line.Text("workdir"),
            Entrypoint = line.Text("entrypoint") is { } entrypoint ? [entrypoint] : null,
            Labels = Labels(line),
            StopSignal = line.Text("stop-signal"),
            StopTimeout = line.Number("stop-timeout", -1),
            HostConfig = Host(line, session, exposed),
        };
        foreach (string port in line.All("expose").SelectMany(PublishedPort.ParseExposed))
            exposed[port] = new EmptyObject();
        request.ExposedPorts = exposed.Count > 0 ? new Dictionary<string, EmptyObject?>(exposed) : null;
        NetworkChoice.Apply(line, request);
        MountText.Add(line, request);
        return request;
    }

    private static HostConfig Host(CommandLine line, Session session, SortedDictionary<string, EmptyObject?> exposed)
    {
        var host = new HostConfig
        {
            ContainerIdFile = line.Text("cidfile"),
            PortBindings = Ports(line, exposed),
            PublishAllPorts = line.On("publish-all"),
            RestartPolicy = Restart(line),
            AutoRemove = line.On("rm"),
            Dns = List(line, "dns"),
            DnsOptions = List(line, "dns-option"),
            DnsSearch = List(line, "dns-search"),
            ExtraHosts = Hosts(line),
            Links = List(line, "link"),
            GroupAdd = List(line, "group-add"),
            CapAdd = List(line, "cap-add"),
            CapDrop = List(line, "cap-drop"),
            SecurityOpt = List(line, "security-opt"),
            Privileged = line.On("privileged"),
            ReadonlyRootfs = line.On("read-only"),
            Init = line.Has("init") ? line.On("init") : null,
            NanoCpus = Cpus(line),
            Memory = Memory(line),
            ShmSize = line.Text("shm-size") is { } shm ? Sizes.Parse("--shm-size", shm) : null,
            Ulimits = line.Has("ulimit") ? [.. line.All("ulimit").Select(text => UlimitText.Parse(line, text))] : null,
            Sysctls = line.Has("sysctl") ? KeyValues.Parse(line, "sysctl", needsValue: true) : null,
            Tmpfs = line.Has("tmpfs") ? line.All("tmpfs").Select(t => t.Split(':', 2)).DistinctBy(t => t[0])
                .ToDictionary(t => t[0], t => t.Length > 1 ? t[1] : "") : null,
        };
        if (line.Has("log-driver") || line.Has("log-opt"))
            host.LogConfig = new LogConfig
            {
                Type = line.Text("log-driver") ?? "",
                Config = KeyValues.Parse(line, "log-opt", needsValue: true)
            };
        if (host.AutoRemove && host.RestartPolicy is { Name: not (null or "" or "no") })
            throw new UsageException(line, "--rm and --restart contradict each other: a VM that is removed cannot be started again");
        if (line.On("tty") && session.Io.OutputIsTerminal && WindowSize.Of(1) is { } size)
            host.ConsoleSize = [size.Rows, size.Columns];
        return host;
    }

    private static List<string>? List(CommandLine line, string option) => line.Has(option) ? [.. line.All(option)] : null;

    /// <exception cref="UsageException">It is no positive number.</exception>
    public static long Cpus(CommandLine line)
    {
        if (line.Text("cpus") is not { } text)
            return 0;
        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
            out decimal cpus))
            throw line.Bad("cpus", "not a number");
        return cpus is > 0 and < 1_000_000
            ? (long)(cpus * NanoCpusPerCpu)
            : throw line.Bad("cpus", "must be more than 0 and no more than the host has");
    }

    /// <exception cref="UsageException">It is no size.</exception>
    public static long Memory(CommandLine line)
    {
        if (line.Text("memory") is not { } text)
            return 0;
        long bytes = Sizes.Parse("--memory", text, BytesPerMegabyte);
        return bytes > 0 ? bytes : throw line.Bad("memory", "must be more than 0");
    }

    public static Dictionary<string, List<PortBinding>?>? Ports(CommandLine line, SortedDictionary<string, EmptyObject?> exposed)
    {
        var bindings = new Dictionary<string, List<PortBinding>?>();
        foreach (var port in line.All("publish").SelectMany(PublishedPort.Parse))
        {
            exposed[port.Guest] = new EmptyObject();
            if (!bindings.TryGetValue(port.Guest, out var of))
                bindings[port.Guest] = of = [];
            of!.Add(new PortBinding { HostIp = port.HostIp, HostPort = port.HostPort });
        }
        return bindings.Count > 0 ? bindings : null;
    }

    /// <summary><c>no</c>, <c>always</c>, <c>unless-stopped</c>, <c>on-failure[:N]</c></summary>
    /// <exception cref="UsageException">It is none of them.</exception>
    public static RestartPolicy? Restart(CommandLine line)
    {
        if (line.Text("restart") is not { Length: > 0 } text)
            return null;
        string[] parts = text.Split(':', 2);
        if (parts[0] is not ("no" or "always" or "unless-stopped" or "on-failure"))
            throw line.Bad("restart", "it is one of no, always, unless-stopped, on-failure[:N]");
        int retries = 0;
        if (parts.Length == 2
            && (parts[0] != "on-failure" || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out retries)))
            throw line.Bad("restart", parts[0] == "on-failure"
                ? "the number of tries is no number"
                : "only on-failure takes a number of tries");
        return new RestartPolicy { Name = parts[0], MaximumRetryCount = retries };
    }

    private static List<string>? Hosts(CommandLine line)
    {
        if (!line.Has("add-host"))
            return null;
        return line.All("add-host").Select(text =>
        {
            // host:ip and host=ip are both Docker's; an IPv6 address may stand in brackets.
            int at = text.IndexOfAny([':', '=']);
            string address = at < 0 ? "" : text[(at + 1)..].Trim('[', ']');
            if (at <= 0 || (address != "host-gateway" && !System.Net.IPAddress.TryParse(address, out _)))
                throw new UsageException(line, $"--add-host \"{text}\": not of the form host:ip");
            return $"{text[..at]}:{address}";
        }).ToList();
    }

    public static List<string>? Environment(CommandLine line, Session session)
    {
        if (!line.Has("env") && !line.Has("env-file"))
            return null;
        return line.All("env-file").SelectMany(path => FileLines(line, "env-file", path)).Concat(line.All("env")).Select(text =>
        {
            if (text.Length == 0 || text[0] == '=')
                throw new UsageException(line, $"--env \"{text}\": not of the form KEY=value");
            return text.Contains('=') ? text : session.Environment(text) is { } value ? $"{text}={value}" : null;
        }).OfType<string>().ToList();
    }

    private static Dictionary<string, string>? Labels(CommandLine line)
    {
        var labels = new Dictionary<string, string>();
        foreach (string text in line.All("label-file").SelectMany(path => FileLines(line, "label-file", path)))
        {
            string[] pair = text.Split('=', 2);
            labels[pair[0]] = pair.Length > 1 ? pair[1] : "";
        }
        foreach (var (key, value) in KeyValues.Parse(line, "label"))
            labels[key] = value;
        return labels.Count > 0 ? labels : null;
    }

    private static IEnumerable<string> FileLines(CommandLine line, string option, string path)
    {
        try
        {
            return File.ReadAllLines(path).Select(l => l.TrimStart()).Where(l => l.Length > 0 && l[0] != '#');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException(line, $"--{option} \"{path}\": {e.Message}");
        }
    }

    private static HealthConfig? Health(CommandLine line)
    {
        if (line.On("no-healthcheck"))
            return line.Has("health-cmd") ? throw new UsageException(line, "--no-healthcheck and --health-cmd contradict each other")
                : new HealthConfig { Test = ["NONE"] };
        string[] options = ["health-cmd", "health-interval", "health-retries", "health-start-interval", "health-start-period",
            "health-timeout"];
        if (!Array.Exists(options, line.Has))
            return null;
        return new HealthConfig
        {
            Test = line.Text("health-cmd") is { } command ? ["CMD-SHELL", command] : null,
            Interval = Duration("health-interval"),
            Timeout = Duration("health-timeout"),
            StartPeriod = Duration("health-start-period"),
            StartInterval = Duration("health-start-interval"),
            Retries = line.Number("health-retries", 0) ?? 0,
        };

        long Duration(string option) => line.Text(option) is { } text ? Durations.Nanoseconds("--" + option, text) : 0;
    }
}
