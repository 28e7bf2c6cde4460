using System.Collections.Concurrent;
using Hypr.Images;
using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>Docker's two-step exec: made, then started once, then asked for its exit code. Kept in memory; the oldest ended ones are forgotten.</summary>
internal sealed class Execs(MachineEvents events)
{
    private const int KeptAfterEnd = 1024;
    private readonly ConcurrentDictionary<string, Exec> _execs = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _ended = new();

    public string Create(Machine machine, ExecConfig config)
    {
        if (config.Cmd.Count == 0)
        {
            throw HyprException.Invalid("No exec command specified");
        }

        _ = RunningOf(machine);
        var exec = new Exec(ObjectId.New(), machine, config);
        _execs[exec.Id] = exec;
        events.Publish(machine, $"exec_create: {string.Join(' ', config.Cmd)}", ("execID", exec.Id));
        return exec.Id;
    }

    public async Task<IGuestSession> StartAsync(string id, ImageConfig image, bool tty, ushort rows, ushort columns, CancellationToken cancel)
    {
        var exec = Get(id);
        if (Interlocked.Exchange(ref exec.Started, 1) == 1)
        {
            throw HyprException.Conflict($"Error: Exec command {id} has already run");
        }

        var (config, machine) = (exec.Config, exec.Machine.Config);
        try
        {
            var session = await RunningOf(exec.Machine).ExecAsync(new GuestProcess
            {
                Args = config.Cmd,
                Env = [.. CommandLine.Environment(machine, image), .. config.Env],
                User = First(config.User, machine.User, image.User, ""),
                WorkingDir = First(config.WorkingDir, machine.WorkingDir, image.WorkingDir, "/"),
                Tty = tty,
                OpenStdin = config.AttachStdin,
                Rights = MachineRights.Of(machine, config.Privileged),
                Rows = rows == 0 ? (ushort)24 : rows,
                Columns = columns == 0 ? (ushort)80 : columns,
            }, cancel);
            exec.Session = session;
            events.Publish(exec.Machine, $"exec_start: {string.Join(' ', config.Cmd)}", ("execID", id));
            _ = RememberEndAsync(exec, session);
            return session;
        }
        catch (HyprException e)
        {
            // Docker's codes for a program that does not start.
            Ended(exec, e.Message.Contains("permission denied", StringComparison.Ordinal) ? 126 : 127);
            throw;
        }
    }

    public Exec Get(string id) =>
        _execs.TryGetValue(id, out var exec) ? exec : throw HyprException.NotFound($"No such exec instance: {id}");

    public ExecView View(string id)
    {
        var exec = Get(id);
        return new ExecView(exec.Id, exec.Machine.Id, exec.Config, exec.Session is not null && exec.ExitCode is null, exec.ExitCode, exec.Session?.Pid ?? 0);
    }

    private static string First(params ReadOnlySpan<string> all)
    {
        foreach (var one in all)
        {
            if (one.Length > 0)
            {
                return one;
            }
        }

        return "";
    }

    private static IRunningMachine RunningOf(Machine machine) => machine.State.Status switch
    {
        MachineStatus.Paused => throw HyprException.Conflict($"Container {machine.Name} is paused, unpause the container before exec"),
        _ => machine.Running ?? throw HyprException.Conflict($"container {machine.Id} is not running"),
    };

    private async Task RememberEndAsync(Exec exec, IGuestSession session)
    {
        int code;
        try
        {
            code = await session.ExitCode;
        }
        catch (Exception)
        {
            // The VM ended under it: Docker's code of a killed process.
            code = 137;
        }

        Ended(exec, code);
        events.Publish(exec.Machine, "exec_die", ("execID", exec.Id), ("exitCode", code.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    private void Ended(Exec exec, int code)
    {
        exec.ExitCode = code;
        _ended.Enqueue(exec.Id);
        if (_ended.Count > KeptAfterEnd && _ended.TryDequeue(out var oldest))
        {
            _execs.TryRemove(oldest, out _);
        }
    }

    internal sealed class Exec(string id, Machine machine, ExecConfig config)
    {
        public int Started;
        private readonly Lock _lock = new();
        private int? _exitCode;

        public string Id => id;

        public Machine Machine => machine;

        public ExecConfig Config => config;

        public IGuestSession? Session { get; set; }

        public int? ExitCode
        {
            get
            {
                lock (_lock)
                {
                    return _exitCode;
                }
            }

            set
            {
                lock (_lock)
                {
                    _exitCode = value;
                }
            }
        }
    }
}
