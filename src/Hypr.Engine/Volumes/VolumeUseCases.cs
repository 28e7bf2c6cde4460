using Hypr.Engine.Events;
using Hypr.Engine.Machines;
using Hypr.Machines;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Engine.Volumes;

/// <summary>
/// Making, looking at and removing volumes. One change at a time: between the look whether a volume is used and its removal no machine comes that uses it.
/// </summary>
internal sealed partial class VolumeUseCases(
    VolumeRegistry volumes, MachineRegistry machines, IVolumeFiles files, EventLog events, TimeProvider clock, ILogger<VolumeUseCases> log)
{
    private readonly SemaphoreSlim _gate = new(1, 1);

    public IReadOnlyList<VolumeView> All()
    {
        var users = machines.All().SelectMany(m => m.Config.Volumes.Select(v => (v.Volume, m.Id))).Distinct().ToLookup(p => p.Volume, p => p.Id);
        return [.. volumes.All().Select(v => View(v, [.. users[v.Name]]))];
    }

    public VolumeView View(string name) => View(volumes.Get(name), UsersOf(name));

    public Task<VolumeView> CreateAsync(VolumeSpec spec, CancellationToken cancel) => GatedAsync(async () =>
    {
        var volume = await EnsureAsync(spec, cancel);
        return View(volume, UsersOf(volume.Name));
    }, cancel);

    public Task RemoveAsync(string name, bool force, CancellationToken cancel) => GatedAsync(() =>
    {
        // Docker's force: no error when there is none. In use stays in use.
        if (volumes.Find(name) is not { } volume)
        {
            return force ? Task.FromResult(0L) : throw HyprException.NotFound($"get {name}: no such volume");
        }

        var users = UsersOf(name);
        return users.Count > 0
            ? throw HyprException.Conflict($"remove {name}: volume is in use - [{string.Join(", ", users)}]")
            : Task.FromResult(Remove(volume));
    }, cancel);

    /// <summary>Removes what <paramref name="matches"/> and no machine uses; gives names and bytes won.</summary>
    public Task<(IReadOnlyList<string> Names, long Bytes)> PruneAsync(Func<Volume, bool> matches, CancellationToken cancel) => GatedAsync(() =>
    {
        var gone = new List<string>();
        long bytes = 0;
        foreach (var volume in volumes.All().Where(v => matches(v) && UsersOf(v.Name).Count == 0))
        {
            bytes += Remove(volume);
            gone.Add(volume.Name);
        }

        events.Publish("volume", "prune", "", new Dictionary<string, string> { ["reclaimed"] = bytes.ToString(System.Globalization.CultureInfo.InvariantCulture) });
        return Task.FromResult<(IReadOnlyList<string>, long)>((gone, bytes));
    }, cancel);

    /// <summary>
    /// The volumes of a new machine: those that are missing are made, then <paramref name="store"/> stores the machine, and from there on it uses them. If that
    /// fails, those made here go again. Gives the names of those.
    /// </summary>
    public Task<IReadOnlyList<string>> TakeAsync(IReadOnlyList<VolumeWish> wishes, Action<IReadOnlyList<VolumeMount>> store, CancellationToken cancel) =>
        GatedAsync(async () =>
        {
            var made = new List<Volume>();
            try
            {
                var mounts = new List<VolumeMount>();
                foreach (var wish in wishes)
                {
                    var known = wish.Spec.Name.Length > 0 && volumes.Find(wish.Spec.Name) is not null;
                    var volume = await EnsureAsync(wish.Spec, cancel);
                    if (!known)
                    {
                        made.Add(volume);
                    }

                    mounts.Add(wish.Mount with { Volume = volume.Name });
                }

                store(mounts);
                return (IReadOnlyList<string>)[.. made.Select(v => v.Name)];
            }
            catch
            {
                foreach (var volume in made.Where(v => UsersOf(v.Name).Count == 0))
                {
                    Remove(volume);
                }

                throw;
            }
        }, cancel);

    /// <summary>Those of the named volumes that nobody uses (any more) go: what an undone create made, what a removed machine had for itself.</summary>
    public Task DropAsync(IEnumerable<string> names) => GatedAsync(() =>
    {
        foreach (var volume in names.Distinct().Select(volumes.Find).OfType<Volume>().Where(v => UsersOf(v.Name).Count == 0))
        {
            try
            {
                Remove(volume);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Left(log, volume.Name, e.Message);
            }
        }

        return Task.FromResult(0);
    }, CancellationToken.None);

    /// <summary>At hyprd's start: what was half-way goes.</summary>
    public void Restore()
    {
        foreach (var volume in volumes.HalfDone())
        {
            files.Delete(volume.Name);
            volumes.Remove(volume);
        }
    }

    private async Task<Volume> EnsureAsync(VolumeSpec spec, CancellationToken cancel)
    {
        VolumeOptions.CheckDriver(spec.Driver);
        var size = VolumeOptions.SizeOf(spec.Options, files.DefaultBytes, files.LeastBytes);
        if (spec.Name.Length > 0 && volumes.Find(VolumeOptions.CheckedName(spec.Name)) is { } known)
        {
            return spec.Options.Count == 0 || known.Config.SizeBytes == size
                ? known
                : throw HyprException.Conflict($"A volume named {spec.Name} already exists with a size of {known.Config.SizeBytes >> 20}m: choose a different volume name, or remove it first");
        }

        // The intent first: found in Creating at hyprd's start, it goes with its file.
        var labels = spec.Name.Length > 0 ? spec.Labels : new Dictionary<string, string>(spec.Labels) { [Volume.AnonymousLabel] = "" };
        var config = new VolumeConfig { SizeBytes = size, Options = spec.Options, Labels = labels };
        var volume = new Volume(spec.Name.Length > 0 ? spec.Name : ObjectId.New(), clock.GetUtcNow(), config);
        if (File.Exists(files.PathOf(volume.Name)))
        {
            throw HyprException.Conflict(
                $"the file {files.PathOf(volume.Name)} is in the way of a volume {volume.Name}: it is of no volume that this hyprd knows. Move it away");
        }

        volumes.Add(volume);
        try
        {
            await files.CreateAsync(volume.Name, size, cancel);
            volume = volumes.SetStage(volume, VolumeStage.Ready);
        }
        catch
        {
            files.Delete(volume.Name);
            volumes.Remove(volume);
            throw;
        }

        Publish(volume, "create");
        return volume;
    }

    /// <summary>Gives the bytes won.</summary>
    private long Remove(Volume volume)
    {
        var bytes = files.UsedBytes(volume.Name);
        var going = volumes.SetStage(volume, VolumeStage.Removing);
        files.Delete(volume.Name);
        volumes.Remove(going);
        Publish(volume, "destroy");
        return bytes;
    }

    private void Publish(Volume volume, string action) =>
        events.Publish("volume", action, volume.Name, new Dictionary<string, string> { ["driver"] = VolumeOptions.Driver });

    private List<string> UsersOf(string name) => [.. machines.All().Where(m => m.Config.Volumes.Any(v => v.Volume == name)).Select(m => m.Id)];

    private VolumeView View(Volume volume, IReadOnlyList<string> users) => new(volume, files.PathOf(volume.Name), users, files.UsedBytes(volume.Name));

    private async Task<T> GatedAsync<T>(Func<Task<T>> change, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            return await change();
        }
        finally
        {
            _gate.Release();
        }
    }

    [LoggerMessage(LogLevel.Warning, "the volume {Volume} could not be removed: {Reason}")]
    private static partial void Left(ILogger logger, string volume, string reason);
}
