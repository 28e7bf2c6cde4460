using Hypr.Guest.Protocol;
using Hypr.Guest.Protocol.Host;
using Hypr.Guest.Protocol.Messages;
using Hypr.Linux;
using Hypr.Linux.Files;
using Hypr.Machines.Lifecycle;
using Hypr.Machines.Vmm;
using Hypr.Primitives;

namespace Hypr.Machines.Templates;

/// <summary>
/// Boots a guest without disk and network up to its agent's hello, saves it, and sees that one that goes on from there answers too. Its VMMs end with
/// this process, however that ends.
/// </summary>
internal sealed class TemplateMaker(MachineHostSettings settings, MachineFolders folders, IVmm vmm, TimeProvider clock)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(10);
    private const int IdleLooks = 3;
    private const int MostLooks = 40;
    private const int Attempts = 5;
    private const int Slower = 4;
    private const long Reserve = 256 << 20;

    /// <param name="isAwaited">Somebody waits for it. Otherwise it lets everything else go first, and is not made where memory is short.</param>
    /// <exception cref="IOException">It did not come about; the message says why.</exception>
    public async Task<Template> MakeAsync(int cpus, long memoryBytes, HypervisorInfo hypervisor, bool isAwaited, CancellationToken cancel)
    {
        if (!isAwaited && HostMemory.Available() is { } free && free < memoryBytes + Reserve)
            throw new IOException($"the host has {free >> 20} MB of memory left");
        var pace = isAwaited ? new Pace(0, settings.BootDeadline, settings.WarmDeadline)
            : new Pace(settings.TemplateNice, settings.BootDeadline * Slower, settings.WarmDeadline * Slower);
        var shape = vmm.Shape(cpus, memoryBytes, hypervisor);
        var memory = SealedMemory.Make(memoryBytes);
        try
        {
            var state = await RecordAsync(Request(cpus, memoryBytes) with { RecordTo = memory }, hypervisor, pace, cancel);
            SealedMemory.Seal(memory);
            var template = new Template(
                new TemplateHeader(shape, cpus, memoryBytes, clock.GetUtcNow(), state.Length), new SavedGuest(memory, state));
            await RunAsync(
                Request(cpus, memoryBytes) with { From = template.Guest }, hypervisor, pace, pace.Warm,
                static (_, _, _) => Task.FromResult(Array.Empty<byte>()), cancel);
            return template;
        }
        catch (Exception e)
        {
            memory.Dispose();
            cancel.ThrowIfCancellationRequested();
            if (e is ProtocolException or GuestException or HyprException or LinuxException or OperationCanceledException)
                throw new IOException(e is OperationCanceledException ? "its agent did not answer in time" : e.Message, e);
            throw;
        }
    }

    /// <summary>A guest that booted without its fine timers, as happens on a busy host, ticks for ever: another is booted.</summary>
    private async Task<byte[]> RecordAsync(VmmRequest request, HypervisorInfo hypervisor, Pace pace, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await RunAsync(request, hypervisor, pace, pace.Boot, SaveAsync, cancel);
            }
            catch (RestlessException) when (attempt < Attempts)
            {
            }
        }
    }

    private async Task<byte[]> SaveAsync(IVmmProcess process, GuestConnection agent, CancellationToken cancel)
    {
        try
        {
            await agent.BindDisksAsync([process.RootSlot, process.WritableSlot], cancel);
        }
        catch (GuestException)
        {
            // An older agent, which binds them when it is configured: later, and that is all.
        }

        // The port is closed in the saved guest, as every VM that goes on from it finds it.
        await agent.DisposeAsync();
        await SettleAsync(process, cancel);
        return await process.SaveAsync(cancel);
    }

    /// <summary>
    /// Until the guest has nothing to do: the agent's waiting child has started, and what the kernel does behind init is done. Every machine would do it again.
    /// By the VMM's use of CPUs, for on a busy host no time is long enough.
    /// </summary>
    private async Task SettleAsync(IVmmProcess process, CancellationToken cancel)
    {
        for (var (idle, look) = (0, 0); idle < IdleLooks; look++)
        {
            if (look == MostLooks)
                throw new RestlessException();
            var before = process.CpuTime;
            await Task.Delay(Look, clock, cancel);
            idle = process.CpuTime - before <= Idle ? idle + 1 : 0;
        }
    }

    /// <summary>A VMM up to the agent's answer, then what is wanted of it, then its end.</summary>
    private async Task<byte[]> RunAsync(
        VmmRequest request, HypervisorInfo hypervisor, Pace pace, TimeSpan deadline,
        Func<IVmmProcess, GuestConnection, CancellationToken, Task<byte[]>> then, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(deadline);
        MachineFolders.Make(request.RunFolder);
        using var keeper = new KeptThread(pace.Nice);
        IVmmProcess? process = null;
        GuestConnection? agent = null;
        try
        {
            process = await keeper.RunAsync(() => vmm.Start(request, hypervisor));
            if (request.From is not null)
                await process.LoadAsync(limit.Token);
            agent = await GuestConnection.OpenAsync(process.ConnectAgent(), freshGuest: true, limit.Token);
            if (agent.Hello.State != GuestState.Fresh)
                throw new ProtocolException($"the guest is {agent.Hello.State}");
            // Answered when all modules are in.
            await agent.PingAsync(limit.Token);
            return await then(process, agent, limit.Token);
        }
        catch (IOException e) when (process?.LastWords() is { Length: > 0 } words)
        {
            throw new IOException($"{e.Message}; {words}", e);
        }
        finally
        {
            if (process is not null)
            {
                process.Kill();
                await process.Exited;
            }

            if (agent is not null)
                await agent.DisposeAsync();
            if (process is not null)
                await process.DisposeAsync();
            MachineFolders.Remove(request.RunFolder);
        }
    }

    private VmmRequest Request(int cpus, long memoryBytes)
    {
        var id = ObjectId.New();
        return new VmmRequest
        {
            MachineId = id,
            Name = "hypr-template",
            DataFolder = folders.Template(id),
            RunFolder = folders.TemplateRuntime(id),
            Cpus = cpus,
            MemoryBytes = memoryBytes,
            Nics = [],
            EndsWithThread = true,
        };
    }

    /// <param name="Boot">Deadline of a guest that boots.</param>
    /// <param name="Warm">Deadline of one that goes on.</param>
    private readonly record struct Pace(int Nice, TimeSpan Boot, TimeSpan Warm);

    private sealed class RestlessException() : IOException("the guest does not come to rest");
}
