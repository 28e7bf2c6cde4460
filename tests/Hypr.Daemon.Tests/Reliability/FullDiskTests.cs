using System.Text.Json;
using Hypr.Daemon.Tests.Fakes;
using Hypr.Engine;
using Hypr.Engine.Machines;
using Hypr.Engine.Volumes;
using Hypr.Primitives;
using Hypr.Store;
using Hypr.Store.Machines;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypr.Daemon.Tests.Reliability;

/// <summary>
/// The database's disk is full, or its file locked, at each write of each operation of machines and volumes: once, and until a moment later. Then database, memory,
/// processes and files agree, and the operation can be done.
/// </summary>
public sealed class FullDiskTests
{
    private static readonly MachineConfig Sleeper = new() { Image = "busybox", Entrypoint = ["sleep"], Cmd = ["300"], StopTimeout = 0 };
    private static readonly MachineConfig WithVolume = Sleeper with { Binds = ["data:/data"], AnonymousVolumes = ["/more"] };
    private static readonly Dictionary<string, (Func<Host, Task> Prepare, Func<Host, Task> Act)> Operations = new()
    {
        ["create"] = (_ => Task.CompletedTask, h => h.Engine.CreateAsync("web", WithVolume, default)),
        ["start"] = (h => h.Engine.CreateAsync("web", WithVolume, default), h => h.Engine.StartAsync("web", default)),
        ["stop"] = (RunAsync, h => h.Engine.StopAsync("web", 0, null, default)),
        ["kill"] = (RunAsync, h => h.Engine.KillAsync("web", null, default)),
        ["restart"] = (RunAsync, h => h.Engine.RestartAsync("web", 0, null, default)),
        ["pause"] = (RunAsync, h => h.Engine.PauseAsync("web", default)),
        ["rename"] = (RunAsync, h => h.Engine.RenameAsync("web", "shop", default)),
        ["rm"] = (h => h.Engine.CreateAsync("web", WithVolume, default), h => h.Engine.RemoveAsync("web", false, true, default)),
        ["rm -f"] = (RunAsync, h => h.Engine.RemoveAsync("web", true, true, default)),
        ["volume create"] = (_ => Task.CompletedTask, h => h.Engine.CreateVolumeAsync(new VolumeSpec { Name = "data" }, default)),
        ["volume rm"] = (h => h.Engine.CreateVolumeAsync(new VolumeSpec { Name = "data" }, default), h => h.Engine.RemoveVolumeAsync("data", false, default)),
    };

    public static TheoryData<string, string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, string>();
            foreach (var operation in Operations.Keys)
            {
                cases.Add(operation, "store-full", "");
                cases.Add(operation, "store-full", "+");
                cases.Add(operation, "store-busy", "+");
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task What_meets_it_fails_in_words_and_leaves_all_in_agreement(string name, string seam, string onwards)
    {
        var (prepare, act) = Operations[name];
        for (var (step, hit) = (1, true); hit; step++)
        {
            await using var host = await Host.StartAsync();
            await prepare(host);
            host.Faults.Arm($"{seam}:{step}{onwards}");

            // Nobody waits for ever on something that has happened.
            var failure = await Record.ExceptionAsync(() => act(host).WaitAsync(TimeSpan.FromSeconds(60)));
            hit = host.Faults.Hits > 0;
            host.Faults.Arm("");
            Assert.True(failure is null or HyprException { Kind: ErrorKind.Unavailable }, $"step {step}: {failure}");
            await host.AgreesAsync(step);

            // What was not done can be done now, and what was says so.
            var again = await Record.ExceptionAsync(() => act(host).WaitAsync(TimeSpan.FromSeconds(60)));
            Assert.True(again is null or HyprException, $"step {step}, again: {again}");
            Assert.True(
                failure is null || again is null or HyprException { Kind: not ErrorKind.Unavailable and not ErrorKind.Internal },
                $"step {step}: {failure?.Message}; again: {again?.Message}");
            await host.AgreesAsync(step);
        }
    }

    private static async Task RunAsync(Host host)
    {
        await host.Engine.CreateAsync("web", WithVolume, default);
        await host.Engine.StartAsync("web", default);
    }

    private sealed class Host : IAsyncDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("hyprd-faults-").FullName;
        private readonly Database _database;
        private readonly ProcessMachines _machines;

        private Host()
        {
            _database = Database.Open(Path.Combine(_folder, "hypr.db"), Faults);
            _machines = new ProcessMachines { Volumes = new FolderVolumes { Folder = Path.Combine(_folder, "volumes") } };
            Engine = New();
        }

        public Faults Faults { get; } = new();

        public HyprEngine Engine { get; }

        public static async Task<Host> StartAsync()
        {
            var host = new Host();
            await host.Engine.StartAsync(default);
            return host;
        }

        /// <summary>Memory, processes and files; and what another hyprd reads from the database is the same.</summary>
        public async Task AgreesAsync(int step)
        {
            IReadOnlyList<string> faults = [];
            for (var patience = 200; patience > 0; patience--)
            {
                faults = await LookAsync();
                if (faults.Count == 0)
                {
                    return;
                }

                await Task.Delay(50);
            }

            Assert.Fail($"step {step}: {string.Join('\n', faults)}");
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var machine in Engine.Machines())
            {
                await Engine.RemoveAsync(machine.Id, force: true, volumes: true, default);
            }

            await Engine.DisposeAsync();
            _database.Dispose();
            Assert.Equal(0, _machines.Running);
            Directory.Delete(_folder, recursive: true);
        }

        private async Task<IReadOnlyList<string>> LookAsync()
        {
            var faults = (await Engine.CheckAsync(default)).Faults.ToList();
            var machines = Engine.Machines();
            var running = machines.Count(m => m.State.HasVmm);
            if (running != _machines.Running)
            {
                faults.Add($"{running} machines are said to run, and {_machines.Running} processes do");
            }

            if (_database.Owed > 0)
            {
                faults.Add("the database is behind");
            }

            using var second = Database.Open(Path.Combine(_folder, "hypr.db"));
            var stored = new MachineRows(second).All().Select(m => $"{m.Name} {JsonDocument.Parse(m.State).RootElement.GetProperty("Status")}").Order(StringComparer.Ordinal);
            var known = machines.Select(m => $"{m.Name} {m.State.Status}").Order(StringComparer.Ordinal);
            if (!stored.SequenceEqual(known))
            {
                faults.Add($"stored: {string.Join(", ", stored)}; known: {string.Join(", ", known)}");
            }

            var volumes = Engine.Volumes().Select(v => Path.GetFileName(v.Disk)).Order(StringComparer.Ordinal);
            var folder = Path.Combine(_folder, "volumes");
            var files = Directory.Exists(folder) ? Directory.GetFiles(folder).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal) : Enumerable.Empty<string>();
            if (!volumes.SequenceEqual(files))
            {
                faults.Add($"volumes: {string.Join(' ', volumes)}; files: {string.Join(' ', files)}");
            }

            return faults;
        }

        private HyprEngine New() => new(_database, new MemoryImages(), new MemoryNetworks(), _machines, TimeProvider.System, NullLoggerFactory.Instance);
    }
}
