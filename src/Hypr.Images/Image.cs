using Hypr.Images.Registry;
using Hypr.Primitives;

namespace Hypr.Images;

/// <summary>An image that is wholly here: its configuration read, its layers merged into one squashfs that all its machines share.</summary>
/// <param name="Id"><c>sha256:</c> and the digest of the configuration blob.</param>
/// <param name="Tags">As Docker shows them: <c>nginx:latest</c>, <c>127.0.0.1:5000/nginx:latest</c>.</param>
/// <param name="Digests">As Docker shows them: <c>nginx@sha256:...</c>.</param>
/// <param name="Created">From the configuration; null when the image does not say.</param>
/// <param name="Size">Bytes of the layers, uncompressed, as Docker counts.</param>
/// <param name="RootFs">The path of the read-only squashfs.</param>
public sealed record Image(
    string Id,
    IReadOnlyList<string> Tags,
    IReadOnlyList<string> Digests,
    DateTimeOffset? Created,
    long Size,
    string Architecture,
    string Os,
    ImageConfig Config,
    IReadOnlyList<string> DiffIds,
    string RootFs)
{
    /// <summary>NotFound, in Docker's words, when it is for another platform than this: a client then pulls the one that fits.</summary>
    /// <param name="platform"><c>linux/arm64</c>; null or empty: the host's, for a VM runs no other.</param>
    public void RequirePlatform(string? platform)
    {
        var wanted = string.IsNullOrEmpty(platform) ? Platform.Host : Platform.Parse(platform);
        var own = Platform.Of(Os, Architecture, null);
        if (!wanted.Accepts(own))
        {
            // Where one was asked for, a client pulls that one.
            var name = Tags.FirstOrDefault() ?? Id;
            throw string.IsNullOrEmpty(platform)
                ? HyprException.Invalid($"the image {name} is for {own}, and VMs of this host run {wanted}: pull or import one for that")
                : HyprException.NotFound(
                    $"image with reference {name} was found but its platform ({own}) does not match the specified platform ({wanted})");
        }
    }
}

/// <summary>The <c>config</c> object of the OCI image configuration (image-spec, config.md).</summary>
public sealed record ImageConfig
{
    public string User { get; init; } = "";
    public IReadOnlyList<string> Env { get; init; } = [];
    public IReadOnlyList<string>? Entrypoint { get; init; }
    public IReadOnlyList<string>? Cmd { get; init; }
    public string WorkingDir { get; init; } = "";
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary><c>80/tcp</c>, ...</summary>
    public IReadOnlyList<string> ExposedPorts { get; init; } = [];
    public IReadOnlyList<string> Volumes { get; init; } = [];
    public string? StopSignal { get; init; }

    /// <summary>Docker's HEALTHCHECK; the OCI configuration has no such field, and builders write it all the same.</summary>
    public HealthCheck? Healthcheck { get; init; }

    /// <summary>Docker's SHELL, in which a <c>CMD-SHELL</c> test runs; null: <c>/bin/sh -c</c>.</summary>
    public IReadOnlyList<string>? Shell { get; init; }
}

/// <summary>Docker's Healthcheck. Durations are nanoseconds; 0 is what is below (the image's for a machine), and at last Docker's default.</summary>
public sealed record HealthCheck
{
    /// <summary>Empty: what is below. <c>NONE</c>; <c>CMD</c> and the arguments; <c>CMD-SHELL</c> and a line of shell.</summary>
    public IReadOnlyList<string> Test { get; init; } = [];
    public long Interval { get; init; }
    public long Timeout { get; init; }

    /// <summary>After the start: failures do not count until the first success.</summary>
    public long StartPeriod { get; init; }

    /// <summary>The interval until then.</summary>
    public long StartInterval { get; init; }
    public int Retries { get; init; }
}
