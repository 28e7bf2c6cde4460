using System.Text;
using Hypr.EndToEndTests.Support;
using Hypr.Linux.Processes;
using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.EndToEndTests.Machines;

/// <summary>Folders and hosts of one test; on disposal no VMM and no run-time file of it may be left.</summary>
internal sealed class MachineLab : IAsyncDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"hypr-machines-{Guid.NewGuid():n}");
    private readonly List<IRunningMachine> _machines = [];
    private readonly List<MachineHost> _hosts = [];

    public MachineLab(GuestFiles guest, Func<MachineHostSettings, MachineHostSettings>? change = null)
    {
        Guest = guest;
        Directory.CreateDirectory(_folder);
        var settings = new MachineHostSettings
        {
            DataDirectory = Path.Combine(_folder, "data"),
            RuntimeDirectory = Path.Combine(_folder, "run"),
            Kernel = guest.Kernel,
            Initramfs = guest.Initramfs,
            // Tests share two cores with others.
            BootDeadline = TimeSpan.FromMinutes(3),
            WarmDeadline = TimeSpan.FromMinutes(1),
            TemplateNice = 0,
            WarmStart = Repository.WarmStart,
            TemplateDirectory = Path.Combine(Repository.Cache, "templates"),
        };
        Settings = change?.Invoke(settings) ?? settings;
        Host = NewHost();
    }

    public GuestFiles Guest { get; }

    public MachineHostSettings Settings { get; }

    public MachineHost Host { get; }

    /// <summary>As a hyprd that starts anew.</summary>
    public MachineHost NewHost()
    {
        var host = new MachineHost(Settings, TimeProvider.System, Logs);
        _hosts.Add(host);
        return host;
    }

    /// <summary>What its hosts warned of.</summary>
    public ListLogs Logs { get; } = new();

    /// <summary>Settings of tests of warm starts.</summary>
    public static MachineHostSettings Warm(MachineHostSettings settings) => settings with { WarmStart = true };

    public MachineSpec Spec(params string[] args) => Spec(new GuestProcess { Args = args });

    public MachineSpec Spec(GuestProcess process) => new()
    {
        Id = ObjectId.New(),
        Name = "eager-fox",
        Cpus = 1,
        MemoryBytes = 256L << 20,
        RootFs = Guest.RootFs,
        Nics = [],
        Guest = new GuestSpec { Hostname = "fox", Resolver = new ResolvConf([], [], []), Process = process },
    };

    public async Task<IRunningMachine> StartAsync(MachineSpec spec) => Keep(await Host.StartAsync(spec, CancellationToken.None));

    public IRunningMachine Keep(IRunningMachine machine)
    {
        _machines.Add(machine);
        return machine;
    }

    public async Task<string> LogAsync(string id, LogQuery? query = null)
    {
        var text = new StringBuilder();
        using var log = Host.OpenLog(id, null);
        await foreach (var entry in log.ReadAsync(query ?? new LogQuery(true, true, null, null, null, false), CancellationToken.None))
            text.Append(Encoding.UTF8.GetString(entry.Data.Span));
        return text.ToString();
    }

    /// <summary>Follows the log until it has the text.</summary>
    public async Task SeesAsync(string id, string text)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var log = Host.OpenLog(id, null);
        var seen = new StringBuilder();
        await foreach (var entry in log.ReadAsync(new LogQuery(true, true, null, null, null, Follow: true), limit.Token))
        {
            if (seen.Append(Encoding.UTF8.GetString(entry.Data.Span)).ToString().Contains(text, StringComparison.Ordinal))
                return;
        }

        Assert.Fail($"the log ended without '{text}': {seen}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var machine in _machines)
        {
            if (!machine.Exited.IsCompleted)
                LinuxProcess.Adopt(machine.Handle.Pid, machine.Handle.StartTime)?.Kill();
            await machine.DisposeAsync();
        }

        foreach (var host in _hosts)
            await host.DisposeAsync();
        await Host.SweepAsync([], CancellationToken.None);
        var run = Path.Combine(Settings.RuntimeDirectory, "machines");
        var left = Directory.Exists(run) ? Directory.GetFileSystemEntries(run) : [];
        Directory.Delete(_folder, recursive: true);
        Assert.Empty(left);
    }
}
