using System.Globalization;
using Hypr.Guest.Protocol;
using Hypr.Guest.Protocol.Host;
using Hypr.Guest.Protocol.Messages;
using Hypr.Machines.Agent;
using Hypr.Machines.Vmm;
using Hypr.Primitives;

namespace Hypr.Machines.Lifecycle;

/// <summary>A guest that has its configuration, and was told of its process.</summary>
/// <param name="Output">Of the process, from its first byte.</param>
/// <param name="Started">The process's pid in the guest.</param>
internal sealed record ConfiguredGuest(IVmmProcess Process, GuestConnection Agent, bool IsWarm, Task<GuestOutput> Output, Task<int> Started);

/// <summary>The agent said nothing in its time.</summary>
internal sealed class NoHelloException(TimeSpan deadline, string words, Exception cause)
    : Exception($"its agent did not say hello within {GuestStart.Seconds(deadline)}", cause)
{
    /// <summary>What VMM and guest said last.</summary>
    public string Words => words;
}

/// <summary>
/// From a VMM's start to a configured guest: one way, whether the guest boots or goes on from a saved one. A failure ends the VMM and says why, with the
/// end of the console when the guest died.
/// </summary>
internal sealed class GuestStart(MachineHostSettings settings, IVmm vmm, TimeProvider clock)
{
    /// <param name="deadline">For the hello, and then for the configuration.</param>
    /// <exception cref="NoHelloException">It may be worth another try.</exception>
    public async Task<ConfiguredGuest> RunAsync(
        MachineSpec spec, VmmRequest request, HypervisorInfo hypervisor, TimeSpan deadline, CancellationToken cancel)
    {
        IVmmProcess? process = null;
        GuestConnection? agent = null;
        try
        {
            process = vmm.Start(request, hypervisor);
            spec.Spawned?.Invoke(process.Handle);
            agent = await HelloAsync(spec, process, request.From is not null, deadline, cancel);

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(deadline);
            var (output, started) = await ConfigureAsync(spec, process, agent, limit.Token);
            return new ConfiguredGuest(process, agent, request.From is not null, output, started);
        }
        catch (Exception e)
        {
            await EndAsync(process, agent);
            cancel.ThrowIfCancellationRequested();
            throw Explained(spec.Name, process, e, deadline);
        }
    }

    public static async Task EndAsync(IVmmProcess? process, GuestConnection? agent, RunningMachine? machine = null)
    {
        if (process is not null)
        {
            process.Kill();
            await process.Exited;
        }

        if (agent is not null)
            await agent.DisposeAsync();
        if (machine is not null)
            await machine.DisposeAsync();
        else if (process is not null)
            await process.DisposeAsync();
    }

    /// <summary>What goes wrong with a guest, as a person is told it.</summary>
    public static Exception Explained(string name, IVmmProcess? process, Exception e, TimeSpan deadline) => e switch
    {
        GuestException refused => GuestWords.Refused(refused),
        OperationCanceledException => Failed(name, $"its agent did not answer within {Seconds(deadline)}", process, e),
        ProtocolException or IOException when process is not null => Failed(name, e.Message, process, e),
        _ => e,
    };

    public static string Seconds(TimeSpan time) => $"{time.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s";

    private static async Task<GuestConnection> HelloAsync(
        MachineSpec spec, IVmmProcess process, bool isSaved, TimeSpan deadline, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(deadline);
        try
        {
            var loading = isSaved ? process.LoadAsync(limit.Token) : Task.CompletedTask;
            // Of a saved guest the port was closed between whole frames: it is as fresh.
            using var greeting = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
            var hello = GuestConnection.OpenAsync(process.ConnectAgent(), freshGuest: true, greeting.Token);
            await Task.WhenAny(loading, hello);
            if (loading.IsFaulted)
            {
                await greeting.CancelAsync();
                await hello.ContinueWith(static t => t.Exception, TaskScheduler.Default);
            }

            await loading;
            return await hello;
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new NoHelloException(deadline, process.LastWords(), e);
        }
        catch (IOException e)
        {
            // The port was closed: the VMM is going.
            await process.Exited.WaitAsync(limit.Token);
            throw Failed(spec.Name, isSaved ? "it died while resuming" : "it died while booting", process, e);
        }
    }

    /// <summary>Configuration and process in one go: the agent does not start a process after a configuration that failed.</summary>
    private async Task<(Task<GuestOutput> Output, Task<int> Started)> ConfigureAsync(
        MachineSpec spec, IVmmProcess process, GuestConnection agent, CancellationToken cancel)
    {
        var atOnce = process.NicsAtOnce(spec.Nics.Count);
        var configured = agent.ConfigureAsync(GuestWords.Configuration(spec, process, atOnce, settings.ExitDeadline, clock), cancel);
        if (atOnce < spec.Nics.Count)
        {
            // All are plugged before the first is waited for.
            await configured;
            var slots = new List<DeviceSlot>();
            foreach (var nic in spec.Nics.Skip(atOnce))
                slots.Add(await process.PlugNicAsync(new VmmNic(nic.Guest.Name, nic.Tap, nic.Guest.Mac), cancel));
            foreach (var (nic, slot) in spec.Nics.Skip(atOnce).Zip(slots))
                await agent.AddNicAsync(GuestWords.Nic(nic.Guest, slot), cancel);
        }

        // Who takes these two has deadlines of his own.
        var output = agent.OpenOutputAsync(0, CancellationToken.None);
        var started = agent.StartMainAsync(GuestWords.Process(spec.Guest.Process), CancellationToken.None);
        _ = output.ContinueWith(static t => t.Exception, TaskScheduler.Default);
        _ = started.ContinueWith(static t => t.Exception, TaskScheduler.Default);
        await configured;
        return (output, started);
    }

    private static HyprException Failed(string name, string why, IVmmProcess? process, Exception cause)
    {
        var words = process?.LastWords() ?? "";
        return new HyprException(ErrorKind.Internal, $"{name} did not start: {why}{(words.Length > 0 ? $"; {words}" : "")}", cause);
    }
}
