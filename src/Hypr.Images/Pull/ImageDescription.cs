using System.Security.Cryptography;
using System.Text;
using Hypr.Images.Registry;
using Hypr.Images.Store;
using Hypr.Primitives;
using Hypr.Tar;

namespace Hypr.Images.Pull;

/// <summary>An image's configuration blob, read.</summary>
internal sealed record ImageDescription(Digest Id, ConfigJson Json, ImageConfig Config, IReadOnlyList<Digest> DiffIds, string ChainId)
{
    /// <exception cref="MalformedException">Or it does not fit the manifest.</exception>
    public static ImageDescription Parse(byte[] bytes, Digest id, int layers, string name)
    {
        var json = Store.Json.Parse(bytes, DocumentContext.Default.ConfigJson, $"the configuration of {name} ({id})");
        var diffIds = new List<Digest>();
        foreach (var text in json.RootFs?.DiffIds ?? [])
            diffIds.Add(Digest.TryParse(text, out var digest) ? digest : throw new MalformedException($"the configuration of {name} has the malformed diff_id '{text}'"));
        if (diffIds.Count != layers)
            throw new MalformedException($"the configuration of {name} describes {diffIds.Count} layers, its manifest {layers}");
        return new ImageDescription(id, json, Convert(json.Config), diffIds, Chain(diffIds));
    }

    public Platform Platform => Platform.Of(Json.Os ?? "linux", Json.Architecture ?? Platform.Host.Architecture, Json.Variant);

    /// <exception cref="HyprException">NotFound, in Docker's words.</exception>
    public void RequirePlatform(Platform wanted, string name)
    {
        if (!wanted.Accepts(Platform))
            throw HyprException.NotFound($"image with reference {name} was found but its platform ({Platform}) does not match the specified platform ({wanted})");
    }

    public ImageRecord Record(IReadOnlyList<LayerRecord> layers, Digest? manifest) => new(
        Json.Created, Json.Architecture ?? Platform.Host.Architecture, Json.Os ?? "linux", Json.Variant, Config, [.. DiffIds.Select(d => d.ToString())], ChainId, layers,
        manifest?.ToString());

    /// <summary>image-spec, config.md, "Layer ChainID": what is below counts, so equal chains are equal file systems.</summary>
    private static string Chain(List<Digest> diffIds)
    {
        if (diffIds.Count == 0)
            return System.Convert.ToHexStringLower(SHA256.HashData([]));
        var chain = diffIds[0];
        foreach (var diffId in diffIds.Skip(1))
            chain = Digest.FromHash(SHA256.HashData(Encoding.ASCII.GetBytes($"{chain} {diffId}")));
        return chain.Hex;
    }

    private static ImageConfig Convert(RunJson? run) => run is null ? new ImageConfig() : new ImageConfig
    {
        User = run.User ?? "",
        Env = run.Env ?? [],
        Entrypoint = run.Entrypoint,
        Cmd = run.Cmd,
        WorkingDir = run.WorkingDir ?? "",
        Labels = run.Labels ?? [],
        ExposedPorts = [.. (run.ExposedPorts ?? []).Keys.Order(StringComparer.Ordinal)],
        Volumes = [.. (run.Volumes ?? []).Keys.Order(StringComparer.Ordinal)],
        StopSignal = run.StopSignal,
        Healthcheck = run.Healthcheck is not { } check ? null : new HealthCheck
        {
            Test = check.Test ?? [],
            Interval = check.Interval ?? 0,
            Timeout = check.Timeout ?? 0,
            StartPeriod = check.StartPeriod ?? 0,
            StartInterval = check.StartInterval ?? 0,
            Retries = check.Retries ?? 0,
        },
        Shell = run.Shell is { Count: > 0 } ? run.Shell : null,
    };
}
