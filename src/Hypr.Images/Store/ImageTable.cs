using System.Text.Json;
using Hypr.Images.Registry;
using Hypr.Primitives;
using Hypr.Store;
using Hypr.Store.Images;
using Microsoft.Extensions.Logging;

namespace Hypr.Images.Store;

/// <summary>The images that are here and their names: in memory for reading, in the database first when they change.</summary>
internal sealed partial class ImageTable
{
    private readonly Database _database;
    private readonly ImageRows _rows;
    private readonly ImageFiles _files;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (ImageRow Row, ImageRecord Record)> _images = new(StringComparer.Ordinal);

    // Canonical name to image id. Sorted, so that lists of names are.
    private readonly SortedDictionary<string, (string Id, ImageReference Reference)> _names = new(StringComparer.Ordinal);

    public ImageTable(Database database, ImageFiles files, TimeProvider clock, ILogger logger)
    {
        _database = database;
        _rows = new ImageRows(database);
        _files = files;
        foreach (var row in _rows.All())
        {
            var record = JsonSerializer.Deserialize(row.Config, DocumentContext.Default.ImageRecord)!;
            if (files.HasRoot(record.ChainId))
            {
                _images.Add(row.Id, (row, record));
            }
            else
            {
                LogLost(logger, row.Id, files.Root(record.ChainId));
                _rows.Delete(row.Id);
            }
        }

        foreach (var name in _rows.Names())
            _names.Add(name.Name, (name.ImageId, ImageReference.Parse(name.Name)));
        files.Sweep(
            _images.SelectMany(i => i.Value.Record.Layers.Select(l => Digest.TryParse(l.Digest, out var d) ? d.Hex : "").Append(i.Key["sha256:".Length..])).ToHashSet(),
            _images.Values.Select(i => i.Record.ChainId).ToHashSet(), clock.GetUtcNow());
    }

    public IReadOnlyList<Image> List()
    {
        lock (_gate)
            return [.. _images.Values.OrderByDescending(i => i.Row.Created ?? DateTimeOffset.MinValue).ThenBy(i => i.Row.Id, StringComparer.Ordinal).Select(View)];
    }

    public Image? Find(string nameOrId)
    {
        lock (_gate)
            return IdOf(nameOrId, out _) is { } id ? View(_images[id]) : null;
    }

    /// <summary>What a name stands for: one image by id or tagged name; all tags of a repository by its bare name.</summary>
    public IReadOnlyList<(string Id, ImageRecord Record, ImageReference? Name)> Named(string text)
    {
        lock (_gate)
        {
            if (ImageReference.TryParse(text, out _) is { Digest: null } bare && !text[(text.LastIndexOf('/') + 1)..].Contains(':'))
            {
                var tags = _names.Values.Where(n => n.Reference.Digest is null && IsSameRepository(n.Reference, bare)).ToList();
                if (tags.Count > 0)
                    return [.. tags.Select(n => (n.Id, _images[n.Id].Record, (ImageReference?)n.Reference))];
            }

            return IdOf(text, out var name) is { } id ? [(id, _images[id].Record, name)] : [];
        }
    }

    public IReadOnlyList<HistoryItem> History(string nameOrId)
    {
        string id;
        ImageRecord record;
        lock (_gate)
        {
            id = IdOf(nameOrId, out _) ?? throw NoSuchImage(nameOrId);
            record = _images[id].Record;
        }

        var config = Json.Parse(File.ReadAllBytes(_files.Blob(Digest.OfHex(id["sha256:".Length..]))), DocumentContext.Default.ConfigJson, $"the configuration of {nameOrId}");
        var items = new List<HistoryItem>();
        var layer = 0;
        foreach (var step in config.History ?? [])
        {
            var size = step.EmptyLayer == true || layer >= record.Layers.Count ? 0 : record.Layers[layer++].UnpackedSize;
            items.Add(new HistoryItem(ParseTime(step.Created), step.CreatedBy ?? "", size, step.Comment ?? ""));
        }

        // Layers that the history says nothing of.
        items.AddRange(record.Layers.Skip(layer).Select(l => new HistoryItem(ParseTime(record.Created), "", l.UnpackedSize, "")));
        items.Reverse();
        return items;
    }

    /// <summary>The layers' records that are known by their DiffId, for a layer that need not be unpacked to know its size.</summary>
    public LayerRecord? KnownLayer(Digest blob, Digest diffId)
    {
        lock (_gate)
        {
            foreach (var (_, record) in _images.Values)
            {
                for (var i = 0; i < record.Layers.Count; i++)
                {
                    if (record.DiffIds[i] == diffId.ToString() && record.Layers[i].Digest == blob.ToString())
                        return record.Layers[i];
                }
            }

            return null;
        }
    }

    /// <summary>Adds an image and gives it names; all of it or nothing. True when it was not here or one of the names was not its own before.</summary>
    public (Image Image, bool Changed) Add(Digest id, ImageRecord record, IReadOnlyList<ImageReference> names)
    {
        var row = new ImageRow(id.ToString(), ParseTime(record.Created), record.Layers.Sum(l => l.UnpackedSize), JsonSerializer.Serialize(record, DocumentContext.Default.ImageRecord));
        lock (_gate)
        {
            var changed = !_images.ContainsKey(row.Id) || names.Any(n => !_names.TryGetValue(n.Canonical, out var owner) || owner.Id != row.Id);
            if (changed)
            {
                _database.Transact(() =>
                {
                    _rows.Add(row);
                    foreach (var name in names)
                        _rows.SetName(name.Canonical, row.Id);
                });
            }

            _images.TryAdd(row.Id, (row, record));
            foreach (var name in names)
                _names[name.Canonical] = (row.Id, name);
            return (View(_images[row.Id]), changed);
        }
    }

    /// <summary>Keeps the file system of a chain from removal; when let go, one that no image came to have is removed.</summary>
    public IDisposable HoldRoot(string chainId) => new RootHold(this, chainId, _files.Pin([chainId]));

    public Image Tag(string nameOrId, ImageReference name)
    {
        lock (_gate)
        {
            var id = IdOf(nameOrId, out _) ?? throw NoSuchImage(nameOrId);
            _rows.SetName(name.Canonical, id);
            _names[name.Canonical] = (id, name);
            return View(_images[id]);
        }
    }

    /// <summary>Docker's rules (daemon/images/image_delete.go), with one more: the file system of an image that any machine has, running or not, stays.</summary>
    public IReadOnlyList<ImageRemoval> Remove(string nameOrId, bool force, Func<string, IReadOnlyList<string>> inUseBy)
    {
        lock (_gate)
        {
            var id = IdOf(nameOrId, out var name) ?? throw NoSuchImage(nameOrId);
            var users = inUseBy(id);
            var names = NamesOf(id);
            var goes = new List<ImageReference>();
            if (name is not null)
            {
                if (!force && IsSingle(names) && users.Count > 0)
                {
                    throw HyprException.Conflict($"conflict: unable to remove repository reference \"{nameOrId}\" (must force) - container {ObjectId.Short(users[0])} "
                        + $"is using its referenced image {Short(id)}");
                }

                goes.Add(name);
                // The digests of a repository go with its last tag.
                if (name.Digest is null && !names.Any(n => n.Digest is null && n != name && IsSameRepository(n, name)))
                    goes.AddRange(names.Where(n => n.Digest is not null && IsSameRepository(n, name)));
            }
            else
            {
                if (users.Count > 0)
                    throw HyprException.Conflict($"conflict: unable to delete {Short(id)} (cannot be forced) - image is being used by container {ObjectId.Short(users[0])}");
                if (!force && !IsSingle(names))
                    throw HyprException.Conflict($"conflict: unable to delete {Short(id)} (must be forced) - image is referenced in multiple repositories");
                goes.AddRange(names);
            }

            return Remove(id, goes, deletes: goes.Count == names.Count && users.Count == 0);
        }
    }

    private List<ImageRemoval> Remove(string id, List<ImageReference> names, bool deletes)
    {
        _database.Transact(() =>
        {
            foreach (var name in names)
                _rows.DeleteName(name.Canonical);
            if (deletes)
                _rows.Delete(id);
        });
        var removals = new List<ImageRemoval>();
        foreach (var name in names)
        {
            _names.Remove(name.Canonical);
            removals.Add(new ImageRemoval(name.Familiar, null));
        }

        if (deletes)
        {
            _images.Remove(id, out var gone);
            removals.Add(new ImageRemoval(null, id));
            DropFiles(id, gone.Record);
        }

        return removals;
    }

    private void DropFiles(string id, ImageRecord gone)
    {
        var needed = _images.Values.SelectMany(i => i.Record.Layers.Select(l => l.Digest)).Concat(_images.Keys).ToHashSet();
        var chains = _images.Values.Select(i => i.Record.ChainId).ToHashSet();
        _files.Drop(
            gone.Layers.Select(l => l.Digest).Append(id).Where(d => !needed.Contains(d)).Select(d => Digest.OfHex(d["sha256:".Length..])),
            new[] { gone.ChainId }.Where(c => !chains.Contains(c)));
    }

    /// <summary>By full id, name, unique prefix of an id. <paramref name="name"/>: what was meant when it was a name.</summary>
    private string? IdOf(string text, out ImageReference? name)
    {
        name = null;
        var hex = text.StartsWith("sha256:", StringComparison.Ordinal) ? text["sha256:".Length..] : text;
        if (hex.Length == 64 && _images.ContainsKey("sha256:" + hex))
            return "sha256:" + hex;
        if (ImageReference.TryParse(text, out _) is { } reference && _names.TryGetValue(reference.Canonical, out var named))
        {
            name = named.Reference;
            return named.Id;
        }

        if (hex.Length is 0 or > 64 || hex.AsSpan().ContainsAnyExcept("0123456789abcdef"))
            return null;
        var matches = _images.Keys.Where(k => k.AsSpan("sha256:".Length).StartsWith(hex, StringComparison.Ordinal)).Take(2).ToList();
        return matches.Count <= 1 ? matches.FirstOrDefault() : throw HyprException.Invalid($"ambiguous image id \"{text}\": it begins the ids of several images, write more of it");
    }

    private List<ImageReference> NamesOf(string id) => [.. _names.Values.Where(n => n.Id == id).Select(n => n.Reference)];

    private Image View((ImageRow Row, ImageRecord Record) image)
    {
        var names = NamesOf(image.Row.Id);
        var record = image.Record;
        return new Image(
            image.Row.Id, [.. names.Where(n => n.Digest is null).Select(n => n.Familiar)], [.. names.Where(n => n.Digest is not null).Select(n => n.Familiar)],
            ParseTime(record.Created), image.Row.Size, record.Architecture, record.Os, record.Config, record.DiffIds, _files.Root(record.ChainId));
    }

    private static bool IsSingle(List<ImageReference> names) =>
        names.Count(n => n.Digest is null) <= 1 && names.All(n => IsSameRepository(n, names[0]));

    private static bool IsSameRepository(ImageReference a, ImageReference b) => a.Domain == b.Domain && a.Path == b.Path;

    private static string Short(string id) => ObjectId.Short(id["sha256:".Length..]);

    private static HyprException NoSuchImage(string nameOrId) => HyprException.NotFound($"No such image: {nameOrId}");

    private static DateTimeOffset? ParseTime(string? text) =>
        DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    [LoggerMessage(Level = LogLevel.Warning, Message = "image {Id} is forgotten: its file system {Path} is missing; pull it again")]
    private static partial void LogLost(ILogger logger, string id, string path);

    private sealed class RootHold(ImageTable table, string chainId, IDisposable pin) : IDisposable
    {
        public void Dispose()
        {
            lock (table._gate)
            {
                pin.Dispose();
                if (!table._images.Values.Any(i => i.Record.ChainId == chainId))
                    table._files.Drop([], [chainId]);
            }
        }
    }
}
