using Hypr.Images.Registry;
using Hypr.Images.Store;
using Hypr.Primitives;
using Hypr.Tar;

namespace Hypr.Images.Pull;

/// <summary>The use case: from a name to an image that is here.</summary>
internal sealed class PullImage(ImageFiles files, ImageTable table, RootFsBuild build, Transport transport, ImageSettings settings, TimeProvider clock)
{
    private const int MaxConfig = 8 << 20;
    private const int MaxIndexDepth = 2;
    private const long WriteBehindEvery = 16 << 20;

    private readonly SharedWork<IReadOnlyList<LayerRecord>> _builds = new();
    private readonly SharedWork<bool> _blobs = new();

    public async Task<Image> RunAsync(string text, PullOptions options, CancellationToken cancel)
    {
        // 1. What is asked for.
        var reference = ImageReference.Parse(text);
        var platform = options.Platform is { Length: > 0 } asked ? Platform.Parse(asked) : Platform.Host;
        var log = new ProgressLog(options.Progress, clock);

        // 2. Who has it: mirrors first, the registry itself last.
        var endpoints = RegistryEndpoint.For(reference.Domain, settings);
        var notes = new List<string>();
        for (var i = 0; ; i++)
        {
            try
            {
                return await FromAsync(endpoints[i], reference, platform, options, log, cancel).ConfigureAwait(false);
            }
            catch (MalformedException e)
            {
                throw HyprException.Unavailable($"cannot pull {reference.Familiar} from {endpoints[i].Name}: {e.Message}", e);
            }
            catch (RegistryException e) when (i + 1 < endpoints.Count)
            {
                notes.Add($"{endpoints[i].Name}: {e.Words}");
            }
            catch (RegistryException e)
            {
                throw e.InWords(reference, endpoints[i].Name, notes);
            }
        }
    }

    private async Task<Image> FromAsync(RegistryEndpoint endpoint, ImageReference reference, Platform platform, PullOptions options, ProgressLog log, CancellationToken cancel)
    {
        var session = await RegistrySession.OpenAsync(transport, settings, clock, endpoint, reference.Path, options.Credentials, cancel).ConfigureAwait(false);

        // 3. The manifest for the platform. The image is called by the digest of what the name means: the list, where there is one.
        var top = await session.GetManifestAsync(reference.TagOrDigest, cancel).ConfigureAwait(false);
        log.Report(new PullProgress(reference.TagOrDigest, $"Pulling from {reference.Path}"));
        var manifest = await ResolveAsync(session, top, reference, platform, cancel).ConfigureAwait(false);
        using var pin = files.Pin(manifest.Layers.Select(l => l.Digest.Hex).Append(manifest.Config.Digest.Hex));

        // 4. The configuration says what the layers are.
        var description = await DescribeAsync(session, manifest, reference, cancel).ConfigureAwait(false);
        description.RequirePlatform(platform, reference.Familiar);
        using var root = table.HoldRoot(description.ChainId);

        // 5. The layers and the file system; two pulls of the same image are one.
        var layers = await _builds.RunAsync(manifest.Digest.ToString(), log.Report,
            (report, stop) => BuildAsync(session, manifest, description, reference, report, stop), cancel).ConfigureAwait(false);

        // 6. Only now it is an image. A digest is a name too.
        List<ImageReference> names = [reference.WithDigest(top.Digest)];
        if (reference.Digest is null)
            names.Add(reference);
        var (image, changed) = table.Add(description.Id, description.Record(layers, manifest.Digest), names);
        log.Report(new PullProgress(null, $"Digest: {top.Digest}"));
        log.Report(new PullProgress(null, changed ? $"Status: Downloaded newer image for {reference.Familiar}" : $"Status: Image is up to date for {reference.Familiar}"));
        return image;
    }

    private static async Task<ImageManifest> ResolveAsync(RegistrySession session, ManifestBytes bytes, ImageReference reference, Platform platform, CancellationToken cancel)
    {
        for (var depth = 0; ; depth++)
        {
            var json = Json.Parse(bytes.Json, DocumentContext.Default.ManifestJson, $"the manifest of {reference.Familiar}");
            if (!ImageManifest.IsIndex(json, bytes.MediaType))
                return ImageManifest.Of(json, bytes.Digest, reference.Familiar);
            if (depth == MaxIndexDepth)
                throw new MalformedException($"the manifest lists of {reference.Familiar} are nested too deeply");
            var chosen = BlobRef.Of(ImageManifest.Choose(json, platform), reference.Familiar);
            bytes = await session.GetManifestAsync(chosen.Digest.ToString(), cancel).ConfigureAwait(false);
        }
    }

    private async Task<ImageDescription> DescribeAsync(RegistrySession session, ImageManifest manifest, ImageReference reference, CancellationToken cancel)
    {
        if (manifest.Config.Size > MaxConfig)
            throw new MalformedException($"the configuration of {reference.Familiar} has {manifest.Config.Size} bytes, more than {MaxConfig}");
        await FetchAsync(session, manifest.Config, static _ => { }, cancel).ConfigureAwait(false);
        var bytes = await File.ReadAllBytesAsync(files.Blob(manifest.Config.Digest), cancel).ConfigureAwait(false);
        return ImageDescription.Parse(bytes, manifest.Config.Digest, manifest.Layers.Count, reference.Familiar);
    }

    private async Task<IReadOnlyList<LayerRecord>> BuildAsync(
        RegistrySession session, ImageManifest manifest, ImageDescription description, ImageReference reference, Action<PullProgress> report, CancellationToken cancel)
    {
        var missing = manifest.Layers.Distinct().Where(l => !files.HasBlob(l.Digest)).ToHashSet();
        files.RequireSpace(missing.Sum(l => Math.Min(l.Size, long.MaxValue / 2000)), reference.Familiar);
        foreach (var layer in manifest.Layers.Distinct())
            report(new PullProgress(layer.Digest.Short, missing.Contains(layer) ? "Pulling fs layer" : "Already exists"));
        foreach (var layer in missing.Skip(settings.ParallelDownloads))
            report(new PullProgress(layer.Digest.Short, "Waiting"));

        using var fate = new CommonFate(cancel);
        using var slots = new SemaphoreSlim(settings.ParallelDownloads);
        var fetches = missing.ToDictionary(l => l.Digest, l => FetchInTurnAsync(session, l, slots, report, fate));
        try
        {
            var arrivals = manifest.Layers.Select(l => fetches.GetValueOrDefault(l.Digest) ?? Task.CompletedTask).ToList();
            var records = await build.RunAsync(description, manifest.Layers, arrivals, reference.Familiar,
                line => ReportOfMissing(line, missing, report), fate.Token).ConfigureAwait(false);
            foreach (var layer in missing)
                report(new PullProgress(layer.Digest.Short, "Pull complete"));
            return records;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested && fate.HasFailed)
        {
            fate.ThrowReason();
            throw;
        }
        finally
        {
            await fate.StopAsync().ConfigureAwait(false);
            await Task.WhenAll(fetches.Values).ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
        }
    }

    /// <summary>A layer that was here already says so and nothing more, as Docker has it.</summary>
    private static void ReportOfMissing(PullProgress line, HashSet<BlobRef> missing, Action<PullProgress> report)
    {
        if (missing.Any(m => m.Digest.Short == line.Id))
            report(line);
    }

    private async Task FetchInTurnAsync(RegistrySession session, BlobRef blob, SemaphoreSlim slots, Action<PullProgress> report, CommonFate fate)
    {
        await slots.WaitAsync(fate.Token).ConfigureAwait(false);
        try
        {
            await FetchAsync(session, blob, report, fate.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await fate.FailAsync(e).ConfigureAwait(false);
            throw;
        }
        finally
        {
            slots.Release();
        }
    }

    /// <summary>Fetches a blob once, however many pulls want it at the moment.</summary>
    private Task FetchAsync(RegistrySession session, BlobRef blob, Action<PullProgress> watch, CancellationToken cancel) =>
        _blobs.RunAsync(blob.Digest.ToString(), watch, async (report, stop) =>
        {
            if (files.HasBlob(blob.Digest))
                return true;
            var temporary = files.Temporary();
            var id = blob.Digest.Short;
            try
            {
                await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete, 0))
                {
                    var begun = 0L;
                    await session.FetchBlobAsync(blob.Digest, blob.Size, file, Received, stop).ConfigureAwait(false);
                    report(new PullProgress(id, "Verifying Checksum"));
                    file.Flush(flushToDisk: true);

                    void Received(long have)
                    {
                        report(new PullProgress(id, "Downloading", have, blob.Size));
                        if (have - begun < WriteBehindEvery)
                            return;
                        begun = have;
                        WriteBehind.Begin(file.SafeFileHandle);
                    }
                }

                files.KeepBlob(temporary, blob.Digest);
                report(new PullProgress(id, "Download complete"));
                return true;
            }
            finally
            {
                File.Delete(temporary);
            }
        }, cancel);
}
