using Hypr.Engine.Machines;
using Hypr.Guest.Protocol.Messages;
using Hypr.Images;
using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.Engine;

/// <summary>What goes on in a machine: its process's streams and log, execs, files.</summary>
public sealed partial class HyprEngine
{
    public async Task<IGuestSession> AttachAsync(string nameOrId, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        if (machine.Running is { } running)
        {
            return await running.AttachAsync(cancel);
        }

        // It may have started between the look and the wait; a start looks for those who wait after it has set Running.
        var waiting = machine.WaitForStartAsync(cancel);
        if (machine.Running is { } started)
        {
            await machine.AttachLateAsync(started);
        }

        return await waiting;
    }

    public async Task ResizeAsync(string nameOrId, ushort rows, ushort columns, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        var running = machine.Running ?? throw HyprException.Conflict($"Container {machine.Id} is not running");
        await running.ResizeAsync(rows, columns, cancel);
    }

    public IAsyncEnumerable<LogEntry> Logs(string nameOrId, LogQuery query, CancellationToken cancel)
    {
        var machine = _machines.Get(nameOrId);
        return ReadLogAsync(machine, query with { Follow = query.Follow && machine.Running is not null }, cancel);
    }

    public string CreateExec(string nameOrId, ExecConfig config) => _execs.Create(_machines.Get(nameOrId), config);

    public Task<IGuestSession> StartExecAsync(string execId, bool tty, ushort rows, ushort columns, CancellationToken cancel)
    {
        var machine = _execs.Get(execId).Machine;
        return _execs.StartAsync(execId, _images.Find(machine.ImageId)?.Config ?? new ImageConfig(), tty, rows, columns, cancel);
    }

    public ExecView Exec(string execId) => _execs.View(execId);

    public async Task ResizeExecAsync(string execId, ushort rows, ushort columns, CancellationToken cancel)
    {
        var session = _execs.Get(execId).Session ?? throw HyprException.Conflict($"exec {execId} does not run");
        await session.ResizeAsync(rows, columns, cancel);
    }

    public Task<PathStatus> LookAsync(string nameOrId, string path, CancellationToken cancel) => _files.LookAsync(nameOrId, path, cancel);

    public Task<GuestArchive> ReadFilesAsync(string nameOrId, string path, CancellationToken cancel) => _files.ReadAsync(nameOrId, path, cancel);

    public Task WriteFilesAsync(string nameOrId, string path, Stream tar, bool keepFolders, bool ownedByUser, CancellationToken cancel) =>
        _files.WriteAsync(nameOrId, path, tar, keepFolders, ownedByUser, cancel);

    public Task<GuestArchive> ExportAsync(string nameOrId, CancellationToken cancel) => _files.ExportAsync(nameOrId, cancel);

    public Task<IReadOnlyList<FileChange>> ChangesAsync(string nameOrId, CancellationToken cancel) => _files.ChangesAsync(nameOrId, cancel);

    public Task<ProcessList> ProcessesAsync(string nameOrId, string psArgs, CancellationToken cancel) => _files.ProcessesAsync(nameOrId, psArgs, cancel);

    private async IAsyncEnumerable<LogEntry> ReadLogAsync(
        Machine machine, LogQuery query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        using var log = _host.OpenLog(machine.Id, LogOptions.Bounds(machine.Config));
        await foreach (var entry in log.ReadAsync(query, cancel))
        {
            yield return entry;
        }
    }
}
