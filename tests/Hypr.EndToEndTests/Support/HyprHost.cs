using System.Diagnostics;
using System.Text.Json.Nodes;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Support;

/// <summary>
/// A host with HYPR on it, between a LAN and an internet: the published hyprd, with its own folders, a registry in place of Docker Hub, and the real clients. On
/// disposal every VM is removed, and what outlives that fails the test: a TAP, a QEMU, a file in the run-time folder, a process.
/// </summary>
public class HyprHost : IDisposable
{
    private TestProgram? _daemon;

    public HyprHost()
        : this(null)
    {
    }

    protected HyprHost(JsonObject? configuration)
    {
        try
        {
            Directory.CreateDirectory(DataDir);
            MountData();
            Directory.CreateDirectory(RuntimeDir);
            var daemon = configuration ?? [];
            daemon["warm-start"] ??= Repository.WarmStart;
            daemon["registry-mirrors"] = new JsonArray($"http://{Hub.Address}");
            File.WriteAllText(ConfigFile, daemon.ToJsonString());
            Hub.Serve(Lab.Host, Folder);
            StartDaemon();
        }
        catch
        {
            _daemon?.Dispose();
            Lab.Dispose();
            UnmountData();
            Directory.Delete(Folder, recursive: true);
            throw;
        }
    }

    public LabNetwork Lab { get; } = new();

    public TestNamespace Space => Lab.Host;

    public string Folder { get; } = Directory.CreateTempSubdirectory("hypr-e2e-").FullName;

    public string DataDir => Path.Combine(Folder, "data");

    public string RuntimeDir => Path.Combine(Folder, "run");

    /// <summary>Another one for tests of templates.</summary>
    protected virtual string TemplateDir => Path.Combine(Repository.Cache, "templates");

    public string Socket => Path.Combine(RuntimeDir, "hypr.sock");

    public string ConfigFile => Path.Combine(Folder, "daemon.json");

    /// <summary>What the running hyprd has written so far.</summary>
    public string DaemonLog => _daemon is null ? "" : _daemon.Error + _daemon.Output;

    public int DaemonPid => _daemon!.Pid;

    /// <param name="through">What stands before hyprd on env's command line: variables, or a program that becomes hyprd.</param>
    public void StartDaemon(params string[] through)
    {
        // Templates are those of every host of these tests: they fit by content, and a new one of a size is made once.
        _daemon = Space.Start(
            "env",
            [$"HYPR_DATA_DIR={DataDir}", $"HYPR_RUNTIME_DIR={RuntimeDir}", $"HYPR_TEMPLATE_DIR={TemplateDir}", .. through, Repository.Hyprd, "--config-file", ConfigFile]);
        if (!Probe.Until(() => _daemon.HasEnded || Hypr("version").Succeeded, TimeSpan.FromSeconds(60)) || _daemon.HasEnded)
        {
            throw new InvalidOperationException($"hyprd did not come up: {DaemonLog}");
        }
    }

    /// <summary>As systemd stops it; VMs run on.</summary>
    public void StopDaemon()
    {
        Must("kill", "-TERM", $"{DaemonPid}");
        _daemon!.WaitForEnd();
    }

    /// <summary>As a crash.</summary>
    public void KillDaemon()
    {
        Must("kill", "-KILL", $"{DaemonPid}");
        _daemon!.WaitForEnd();
    }

    /// <summary>The published CLI.</summary>
    public ProgramResult Hypr(params string[] arguments) => Start(arguments).WaitForEnd(TimeSpan.FromMinutes(3));

    /// <summary>An error of one or two lines with Docker's exit code, after which everything is as it was.</summary>
    public string Refuses(int code, string expected, params string[] arguments)
    {
        var before = State();
        var result = Hypr(arguments);
        Assert.Equal(code, result.ExitCode);
        Assert.Contains(expected, result.Error);
        Assert.InRange(result.Error.TrimEnd('\n').Split('\n').Length, 1, 3);
        Stays(before);
        return result.Error;
    }

    /// <summary>What is there, running or not, and what is on the host because of it.</summary>
    public string State() =>
        $"{Traces()}; vms: {MustHypr("ps", "-aq")}; addresses: {MustHypr("network", "inspect", "-f", "{{json .Status.IPAM.Subnets}}", "bridge")}"
        + $"; pulls: {string.Join(' ', Directory.GetFileSystemEntries(Path.Combine(DataDir, "images", "tmp")))}";

    public void Stays(string state) => Assert.True(Probe.Until(() => State() == state), $"before: {state}\nafter: {State()}");

    public TestProgram Start(params string[] arguments) => Space.Start("env", ["HYPR_RUNTIME_DIR=" + RuntimeDir, "NO_COLOR=1", Repository.Hypr, .. arguments]);

    public string MustHypr(params string[] arguments) => Checked(Hypr(arguments), "hypr", arguments);

    /// <summary>A docker CLI, the newest first: 28.2 where it is installed, and Debian's 20.10.</summary>
    public ProgramResult Docker(string cli, params string[] arguments) => StartDocker(cli, arguments).WaitForEnd(TimeSpan.FromMinutes(3));

    public TestProgram StartDocker(string cli, params string[] arguments) =>
        Space.Start("env", ["DOCKER_HOST=unix://" + Socket, "DOCKER_CONFIG=" + Path.Combine(Folder, "docker"), cli, .. arguments]);

    public string MustDocker(string cli, params string[] arguments) => Checked(Docker(cli, arguments), "docker", arguments);

    public string Must(string program, params string[] arguments) => Space.Must(program, arguments);

    /// <summary>A VM that a test starts detached; its id. The name tells tests of one host apart.</summary>
    public string RunVm(string image, string name, params string[] options) => MustHypr(["run", "-d", "--name", name, .. options, image]).Trim();

    /// <summary>curl from the host until the page comes; the VM's program may need a moment to listen.</summary>
    public string Page(TestNamespace from, string url)
    {
        ProgramResult last = new(0, "", "");
        return Probe.Until(() => (last = from.Run("curl", "-sS", "-m", "5", url)).Succeeded, TimeSpan.FromSeconds(60))
            ? last.Output
            : throw new InvalidOperationException($"{url} does not answer: {last.Error}");
    }

    /// <summary>What is on the host because of a VM: TAPs, VMMs, published ports. Equal before and after anything that failed.</summary>
    public string Traces()
    {
        var taps = Space.Netlink.Links.List().Where(l => l.Kind == "tun").Select(l => l.Name).Order();
        return $"taps: {string.Join(' ', taps)}; vmms: {Vmms().Count}; run: {Folders(RuntimeDir)}; data: {Folders(DataDir)}; ports: {Published()}";
    }

    /// <summary>Of VMs: <see cref="Makers"/> come and go behind them.</summary>
    public IReadOnlyList<int> Vmms() => [.. Space.Processes().Where(pid => ProgramOf(pid).StartsWith("qemu-system", StringComparison.Ordinal)).Except(Makers())];

    /// <summary>VMMs at work on templates.</summary>
    public IReadOnlyList<int> Makers() => [.. Space.Processes().Where(pid => Words(pid).Any(w => w.EndsWith(",process=hypr-template", StringComparison.Ordinal)))];

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        var left = new List<string>();
        try
        {
            if (_daemon is { HasEnded: true })
            {
                StartDaemon();
            }

            if (Hypr("system", "check") is { Succeeded: false } check)
            {
                left.Add($"hypr system check: {check.Output}{check.Error}");
            }

            var all = MustHypr("ps", "-aq").Split('\n', StringSplitOptions.RemoveEmptyEntries);
            if (all.Length > 0)
            {
                MustHypr(["rm", "-f", .. all]);
            }

            // QEMU's last thread and the TAP's last descriptor go a moment after.
            if (!Probe.Until(() => Traces() is "taps: ; vmms: 0; run: ; data: ; ports: ", TimeSpan.FromSeconds(20)))
            {
                left.Add(Traces());
            }

            StopDaemon();
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException)
        {
            left.Add(e.Message);
        }

        if (left.Count > 0)
        {
            left.Add(DaemonLog);
        }

        foreach (var pid in Vmms())
        {
            Process.GetProcessById(pid).Kill();
        }

        Lab.Dispose();
        UnmountData();
        Directory.Delete(Folder, recursive: true);
        if (left.Count > 0)
        {
            throw new LeftoverException(string.Join('\n', left));
        }
    }

    /// <summary>For a host whose data is on a disk of its own.</summary>
    protected virtual void MountData()
    {
    }

    protected virtual void UnmountData()
    {
    }

    /// <summary>One folder a VM in each of the two; files beside them are the host's own.</summary>
    private static string Folders(string of)
    {
        var machines = Path.Combine(of, "machines");
        return Directory.Exists(machines) ? string.Join(' ', Directory.GetDirectories(machines).Select(Path.GetFileName).Order()) : "";
    }

    private string Published()
    {
        var rules = Space.Run("nft", "-j", "list", "table", "inet", "hypr");
        if (!rules.Succeeded)
        {
            return "";
        }

        var maps = JsonNode.Parse(rules.Output)!["nftables"]!.AsArray().Select(n => n?["map"]).Where(m => m?["elem"] is not null && m["map"]?.ToString() != "verdict");
        return string.Join(' ', maps.SelectMany(m => m!["elem"]!.AsArray()).Select(e => e!.ToJsonString()).Order());
    }

    private string Checked(ProgramResult result, string program, string[] arguments) => result.Succeeded
        ? result.Output
        : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit {result.ExitCode}: {result.Error}{result.Output}\n--- hyprd: {DaemonLog}");

    /// <summary>By its arguments: a VMM's process has its VM's name (QEMU's <c>-name process=</c>).</summary>
    private static string ProgramOf(int pid) => Path.GetFileName(Words(pid)[0]);

    private static string[] Words(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');
        }
        catch (IOException)
        {
            return [""];
        }
    }
}
