using Hypr.Primitives;

namespace Hypr.Images;

/// <summary>How images are fetched and kept. The names of daemon.json's keys are Docker's.</summary>
public sealed record ImageSettings
{
    /// <summary>Where everything of this library is: <c>&lt;data&gt;/images</c>. Made when missing.</summary>
    public required string Folder { get; init; }

    /// <summary><c>registry-mirrors</c>: URLs asked before Docker Hub, for docker.io's repositories only, in this order.</summary>
    public IReadOnlyList<string> RegistryMirrors { get; init; } = [];

    /// <summary><c>insecure-registries</c>: <c>host</c>, <c>host:port</c> or a CIDR block. Such a registry may speak plain HTTP or have any certificate. 127.0.0.0/8 and ::1 always may.</summary>
    public IReadOnlyList<string> InsecureRegistries { get; init; } = [];

    /// <summary><c>max-concurrent-downloads</c> of one pull.</summary>
    public int ParallelDownloads { get; init; } = 3;

    /// <summary>Attempts after the first for what may pass: a broken connection, 429, 5xx. <c>max-download-attempts</c> less one.</summary>
    public int Retries { get; init; } = 4;

    /// <summary>The wait before the first retry; it doubles each time.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time in which an answer must begin and each further 16 KiB of a body must come: a stalled or trickling registry is an error.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Files, directories and links of all layers together; beyond it an image is refused as a tar bomb.</summary>
    public int MaxEntries { get; init; } = 4_000_000;

    /// <summary>Failures on purpose; null: none.</summary>
    public Faults? Faults { get; init; }

    /// <summary>Bytes of the disk that a pull or load leaves free.</summary>
    public long KeepFree { get; init; } = 256L << 20;
}
