using System.Collections.Concurrent;
using Hypr.Machines.Vmm;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Machines.Templates;

/// <summary>
/// The templates that starts go on from: found in memory, else on disk; made behind the first start of a size, which boots. Whatever fails here costs a
/// line in the log and a cold start, never a machine.
/// </summary>
internal sealed partial class MachineTemplates(
    MachineHostSettings settings, TemplateStore store, TemplateMaker maker, IVmm vmm, TimeProvider clock, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan InFlight = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Slot> _slots = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _end = new();

    /// <summary>A size's place: what is loaded, and who is at it.</summary>
    private sealed class Slot
    {
        public readonly SemaphoreSlim Gate = new(1, 1);
        public readonly SemaphoreSlim Making = new(1, 1);
        public volatile Template? Loaded;
        public long LastUse;
        public long NotBefore;
        public Task Background = Task.CompletedTask;
    }

    /// <summary>Null: this start is a cold one.</summary>
    public async Task<Template?> FindAsync(int cpus, long memoryBytes, HypervisorInfo hypervisor, CancellationToken cancel)
    {
        if (!settings.WarmStart)
            return null;
        memoryBytes = Whole(memoryBytes);
        var (name, shape) = Of(cpus, memoryBytes, hypervisor);
        var slot = SlotOf(name);
        if (await LoadAsync(slot, name, shape, cancel) is not { } template)
            return null;
        slot.LastUse = clock.GetTimestamp();
        store.Touch(name);
        ForgetLater(slot);
        // One address layout of the kernel is not used for ever: this start still does, the next finds another.
        if (clock.GetUtcNow() - template.Header.Created > settings.TemplateAge)
            MakeInBackground(slot, cpus, memoryBytes, hypervisor, template);
        return template;
    }

    /// <summary>After a cold start: the next one of this size shall be a warm one.</summary>
    public void Want(int cpus, long memoryBytes, HypervisorInfo hypervisor)
    {
        if (!settings.WarmStart)
            return;
        memoryBytes = Whole(memoryBytes);
        var slot = SlotOf(Of(cpus, memoryBytes, hypervisor).Name);
        if (slot.Loaded is null)
            MakeInBackground(slot, cpus, memoryBytes, hypervisor, replaced: null);
    }

    /// <summary>It did not start a machine that then started cold: it goes.</summary>
    public void Drop(Template template)
    {
        var name = TemplateStore.NameOf(template.Header.Shape);
        var slot = SlotOf(name);
        lock (slot)
        {
            if (slot.Loaded != template)
                return;
            slot.Loaded = null;
        }

        DisposeLater(template);
        Remove(name);
    }

    /// <summary>Makes one unless there is one.</summary>
    public async Task<MachineTemplate> WarmAsync(int cpus, long memoryBytes, HypervisorInfo hypervisor, CancellationToken cancel)
    {
        if (!settings.WarmStart)
            throw HyprException.Invalid("warm starts are off: take \"warm-start\": false out of daemon.json and restart hyprd");
        memoryBytes = Whole(memoryBytes);
        var (name, shape) = Of(cpus, memoryBytes, hypervisor);
        var slot = SlotOf(name);
        try
        {
            if (await LoadAsync(slot, name, shape, cancel) is null)
                await MakeAsync(slot, cpus, memoryBytes, hypervisor, replaced: null, isAwaited: true, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw HyprException.Unavailable($"the template of {cpus} CPUs and {memoryBytes >> 20} MB was not made: {e.Message}", e);
        }

        return List().FirstOrDefault(t => t.Name == name)
            ?? throw HyprException.Unavailable($"{store.PathOf(name)} was not written: see hyprd's log");
    }

    public IReadOnlyList<MachineTemplate> List() =>
    [
        .. store.List().OrderBy(t => t.Header.Cpus).ThenBy(t => t.Header.MemoryBytes).Select(t => new MachineTemplate(
            t.Name, t.Header.Cpus, t.Header.MemoryBytes, t.Header.Created, t.File.LastWriteTimeUtc, t.File.Length,
            _slots.TryGetValue(t.Name, out var slot) && slot.Loaded is not null)),
    ];

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        foreach (var slot in _slots.Values)
            await slot.Background;
    }

    private (string Name, string Shape) Of(int cpus, long memoryBytes, HypervisorInfo hypervisor)
    {
        var shape = vmm.Shape(cpus, memoryBytes, hypervisor);
        return (TemplateStore.NameOf(shape), shape);
    }

    /// <summary>VMMs give whole megabytes.</summary>
    private static long Whole(long memoryBytes) => (memoryBytes + (1 << 20) - 1) >> 20 << 20;

    private Slot SlotOf(string name) => _slots.GetOrAdd(name, static _ => new Slot());

    private async Task<Template?> LoadAsync(Slot slot, string name, string shape, CancellationToken cancel)
    {
        if (slot.Loaded is { } loaded)
            return loaded;
        await slot.Gate.WaitAsync(cancel);
        try
        {
            return slot.Loaded ??= await Task.Run(() => store.Read(shape), cancel);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException or Linux.LinuxException)
        {
            Damaged(log, store.PathOf(name), e.Message);
            Remove(name);
            return null;
        }
        finally
        {
            slot.Gate.Release();
        }
    }

    private void MakeInBackground(Slot slot, int cpus, long memoryBytes, HypervisorInfo hypervisor, Template? replaced)
    {
        lock (slot)
        {
            // One that failed is not tried again at every start.
            if (_end.IsCancellationRequested || !slot.Background.IsCompleted || (slot.NotBefore != 0 && clock.GetTimestamp() < slot.NotBefore))
                return;
            slot.Background = Task.Run(async () =>
            {
                try
                {
                    await MakeAsync(slot, cpus, memoryBytes, hypervisor, replaced, isAwaited: false, _end.Token);
                    slot.NotBefore = 0;
                }
                catch (OperationCanceledException) when (_end.IsCancellationRequested)
                {
                    // hyprd goes.
                }
                catch (Exception e)
                {
                    slot.NotBefore = clock.GetTimestamp() + (long)(Patience.TotalSeconds * clock.TimestampFrequency);
                    NotMade(log, cpus, memoryBytes >> 20, e.Message);
                }
            });
        }
    }

    private async Task MakeAsync(Slot slot, int cpus, long memoryBytes, HypervisorInfo hypervisor, Template? replaced, bool isAwaited, CancellationToken cancel)
    {
        await slot.Making.WaitAsync(cancel);
        try
        {
            using var only = await store.LockAsync(clock, cancel);
            var (name, shape) = Of(cpus, memoryBytes, hypervisor);
            // Another hyprd, or another caller, may have been first.
            if (slot.Loaded != replaced || (replaced is null && await LoadAsync(slot, name, shape, cancel) is not null))
                return;
            if (replaced is not null && store.CreatedOf(name) > replaced.Header.Created)
            {
                slot.Loaded = null;
                DisposeLater(replaced);
                await LoadAsync(slot, name, shape, cancel);
                return;
            }

            var began = clock.GetTimestamp();
            var template = await maker.MakeAsync(cpus, memoryBytes, hypervisor, isAwaited, cancel);
            slot.LastUse = clock.GetTimestamp();
            slot.Loaded = template;
            if (replaced is not null)
                DisposeLater(replaced);
            ForgetLater(slot);
            try
            {
                await Task.Run(() => store.Write(template, settings.MostTemplates), CancellationToken.None);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                NotKept(log, store.PathOf(name), e.Message);
            }

            Made(log, cpus, memoryBytes >> 20, clock.GetElapsedTime(began).TotalSeconds);
        }
        finally
        {
            slot.Making.Release();
        }
    }

    /// <summary>A template that nobody uses holds memory for nothing; it is on disk.</summary>
    private void ForgetLater(Slot slot)
    {
        var use = slot.LastUse;
        _ = Task.Delay(settings.TemplateIdle, clock, _end.Token).ContinueWith(
            _ =>
            {
                lock (slot)
                {
                    if (slot.LastUse != use || slot.Loaded is not { } idle)
                        return;
                    slot.Loaded = null;
                    DisposeLater(idle);
                }
            },
            CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
    }

    /// <summary>A start may have it in its hands and not yet given it to its VMM. Running VMs have descriptors of their own.</summary>
    private void DisposeLater(Template template) =>
        _ = Task.Delay(InFlight, clock, CancellationToken.None).ContinueWith(_ => template.Guest.Memory.Dispose(), TaskScheduler.Default);

    private void Remove(string name)
    {
        try
        {
            store.Remove(name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            NotRemoved(log, store.PathOf(name), e.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "the template {Path} is not used and removed: {Reason}")]
    private static partial void Damaged(ILogger logger, string path, string reason);

    [LoggerMessage(LogLevel.Warning, "the template {Path} cannot be removed: {Reason}")]
    private static partial void NotRemoved(ILogger logger, string path, string reason);

    [LoggerMessage(LogLevel.Warning, "no template of {Cpus} CPUs and {Megabytes} MB was made, VMs of this size start cold: {Reason}")]
    private static partial void NotMade(ILogger logger, int cpus, long megabytes, string reason);

    [LoggerMessage(LogLevel.Warning, "the template {Path} was not written and serves this hyprd only: {Reason}")]
    private static partial void NotKept(ILogger logger, string path, string reason);

    [LoggerMessage(LogLevel.Information, "VMs of {Cpus} CPUs and {Megabytes} MB start warm from now on: a template was made in {Seconds:0.0} s")]
    private static partial void Made(ILogger logger, int cpus, long megabytes, double seconds);
}
