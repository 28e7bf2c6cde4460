namespace Hypr.Machines;

/// <summary>A machine whose VMM runs. Disposing it lets go of it (sockets, watchers) and leaves it running.</summary>
public interface IRunningMachine : IAsyncDisposable
{
    MachineHandle Handle { get; }

    /// <summary>It went on from a saved guest; false: it booted, or an earlier hyprd started it.</summary>
    bool IsWarm => false;

    /// <summary>
    /// Completes when the image's process has ended and the VMM is gone, however that came: never fails. Docker's exit codes: the
    /// process's own,
    /// 128+signal; 255 when the VMM died under it, with <see cref="MachineExit.Error"/> saying so.
    /// </summary>
    Task<MachineExit> Exited { get; }

    /// <summary>A signal to the image's process.</summary>
    Task SignalAsync(int signal, CancellationToken cancel);

    /// <summary>Docker's stop: the signal, then after <paramref name="grace"/> the end of the VM. Returns when the VMM is gone.</summary>
    Task StopAsync(int signal, TimeSpan grace, CancellationToken cancel);

    /// <summary>The VM's end at once.</summary>
    Task KillAsync();

    Task PauseAsync(CancellationToken cancel);

    Task ResumeAsync(CancellationToken cancel);

    /// <summary>
    /// Starts a further process in the guest. A program that is not there or cannot be run is a <see
    /// cref="Hypr.Primitives.HyprException"/> with Docker's words.
    /// </summary>
    Task<IGuestSession> ExecAsync(GuestProcess process, CancellationToken cancel);

    /// <summary>What the machine uses now and has used since its start.</summary>
    /// <param name="isPaused">Its guest does not answer: of what only the guest knows the last answer counts.</param>
    Task<MachineUsage> UsageAsync(bool isPaused, CancellationToken cancel);

    /// <summary>Attaches to the image's process: output from now on, and its stdin. Several may be attached at a time.</summary>
    Task<IGuestSession> AttachAsync(CancellationToken cancel);

    /// <summary>The size of the image's process's terminal.</summary>
    Task ResizeAsync(ushort rows, ushort columns, CancellationToken cancel);

    /// <summary>
    /// A NIC more, hot-plugged on a free PCIe root port and configured by the agent. Unavailable when no port is free: a restart attaches
    /// it.
    /// </summary>
    Task AddNicAsync(MachineNic nic, CancellationToken cancel);

    /// <summary>Unbinds the NIC in the guest and returns; the VMM's own removal goes on behind.</summary>
    Task RemoveNicAsync(string name, CancellationToken cancel);

    /// <summary>Changes addresses, default route and MTU of a NIC that is there.</summary>
    Task ConfigureNicAsync(GuestNic nic, CancellationToken cancel);

    /// <summary>Rewrites /etc/hosts, /etc/resolv.conf and the host name.</summary>
    Task ConfigureNamesAsync(string hostname, IReadOnlyList<HostsEntry> hosts, ResolvConf resolver, CancellationToken cancel);
}

/// <param name="Cpu">Of the VMM with its guest, by the host's kernel: what the guest says cannot change it.</param>
/// <param name="Memory">Of the image's processes, by the guest; <paramref name="InactiveFile"/> of it are file pages that go first.</param>
/// <param name="ReadBytes">Of its disks, by the VMM.</param>
public sealed record MachineUsage(
    TimeSpan Cpu, long Memory, long InactiveFile, long MemoryLimit, long Processes, long ReadBytes, long ReadOperations, long WrittenBytes, long WriteOperations);

/// <param name="Code">0 to 255.</param>
/// <param name="OomKilled">The guest's kernel killed the process for want of memory.</param>
/// <param name="Error">Null when the process ended by itself or by a signal that was asked for.</param>
public sealed record MachineExit(int Code, DateTimeOffset FinishedAt, bool OomKilled, string? Error);

/// <summary>
/// The streams of a process in the guest. Flow control is per stream: a reader that does not read stalls its own process only.
/// </summary>
public interface IGuestSession : IAsyncDisposable
{
    /// <summary>Writing blocks when the process does not read. Null when stdin is not open.</summary>
    Stream? Stdin { get; }

    /// <summary>With a tty all output is here.</summary>
    Stream Stdout { get; }

    Stream Stderr { get; }

    /// <summary>End of stdin (half-close): the process reads its end, output goes on.</summary>
    Task CloseStdinAsync();

    /// <summary>The exit code; completes after both outputs were delivered or abandoned.</summary>
    Task<int> ExitCode { get; }

    /// <summary>Pid in the guest.</summary>
    int Pid { get; }

    Task ResizeAsync(ushort rows, ushort columns, CancellationToken cancel);

    Task SignalAsync(int signal, CancellationToken cancel);
}

/// <summary>What the image's process wrote: Docker's json-file on disk, bounded.</summary>
public interface IMachineLog : IDisposable
{
    /// <summary>Entries in order; with <see cref="LogQuery.Follow"/> goes on until the machine ends or the caller cancels.</summary>
    IAsyncEnumerable<LogEntry> ReadAsync(LogQuery query, CancellationToken cancel);
}

/// <param name="Tail">The last so many entries; null: all.</param>
public sealed record LogQuery(bool Stdout, bool Stderr, int? Tail, DateTimeOffset? Since, DateTimeOffset? Until, bool Follow);

/// <param name="Stream">1 is stdout, 2 stderr, as in Docker's frames.</param>
/// <param name="Data">A line with its newline, or a part of one when it was very long.</param>
public readonly record struct LogEntry(int Stream, DateTimeOffset Time, ReadOnlyMemory<byte> Data);
