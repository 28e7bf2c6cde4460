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
    // The agent's waiting child starts, and what the kernel does behind init's back (module work, RCU, the port's closing) shall be done before it is copied a thousand times.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    /// <exception cref="IOException">It did not come about; the message says why.</exception>
    public async Task<Template> MakeAsync(int cpus, long memoryBytes, HypervisorInfo hypervisor, CancellationToken cancel)
    {
        var shape = vmm.Shape(cpus, memoryBytes, hypervisor);
        var memory = SealedMemory.Make(memoryBytes);
        try
        {
            var state = await RunAsync(
                Request(cpus, memoryBytes) with { RecordTo = memory }, hypervisor, settings.BootDeadline, SaveAsync, cancel);
            SealedMemory.Seal(memory);
            var template = new Template(
                new TemplateHeader(shape, cpus, memoryBytes, clock.GetUtcNow(), state.Length), new SavedGuest(memory, state));
            await RunAsync(
                Request(cpus, memoryBytes) with { From = template.Guest }, hypervisor, settings.WarmDeadline,
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

    private async Task<byte[]> SaveAsync(IVmmProcess process, GuestConnection agent, CancellationToken cancel)
    {
        // The port is closed in the saved guest, as every VM that goes on from it finds it.
        await agent.DisposeAsync();
        await Task.Delay(Settling, clock, cancel);
        return await process.SaveAsync(cancel);
    }

    /// <summary>A VMM up to the agent's answer, then what is wanted of it, then its end.</summary>
    private async Task<byte[]> RunAsync(
        VmmRequest request, HypervisorInfo hypervisor, TimeSpan deadline,
        Func<IVmmProcess, GuestConnection, CancellationToken, Task<byte[]>> then, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(deadline);
        MachineFolders.Make(request.RunFolder);
        using var keeper = new KeptThread();
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
}
