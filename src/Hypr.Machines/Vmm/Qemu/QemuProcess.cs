using System.Net.Sockets;
using System.Text.Json;
using Hypr.Guest.Protocol.Messages;
using Hypr.Linux.Processes;
using Hypr.Primitives;

namespace Hypr.Machines.Vmm.Qemu;

/// <summary>
/// A QEMU that runs: ours or an earlier hyprd's. What it is made of is asked of itself, so nothing about it is remembered here.
/// </summary>
internal sealed class QemuProcess : IVmmProcess
{
    private const int MostConsoleBytes = 64 * 1024;
    private const int MostErrorBytes = 8 * 1024;
    private static readonly TimeSpan LastWordsDeadline = TimeSpan.FromSeconds(2);

    private readonly LinuxProcess _process;
    private readonly string _runFolder;
    private readonly int _firstVolumePort;
    private readonly int _foldersPort;
    private readonly bool _isResumed;
    private readonly LastWords _consoleWords = new(MostConsoleBytes);
    private readonly LastWords _errorWords = new(MostErrorBytes);
    private readonly Stream? _console;
    private readonly Stream? _errors;
    private readonly ByteCollector? _consoleCollector;
    private readonly ByteCollector? _errorCollector;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Faults? _faults;
    private QmpClient? _monitor;

    /// <param name="console">A connection to the console's socket.</param>
    /// <param name="errors">What QEMU itself writes; null when an earlier hyprd had it.</param>
    /// <param name="plan">Of one that was just started. One that goes on from a saved guest has that one's slots.</param>
    public QemuProcess(
        string machineId, LinuxProcess process, string runFolder, string? consoleFile, Stream? console, Stream? errors, TimeProvider clock,
        Faults? faults = null, QemuPlan? plan = null)
    {
        _faults = faults;
        _firstVolumePort = plan?.FirstVolumePort ?? 0;
        _foldersPort = plan?.FoldersPort ?? 0;
        _isResumed = plan?.Start == QemuStart.Resume;
        Handle = new MachineHandle(machineId, process.Pid, process.StartTime);
        _process = process;
        _runFolder = runFolder;
        _console = console;
        _errors = errors;
        if (console is not null)
            (_consoleCollector = new ByteCollector(console, _consoleWords, consoleFile, clock)).Start();
        if (errors is not null)
            (_errorCollector = new ByteCollector(errors, _errorWords, null, clock)).Start();
        Exited = WaitAsync();
    }

    public MachineHandle Handle { get; }

    public DeviceSlot RootSlot => DeviceSlot.Mmio(QemuCommandLine.RootSlot);

    public DeviceSlot WritableSlot => DeviceSlot.Mmio(QemuCommandLine.WritableSlot);

    public Task<int?> Exited { get; }

    public int NicsAtOnce(int nics) => QemuCommandLine.NicsAtOnce(_isResumed, nics);

    public DeviceSlot NicSlot(int index) => _isResumed ? QemuCommandLine.SavedNicSlot(index) : QemuCommandLine.SlotOf(index);

    public TimeSpan CpuTime => _process.CpuTime;

    public DeviceSlot VolumeSlot(int index) => _isResumed ? QemuCommandLine.SavedDiskSlot(index) : QemuCommandLine.PortSlot(_firstVolumePort + index);

    public DeviceSlot FoldersSlot => QemuCommandLine.PortSlot(_foldersPort);

    public Stream ConnectAgent()
    {
        var channel = new NetworkStream(LocalSocket.Connect(QemuSockets.Agent(_runFolder)), ownsSocket: true);
        return _faults is null ? channel : new FaultyChannel(channel, _faults, Kill);
    }

    public string LastWords()
    {
        var errors = _errorWords.End(lines: 3, characters: 600);
        var console = _consoleWords.End(lines: 8, characters: 1200);
        return string.Join("; ", new[]
        {
            errors.Length > 0 ? $"QEMU says: {errors}" : "",
            console.Length > 0 ? $"the end of its console: {console}" : "",
        }.Where(part => part.Length > 0));
    }

    public void Kill() => _process.Kill();

    public async Task LoadAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            await QemuMigration.LoadAsync(Monitor(), cancel);
        }
        catch (QmpException e)
        {
            throw new IOException($"QEMU does not load the saved guest: {e.Message}", e);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task<byte[]> SaveAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            return await QemuMigration.SaveAsync(Monitor(), cancel);
        }
        catch (QmpException e)
        {
            throw new IOException($"QEMU does not save the guest: {e.Message}", e);
        }
        finally
        {
            _gate.Release();
        }
    }

    public Task PauseAsync(CancellationToken cancel) => ExecuteAsync("stop", null, cancel);

    public Task ResumeAsync(CancellationToken cancel) => ExecuteAsync("cont", null, cancel);

    public async Task<VmmUsage> UsageAsync(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            var disks = await Monitor().ExecuteAsync("query-blockstats", null, cancel);
            return new VmmUsage(
                _process.CpuTime, Sum(disks, "rd_bytes"), Sum(disks, "rd_operations"), Sum(disks, "wr_bytes"), Sum(disks, "wr_operations"));
        }
        catch (Exception e) when (e is QmpException or IOException)
        {
            throw HyprException.Unavailable($"QEMU does not tell what the VM uses: {e.Message}", e);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task<DeviceSlot> PlugNicAsync(VmmNic nic, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            var monitor = Monitor();
            var port = await FreePortAsync(monitor, cancel);
            var netdev = QemuCommandLine.NetdevId(port);

            // The TAP's descriptor waits in the monitor under a name until the netdev takes it.
            await monitor.ExecuteAsync("getfd", json => json.WriteString("fdname", netdev), cancel, nic.Tap);
            try
            {
                await monitor.ExecuteAsync("netdev_add", json =>
                {
                    json.WriteString("type", "tap");
                    json.WriteString("id", netdev);
                    json.WriteString("fd", netdev);
                    json.WriteBoolean("vhost", false);
                }, cancel);
            }
            catch
            {
                await TryAsync(monitor, "closefd", "fdname", netdev);
                throw;
            }

            try
            {
                await monitor.ExecuteAsync("device_add", json =>
                {
                    json.WriteString("driver", "virtio-net-pci");
                    json.WriteString("id", QemuCommandLine.NicId(port, nic.Name));
                    json.WriteString("netdev", netdev);
                    json.WriteString("mac", nic.Mac.ToString());
                    json.WriteString("romfile", "");
                    json.WriteString("bus", QemuCommandLine.PortId(port));
                }, cancel);
            }
            catch
            {
                await TryAsync(monitor, "netdev_del", "id", netdev);
                throw;
            }

            return QemuCommandLine.PortSlot(port);
        }
        catch (QmpException e)
        {
            throw HyprException.Unavailable($"QEMU does not take the NIC {nic.Name}: {e.Message}", e);
        }
        catch (IOException e)
        {
            throw HyprException.Unavailable($"the NIC {nic.Name} was not plugged in: {e.Message}", e);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task UnplugNicAsync(string name, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            var monitor = Monitor();
            var devices = await DevicesAsync(monitor, cancel);
            foreach (var id in devices)
            {
                if (QemuCommandLine.ParseMmioNetdev(id, name) is { } first)
                    await TryAsync(monitor, "netdev_del", "id", first);
                if (QemuCommandLine.ParseNicId(id) is not { } nic || nic.Name != name)
                    continue;
                // The order lets the TAP go at once: QEMU keeps a NIC whose backend was removed, as one without a link
                // (qemu_del_net_client, net/net.c).
                await TryAsync(monitor, "device_del", "id", id);
                await TryAsync(monitor, "netdev_del", "id", QemuCommandLine.NetdevId(nic.Port));
            }
        }
        catch (Exception e) when (e is QmpException or IOException)
        {
            throw HyprException.Unavailable($"the NIC {name} was not unplugged: {e.Message}", e);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _monitor?.Dispose();
        // What a dead QEMU wrote last is in the sockets still.
        if (Exited.IsCompleted)
            await LastWordsReadAsync();
        if (_console is not null)
            await _console.DisposeAsync();
        if (_errors is not null)
            await _errors.DisposeAsync();
        _process.Dispose();
    }

    private async Task<int?> WaitAsync()
    {
        var exit = await _process.Exited;
        await LastWordsReadAsync();
        return exit?.Signal;
    }

    private Task LastWordsReadAsync() =>
        Task.WhenAny(
            Task.WhenAll(_consoleCollector?.Ended ?? Task.CompletedTask, _errorCollector?.Ended ?? Task.CompletedTask),
            Task.Delay(LastWordsDeadline));

    private async Task ExecuteAsync(string command, Action<Utf8JsonWriter>? arguments, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            await Monitor().ExecuteAsync(command, arguments, cancel);
        }
        catch (Exception e) when (e is QmpException or IOException)
        {
            throw HyprException.Unavailable($"QEMU did not {command} the VM: {e.Message}", e);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Connected at the first use: nothing of a cold start waits for it.</summary>
    private QmpClient Monitor()
    {
        if (_monitor is { IsBroken: true } broken)
            broken.Dispose();
        else if (_monitor is not null)
            return _monitor;
        return _monitor = QmpClient.Connect(QemuSockets.Monitor(_runFolder), Happened, _faults);
    }

    /// <summary>
    /// Nothing that QEMU tells by itself is acted on: ends are seen by the pidfd, ports are asked for when one is wanted.
    /// </summary>
    private static void Happened(QmpMessage.Event happened)
    {
    }

    private static long Sum(JsonElement disks, string counter)
    {
        var sum = 0L;
        foreach (var disk in disks.ValueKind == JsonValueKind.Array ? disks.EnumerateArray() : default)
        {
            if (disk.TryGetProperty("stats", out var stats) && stats.TryGetProperty(counter, out var value) && value.TryGetInt64(out var number))
                sum += number;
        }

        return sum;
    }

    private static async Task<List<string>> DevicesAsync(QmpClient monitor, CancellationToken cancel)
    {
        var answer = await monitor.ExecuteAsync("qom-list", json => json.WriteString("path", "/machine/peripheral"), cancel);
        return answer.ValueKind != JsonValueKind.Array
            ? []
            : [.. answer.EnumerateArray().Select(e => e.TryGetProperty("name", out var name) ? name.GetString() : null).OfType<string>()];
    }

    private static async Task<int> FreePortAsync(QmpClient monitor, CancellationToken cancel)
    {
        var devices = await DevicesAsync(monitor, cancel);
        var taken = devices.Select(QemuCommandLine.ParsePort).OfType<int>().ToHashSet();
        for (var port = 0; devices.Contains(QemuCommandLine.PortId(port)); port++)
        {
            if (!taken.Contains(port))
                return port;
        }

        throw HyprException.Unavailable("every PCIe port of the VM is taken: the NIC will be there after a restart of the VM");
    }

    private static async Task TryAsync(QmpClient monitor, string command, string argument, string value)
    {
        try
        {
            await monitor.ExecuteAsync(command, json => json.WriteString(argument, value), CancellationToken.None);
        }
        catch (Exception e) when (e is QmpException or IOException)
        {
            // It is gone already, or QEMU is.
        }
    }
}

/// <summary>The sockets in a machine's run-time folder.</summary>
internal static class QemuSockets
{
    public static string Monitor(string folder) => Path.Combine(folder, "qmp");

    public static string Agent(string folder) => Path.Combine(folder, "agent");

    public static string Console(string folder) => Path.Combine(folder, "console");
}
