using Hypr.Images.Layers;
using Hypr.Images.Store;
using Hypr.Primitives;
using Hypr.Tar;

namespace Hypr.Images.Pull;

/// <summary>From layer blobs that are (or come) here to the squashfs. Layers are unpacked as they come, several at a time; the merge then reads the plain tars.</summary>
internal sealed class RootFsBuild(ImageFiles files, ImageTable table, ImageSettings settings)
{
    private const long SpaceCheckEvery = 64L << 20;

    /// <summary>Beside downloads, which wait for the network, unpacking is bound by processors.</summary>
    private readonly SemaphoreSlim _unpacking = new(Math.Max(1, Math.Min(Environment.ProcessorCount, 4)));

    /// <param name="arrivals">For each layer, bottom first, a task that ends when its blob is here.</param>
    public async Task<IReadOnlyList<LayerRecord>> RunAsync(
        ImageDescription image, IReadOnlyList<BlobRef> layers, IReadOnlyList<Task> arrivals, string name, Action<PullProgress> report, CancellationToken cancel)
    {
        var known = layers.Select((l, i) => table.KnownLayer(l.Digest, image.DiffIds[i])).ToList();
        if (files.HasRoot(image.ChainId) && known.All(l => l is not null))
        {
            await Task.WhenAll(arrivals).ConfigureAwait(false);
            return known!;
        }

        using var fate = new CommonFate(cancel);
        var unpacks = layers.Select((l, i) => UnpackAsync(image, l, i, arrivals[i], name, report, fate)).ToList();
        try
        {
            await Task.WhenAll(unpacks).ConfigureAwait(false);
            var records = layers.Select((l, i) => new LayerRecord(l.Digest.ToString(), l.MediaType, l.Size, unpacks[i].Result.UnpackedSize)).ToList();
            if (!files.HasRoot(image.ChainId))
                await WriteAsync(image, [.. unpacks.Select(u => u.Result)], layers, name, cancel).ConfigureAwait(false);
            return records;
        }
        catch (OperationCanceledException) when (fate.HasFailed)
        {
            fate.ThrowReason();
            throw;
        }
        finally
        {
            foreach (var unpack in unpacks.Where(u => u.IsCompletedSuccessfully))
                unpack.Result.Dispose();
        }
    }

    private async Task<LayerIndex> UnpackAsync(
        ImageDescription image, BlobRef layer, int number, Task arrival, string name, Action<PullProgress> report, CommonFate fate)
    {
        try
        {
            await arrival.WaitAsync(fate.Token).ConfigureAwait(false);
            await _unpacking.WaitAsync(fate.Token).ConfigureAwait(false);
            try
            {
                return await Task.Run(() => Unpack(image, layer, number, name, report, fate.Token), fate.Token).ConfigureAwait(false);
            }
            finally
            {
                _unpacking.Release();
            }
        }
        catch (Exception e)
        {
            await fate.FailAsync(e).ConfigureAwait(false);
            throw;
        }
    }

    private LayerIndex Unpack(ImageDescription image, BlobRef layer, int number, string name, Action<PullProgress> report, CancellationToken cancel)
    {
        var what = $"layer {number + 1} of {name} ({layer.Digest.Short})";
        files.RequireSpace(layer.Size, what);
        var nextCheck = SpaceCheckEvery;
        LayerIndex index;
        try
        {
            index = LayerIndex.Read(files.Blob(layer.Digest), layer.Digest, files.Temporary(), settings.MaxEntries, Progress, cancel);
        }
        catch (MalformedException e)
        {
            throw new MalformedException($"{what} is refused: {e.Message}", e);
        }

        if (index.DiffId == image.DiffIds[number])
            return index;
        index.Dispose();
        throw new MalformedException($"{what} is not what the image's configuration says: unpacked it should be {image.DiffIds[number]}, it is {index.DiffId}");

        void Progress(long unpacked, long packed)
        {
            report(new PullProgress(layer.Digest.Short, "Extracting", Math.Min(packed, layer.Size), layer.Size));
            if (unpacked < nextCheck)
                return;
            nextCheck = unpacked + SpaceCheckEvery;
            files.RequireSpace(SpaceCheckEvery, what);
        }
    }

    private async Task WriteAsync(ImageDescription image, IReadOnlyList<LayerIndex> indexes, IReadOnlyList<BlobRef> layers, string name, CancellationToken cancel)
    {
        var tree = new RootTree(settings.MaxEntries);
        for (var i = 0; i < indexes.Count; i++)
        {
            try
            {
                tree.Apply(i, indexes[i].Entries, indexes[i].Tar.SafeFileHandle);
            }
            catch (MalformedException e)
            {
                throw new MalformedException($"layer {i + 1} of {name} ({layers[i].Digest.Short}) is refused: {e.Message}", e);
            }
        }

        var temporary = files.Temporary();
        try
        {
            await SquashFs.WriteAsync(tree, temporary, cancel).ConfigureAwait(false);
            files.KeepRoot(temporary, image.ChainId);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
