using System.Buffers.Binary;
using System.Text;
using Hypr.Guest.Protocol.Messages;
using Hypr.Guest.Protocol.Wire;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>A running machine's files, as Docker's cp, diff and export want them; its agent does it.</summary>
internal sealed class GuestFiles(MachineRegistry machines)
{
    private const int MostStatus = 64 << 10;
    private const int MostChanges = 64 << 20;
    private const int MostProcesses = 16 << 20;

    public async Task<PathStatus> LookAsync(string nameOrId, string path, CancellationToken cancel)
    {
        await using var run = await ToolRun.StartAsync(machines.Get(nameOrId), "cp", false, cancel, Tool.Look, Checked(path));
        var status = await StatusAsync(run, cancel);
        await run.Output.CopyToAsync(Stream.Null, cancel);
        await run.FinishAsync(cancel);
        return status;
    }

    public async Task<GuestArchive> ReadAsync(string nameOrId, string path, CancellationToken cancel)
    {
        var run = await ToolRun.StartAsync(machines.Get(nameOrId), "cp", false, cancel, Tool.Read, Checked(path));
        try
        {
            return new GuestArchive(await StatusAsync(run, cancel), run);
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    public async Task WriteAsync(string nameOrId, string path, Stream tar, bool keepFolders, bool ownedByUser, CancellationToken cancel)
    {
        var machine = machines.Get(nameOrId);
        if (machine.Config.ReadonlyRootfs)
        {
            throw HyprException.Forbidden($"container rootfs is marked read-only: {machine.Name} was made with --read-only");
        }

        var args = new List<string> { Tool.Write, Checked(path) };
        if (keepFolders)
        {
            args.Add(Tool.KeepFolders);
        }

        if (ownedByUser && machine.Config.User.Length > 0)
        {
            args.AddRange([Tool.WithOwner, machine.Config.User]);
        }

        await using var run = await ToolRun.StartAsync(machine, "cp", true, cancel, [.. args]);
        try
        {
            await tar.CopyToAsync(run.Input, cancel);
            await run.CloseInputAsync();
        }
        catch (IOException) when (!cancel.IsCancellationRequested)
        {
            // It stopped reading: its own words say why.
        }

        await run.Output.CopyToAsync(Stream.Null, cancel);
        await run.FinishAsync(cancel);
    }

    public async Task<GuestArchive> ExportAsync(string nameOrId, CancellationToken cancel) =>
        new(null, await ToolRun.StartAsync(machines.Get(nameOrId), "export", false, cancel, Tool.Export));

    public async Task<IReadOnlyList<FileChange>> ChangesAsync(string nameOrId, CancellationToken cancel)
    {
        var text = await AllAsync(machines.Get(nameOrId), "diff", MostChanges, cancel, Tool.Changes);
        return [.. text.Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(line => line.Length > 1)
            .Select(line => new FileChange(line[0] switch { 'A' => ChangeKind.Added, 'D' => ChangeKind.Deleted, _ => ChangeKind.Changed }, line[1..]))];
    }

    public async Task<ProcessList> ProcessesAsync(string nameOrId, string psArgs, CancellationToken cancel)
    {
        var text = await AllAsync(machines.Get(nameOrId), "top", MostProcesses, cancel, [Tool.Processes, .. psArgs.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (IReadOnlyList<string>)line.Split('\t')).ToList();
        return lines.Count > 0 ? new ProcessList(lines[0], lines[1..]) : throw new HyprException(ErrorKind.Internal, "the agent tells of no process");
    }

    private static async Task<string> AllAsync(Machine machine, string verb, int most, CancellationToken cancel, params string[] args)
    {
        await using var run = await ToolRun.StartAsync(machine, verb, false, cancel, args);
        using var text = new MemoryStream();
        var buffer = new byte[16384];
        int count;
        while ((count = await run.Output.ReadAsync(buffer, cancel)) > 0)
        {
            // The guest is not trusted with hyprd's memory.
            if (text.Length + count > most)
            {
                throw HyprException.Unavailable($"{verb} of {machine.Name} has more than {most >> 20} MB to tell");
            }

            text.Write(buffer, 0, count);
        }

        await run.FinishAsync(cancel);
        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }

    private static async Task<PathStatus> StatusAsync(ToolRun run, CancellationToken cancel)
    {
        var head = new byte[4];
        if (await run.Output.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancel) < head.Length)
        {
            await run.FinishAsync(cancel);
            throw Garbled();
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(head);
        if (length is < 0 or > MostStatus)
        {
            throw Garbled();
        }

        var bytes = new byte[length];
        if (await run.Output.ReadAtLeastAsync(bytes, length, throwOnEndOfStream: false, cancel) < length)
        {
            throw Garbled();
        }

        try
        {
            var reader = new WireReader(bytes);
            return PathStatus.Decode(ref reader);
        }
        catch (Guest.Protocol.ProtocolException e)
        {
            throw new HyprException(ErrorKind.Internal, $"the agent's answer cannot be read: {e.Message}", e);
        }
    }

    private static HyprException Garbled() => new(ErrorKind.Internal, "the agent's answer cannot be read");

    private static string Checked(string path) => path.Length == 0 || path.Contains('\0') ? throw HyprException.Invalid("a path in the container is due") : path;
}

/// <summary>A tar that comes out of a guest.</summary>
public sealed class GuestArchive : IAsyncDisposable
{
    private readonly ToolRun _run;

    internal GuestArchive(PathStatus? status, ToolRun run) => (Status, _run) = (status, run);

    /// <summary>What the tar is of; null for the whole root.</summary>
    public PathStatus? Status { get; }

    /// <summary>Writes all of it; fails at the end when the guest did not get through with it.</summary>
    public async Task CopyToAsync(Stream to, CancellationToken cancel)
    {
        await _run.Output.CopyToAsync(to, 256 << 10, cancel);
        await _run.FinishAsync(cancel);
    }

    public ValueTask DisposeAsync() => _run.DisposeAsync();
}

public enum ChangeKind
{
    Changed = 0,
    Added = 1,
    Deleted = 2,
}

public sealed record FileChange(ChangeKind Kind, string Path);

public sealed record ProcessList(IReadOnlyList<string> Titles, IReadOnlyList<IReadOnlyList<string>> Processes);
