using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.Engine.Tests.Networks;

/// <summary>A running machine of which only the guest's network is looked at: what it was told, in order, and what it then has. It refuses where a test says.</summary>
internal sealed class ToldGuest(IEnumerable<GuestNic> nics) : IRunningMachine
{
    private readonly TaskCompletionSource<MachineExit> _exited = new();

    public Dictionary<string, GuestNic> Nics { get; } = nics.ToDictionary(n => n.Name);

    public List<string> Told { get; } = [];

    public ResolvConf? Resolver { get; private set; }

    public IReadOnlyList<HostsEntry> Hosts { get; private set; } = [];

    /// <summary>Given what is asked; gives the refusal's kind.</summary>
    public Func<string, ErrorKind?> Refuse { get; set; } = _ => null;

    public MachineHandle Handle => new("", 1, 1);

    public Task<MachineExit> Exited => _exited.Task;

    public Task AddNicAsync(MachineNic nic, CancellationToken cancel)
    {
        Hear($"add {nic.Guest.Name}");
        Assert.False(nic.Tap.IsClosed);
        Nics.Add(nic.Guest.Name, nic.Guest);
        return Task.CompletedTask;
    }

    public Task RemoveNicAsync(string name, CancellationToken cancel)
    {
        Hear($"remove {name}");
        Assert.True(Nics.Remove(name));
        return Task.CompletedTask;
    }

    public Task ConfigureNicAsync(GuestNic nic, CancellationToken cancel)
    {
        Hear($"configure {nic.Name}");
        Assert.True(Nics.ContainsKey(nic.Name));
        Nics[nic.Name] = nic;
        return Task.CompletedTask;
    }

    public Task ConfigureNamesAsync(string hostname, IReadOnlyList<HostsEntry> hosts, ResolvConf resolver, CancellationToken cancel)
    {
        Hear("names");
        (Hosts, Resolver) = (hosts, resolver);
        return Task.CompletedTask;
    }

    public Task SignalAsync(int signal, CancellationToken cancel) => throw new InvalidOperationException();

    public Task StopAsync(int signal, TimeSpan grace, CancellationToken cancel) => throw new InvalidOperationException();

    public Task KillAsync() => throw new InvalidOperationException();

    public Task PauseAsync(CancellationToken cancel) => throw new InvalidOperationException();

    public Task ResumeAsync(CancellationToken cancel) => throw new InvalidOperationException();

    public Task<IGuestSession> ExecAsync(GuestProcess process, CancellationToken cancel) => throw new InvalidOperationException();

    public Task<MachineUsage> UsageAsync(bool isPaused, CancellationToken cancel) => throw new InvalidOperationException();

    public Task<IGuestSession> AttachAsync(CancellationToken cancel) => throw new InvalidOperationException();

    public Task ResizeAsync(ushort rows, ushort columns, CancellationToken cancel) => throw new InvalidOperationException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Hear(string what)
    {
        Told.Add(what);
        if (Refuse(what) is { } kind)
        {
            throw new HyprException(kind, $"the guest refused to {what}, as the test wants");
        }
    }
}
