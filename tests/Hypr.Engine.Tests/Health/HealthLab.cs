using Hypr.Engine.Events;
using Hypr.Engine.Health;
using Hypr.Engine.Machines;
using Hypr.Images;
using Hypr.Primitives;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypr.Engine.Tests.Health;

/// <summary>One machine that runs and is watched, on a clock of the test's.</summary>
internal sealed class HealthLab
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private readonly EventLog _events;

    public HealthLab(HealthCheck own, ImageConfig? image = null)
    {
        _events = new EventLog(Clock);
        var events = new MachineEvents(_events);
        Machine = new Machine(ObjectId.New(), "web", Clock.GetUtcNow(), "sha256:1", new MachineConfig { Image = "nginx", Healthcheck = own },
            new MachineState { Status = MachineStatus.Running, StartedAt = Clock.GetUtcNow() })
        { Running = Guest };
        Monitor = new HealthMonitor(new OneImage(image ?? new ImageConfig()), new Execs(events), events, Clock, NullLogger<HealthMonitor>.Instance);
        Monitor.Begin(Machine, Clock.GetUtcNow());
    }

    public ManualClock Clock { get; } = new();

    public CheckedGuest Guest { get; } = new();

    public Machine Machine { get; }

    public HealthMonitor Monitor { get; }

    public HealthState Health => Machine.Health.State!;

    public int Checks => Guest.Started.Count;

    /// <summary>Actions so far.</summary>
    public IReadOnlyList<string> Events
    {
        get
        {
            using var end = new CancellationTokenSource();
            var all = new List<string>();
            var past = _events.Listen(DateTimeOffset.MinValue, null, end.Token).GetAsyncEnumerator(end.Token);
            while (past.MoveNextAsync() is { IsCompletedSuccessfully: true, Result: true })
            {
                all.Add(past.Current.Action);
            }

            end.Cancel();
            return all;
        }
    }

    public static async Task Until(Func<bool> condition)
    {
        using var end = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(1, end.Token);
        }
    }

    /// <summary>Time goes on to the next check, which ends, and the one after it is set; how long it was.</summary>
    public async Task<TimeSpan> NextAsync()
    {
        await Until(() => Clock.Pending.Count == 1);
        var pause = Clock.Pending[0];
        var (before, at) = (Health.Log.LastOrDefault(), Clock.GetUtcNow() + pause);
        Clock.Advance(pause);
        await Until(() => Health.Log.LastOrDefault() is { } last && last != before && last.Start >= at && Clock.Pending.Count == 1);
        return pause;
    }

    private sealed class OneImage(ImageConfig config) : IImageService
    {
        public IReadOnlyList<string> Check() => [];

        public Image? Find(string nameOrId) => new("sha256:1", ["nginx:latest"], [], null, 0, "amd64", "linux", config, [], "/dev/null");

        public Task<Image> PullAsync(string reference, PullOptions options, CancellationToken cancel) => throw new InvalidOperationException();

        public Task<string?> LoginAsync(string server, RegistryCredentials credentials, CancellationToken cancel) => throw new InvalidOperationException();

        public Task<IReadOnlyList<LoadedImage>> LoadAsync(Stream archive, CancellationToken cancel) => throw new InvalidOperationException();

        public IReadOnlyList<Image> List() => [];

        public Task SaveAsync(IReadOnlyList<string> names, Stream to, CancellationToken cancel) => throw new InvalidOperationException();

        public Task<Image> ImportAsync(Stream root, ImportOptions options, CancellationToken cancel) => throw new InvalidOperationException();

        public IReadOnlyList<HistoryItem> History(string nameOrId) => [];

        public Image Tag(string nameOrId, string name) => throw new InvalidOperationException();

        public IReadOnlyList<ImageRemoval> Remove(string nameOrId, bool force, Func<string, IReadOnlyList<string>> inUseBy) => [];
    }
}
