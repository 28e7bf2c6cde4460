using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hypr.Machines;
using Hypr.Machines.Folders;
using Hypr.Primitives;

namespace Hypr.Daemon.Tests.Fakes;

/// <summary>Machines that are processes of the test's host: the streams, signals and exit codes behind the API are real, only no VM is round them.</summary>
internal sealed class ProcessMachines : IMachineHost
{
    private readonly Dictionary<string, MemoryLog> _logs = [];
    private readonly ConcurrentBag<ProcessMachine> _machines = [];
    private readonly ConcurrentBag<MachineTemplate> _templates = [];

    /// <summary>Set: the next start stops before its process, says so and waits.</summary>
    public StartHold? Hold { get; set; }

    public IReadOnlyList<string> Check(IReadOnlyCollection<string> known, IReadOnlyCollection<MachineHandle> running, IReadOnlyCollection<string> starting) => [];

    public long MinimumMemoryBytes => 64 << 20;

    public IVolumeFiles Volumes { get; init; } = new FolderVolumes();

    public IHostFolders Folders { get; } = new MemoryFolders();

    /// <summary>What the last start was given.</summary>
    public MachineSpec? LastSpec { get; private set; }

    /// <summary>Machines whose process runs now.</summary>
    public int Running => _machines.Count(m => m.IsRunning);

    public Task<HypervisorInfo> ProbeAsync(CancellationToken cancel) => Task.FromResult(new HypervisorInfo("process 1", "none", null, "host"));

    public async Task<IRunningMachine> StartAsync(MachineSpec spec, CancellationToken cancel)
    {
        LastSpec = spec;
        var log = Log(spec.Id);
        var machine = new ProcessMachine(spec, log);
        _machines.Add(machine);
        await (spec.BeforeProcess?.Invoke(machine, cancel) ?? Task.CompletedTask);
        if (Hold is { } hold)
        {
            Hold = null;
            hold.Reached.SetResult();
            await hold.Go.Task.WaitAsync(cancel);
        }

        machine.Start();
        try
        {
            spec.Spawned?.Invoke(machine.Handle);
        }
        catch
        {
            await machine.KillAsync();
            await machine.Exited;
            throw;
        }

        return machine;
    }

    public IRunningMachine? Adopt(MachineHandle handle, LogBounds? log, bool isPaused) => null;

    public MachineExit? LastExit(string machineId) => null;

    public Task SweepAsync(IReadOnlyCollection<string> keep, CancellationToken cancel) => Task.CompletedTask;

    public IReadOnlyList<MachineTemplate> Templates() => [.. _templates];

    public Task<MachineTemplate> WarmAsync(int cpus, long memoryBytes, CancellationToken cancel)
    {
        var template = new MachineTemplate($"of-{cpus}-{memoryBytes}", cpus, memoryBytes, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow, 1 << 20, true);
        _templates.Add(template);
        return Task.FromResult(template);
    }

    public void RequireSpace()
    {
    }

    public void Delete(string machineId)
    {
        lock (_logs)
        {
            _logs.Remove(machineId);
        }
    }

    public long DiskUsage(string machineId) => 12 << 20;

    public IMachineLog OpenLog(string machineId, LogBounds? bounds) => Log(machineId);

    private MemoryLog Log(string id)
    {
        lock (_logs)
        {
            return _logs.TryGetValue(id, out var log) ? log : _logs[id] = new MemoryLog();
        }
    }
}

internal sealed class StartHold
{
    public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

internal sealed class ProcessMachine(MachineSpec spec, MemoryLog log) : IRunningMachine
{
    private readonly TaskCompletionSource<MachineExit> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ProcessStreams _streams = new(spec.Guest.Process, log);

    public MachineHandle Handle => new(spec.Id, _streams.Pid, 0);

    public Task<MachineExit> Exited => _exited.Task;

    public bool IsRunning => Handle.Pid != 0 && !Exited.IsCompleted;

    public void Start()
    {
        _streams.Start();
        _ = EndAsync();
    }

    public Task SignalAsync(int signal, CancellationToken cancel) => _streams.SignalAsync(signal);

    public async Task StopAsync(int signal, TimeSpan grace, CancellationToken cancel)
    {
        await _streams.SignalAsync(signal);
        if (await Task.WhenAny(Exited, Task.Delay(grace, cancel)) != Exited)
        {
            await KillAsync();
        }

        await Exited;
    }

    public Task KillAsync() => _streams.SignalAsync(9);

    public Task PauseAsync(CancellationToken cancel) => _streams.SignalAsync(19);

    public Task ResumeAsync(CancellationToken cancel) => _streams.SignalAsync(18);

    public Task<IGuestSession> ExecAsync(GuestProcess process, CancellationToken cancel)
    {
        var streams = new ProcessStreams(process, null);
        var session = streams.Attach();
        streams.Start();
        return Task.FromResult(session);
    }

    public Task<MachineUsage> UsageAsync(bool isPaused, CancellationToken cancel) => Task.FromResult(new MachineUsage(
        TimeSpan.FromMilliseconds(Environment.TickCount64), 64 << 20, 4 << 20, 0, 3, 4096, 1, 8192, 2));

    public Task<IGuestSession> AttachAsync(CancellationToken cancel) => Task.FromResult(_streams.Attach());

    public Task ResizeAsync(ushort rows, ushort columns, CancellationToken cancel) => Task.CompletedTask;

    public Task AddNicAsync(MachineNic nic, CancellationToken cancel) => Task.CompletedTask;

    public Task RemoveNicAsync(string name, CancellationToken cancel) => Task.CompletedTask;

    public Task ConfigureNicAsync(GuestNic nic, CancellationToken cancel) => Task.CompletedTask;

    public Task ConfigureNamesAsync(string hostname, IReadOnlyList<HostsEntry> hosts, ResolvConf resolver, CancellationToken cancel) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task EndAsync()
    {
        var code = await _streams.Ended;
        log.Close();
        _exited.TrySetResult(new MachineExit(code, DateTimeOffset.UtcNow, false, null));
    }
}

/// <summary>One process, its output given to all who attached and to the log.</summary>
internal sealed class ProcessStreams(GuestProcess spec, MemoryLog? log)
{
    private readonly Lock _gate = new();
    private readonly List<Session> _sessions = [];
    private readonly Pipe _stdin = new();
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? _process;

    public Task<int> Ended => _ended.Task;

    public int Pid => _process?.Id ?? 0;

    public IGuestSession Attach()
    {
        lock (_gate)
        {
            var session = new Session(this, spec.OpenStdin ? _stdin.Writer : null);
            _sessions.Add(session);
            return session;
        }
    }

    public void Start()
    {
        var start = new ProcessStartInfo(spec.Args[0], spec.Args.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            _process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw HyprException.Invalid($"exec: \"{spec.Args[0]}\": executable file not found in $PATH");
        }

        var output = Task.WhenAll(
            CopyAsync(_process.StandardOutput.BaseStream, 1, s => s.Out.Writer),
            CopyAsync(_process.StandardError.BaseStream, 2, s => s.Err.Writer));
        _ = spec.OpenStdin ? FeedAsync(_process.StandardInput.BaseStream) : Task.Run(_process.StandardInput.Close);
        _ = EndAsync(_process, output);
    }

    public async Task SignalAsync(int signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{Pid}"]);
        await kill.WaitForExitAsync();
    }

    private async Task EndAsync(Process process, Task output)
    {
        await output;
        await process.WaitForExitAsync();
        foreach (var session in Sessions())
        {
            await session.Out.Writer.CompleteAsync();
            await session.Err.Writer.CompleteAsync();
        }

        _ended.TrySetResult(process.ExitCode);
    }

    private async Task FeedAsync(Stream stdin)
    {
        try
        {
            await _stdin.Reader.CopyToAsync(stdin);
            stdin.Close();
        }
        catch (IOException)
        {
            await _stdin.Reader.CompleteAsync();
        }
    }

    private async Task CopyAsync(Stream from, int number, Func<Session, PipeWriter> to)
    {
        var buffer = new byte[4096];
        int read;
        while ((read = await from.ReadAsync(buffer)) > 0)
        {
            log?.Add(new LogEntry(number, DateTimeOffset.UtcNow, buffer.AsMemory(0, read).ToArray()));
            foreach (var session in Sessions())
            {
                await to(session).WriteAsync(buffer.AsMemory(0, read));
            }
        }
    }

    private Session[] Sessions()
    {
        lock (_gate)
        {
            return [.. _sessions];
        }
    }

    private sealed class Session(ProcessStreams process, PipeWriter? stdin) : IGuestSession
    {
        public Pipe Out { get; } = new(new PipeOptions(pauseWriterThreshold: 0));

        public Pipe Err { get; } = new(new PipeOptions(pauseWriterThreshold: 0));

        public Stream? Stdin { get; } = stdin?.AsStream(leaveOpen: true);

        public Stream Stdout => Out.Reader.AsStream();

        public Stream Stderr => Err.Reader.AsStream();

        public Task<int> ExitCode => process.Ended;

        public int Pid => process.Pid;

        public Task CloseStdinAsync() => stdin?.CompleteAsync().AsTask() ?? Task.CompletedTask;

        public Task ResizeAsync(ushort rows, ushort columns, CancellationToken cancel) => Task.CompletedTask;

        public Task SignalAsync(int signal, CancellationToken cancel) => process.SignalAsync(signal);

        public ValueTask DisposeAsync()
        {
            lock (process._gate)
            {
                process._sessions.Remove(this);
            }

            return ValueTask.CompletedTask;
        }
    }
}

internal sealed class MemoryLog : IMachineLog
{
    private readonly Lock _gate = new();
    private readonly List<LogEntry> _entries = [];
    private readonly List<Channel<LogEntry>> _followers = [];
    private bool _closed;

    public void Add(LogEntry entry)
    {
        lock (_gate)
        {
            _entries.Add(entry);
            _followers.ForEach(f => f.Writer.TryWrite(entry));
        }
    }

    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _followers.ForEach(f => f.Writer.TryComplete());
        }
    }

    public async IAsyncEnumerable<LogEntry> ReadAsync(LogQuery query, [EnumeratorCancellation] CancellationToken cancel)
    {
        var channel = Channel.CreateUnbounded<LogEntry>();
        lock (_gate)
        {
            var past = _entries.Where(e => Wanted(e, query)).ToList();
            foreach (var entry in past.Skip(query.Tail is { } tail ? past.Count - tail : 0))
            {
                channel.Writer.TryWrite(entry);
            }

            if (query.Follow && !_closed)
            {
                _followers.Add(channel);
            }
            else
            {
                channel.Writer.Complete();
            }
        }

        await foreach (var entry in channel.Reader.ReadAllAsync(cancel))
        {
            if (Wanted(entry, query))
            {
                yield return entry;
            }
        }
    }

    public void Dispose()
    {
    }

    private static bool Wanted(LogEntry entry, LogQuery query) => entry.Stream == 1 ? query.Stdout : query.Stderr;
}
