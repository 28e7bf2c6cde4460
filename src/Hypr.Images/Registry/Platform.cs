using System.Runtime.InteropServices;
using Hypr.Primitives;

namespace Hypr.Images.Registry;

/// <summary>An operating system and a processor, in Go's words (image-spec, image-index.md; normalised as containerd's platforms package does).</summary>
internal sealed record Platform(string Os, string Architecture, string? Variant)
{
    /// <summary>What VMs of this host run.</summary>
    public static Platform Host { get; } = new("linux", RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        System.Runtime.InteropServices.Architecture.LoongArch64 => "loong64",
        var other => other.ToString().ToLowerInvariant(),
    }, null);

    /// <exception cref="HyprException">InvalidParameter.</exception>
    public static Platform Parse(string text)
    {
        var parts = text.Split('/');
        var known = parts is [var single] ? single is "linux" ? Host : Of("linux", single, null)
            : parts is [var os, var architecture] ? Of(os, architecture, null)
            : parts is [var os3, var architecture3, var variant] ? Of(os3, architecture3, variant) : null;
        if (known is null || parts.Any(p => p.Length == 0 || p.AsSpan().ContainsAnyExcept("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")))
            throw HyprException.Invalid($"\"{text}\" is an invalid platform: write it as linux/amd64 or linux/arm64/v8");
        return known;
    }

    public static Platform Of(string os, string architecture, string? variant)
    {
        var arch = architecture.ToLowerInvariant();
        var v = string.IsNullOrEmpty(variant) ? null : variant.ToLowerInvariant();
        (arch, v) = (arch, v) switch
        {
            ("x86_64" or "x86-64", _) => ("amd64", v),
            ("amd64", "v1") => ("amd64", null),
            ("i386", _) => ("386", null),
            ("aarch64", _) or ("arm64", "8" or "v8") => ("arm64", v is "8" or "v8" ? null : v),
            ("armhf", _) => ("arm", "v7"),
            ("armel", _) => ("arm", "v6"),
            ("arm", null or "7") => ("arm", "v7"),
            ("arm", "5" or "6" or "8") => ("arm", "v" + v),
            _ => (arch, v),
        };
        return new Platform(os.ToLowerInvariant(), arch, v);
    }

    /// <summary>Whether what <paramref name="other"/> describes runs here: a variant that only one of the two names does not matter.</summary>
    public bool Accepts(Platform other) =>
        Os == other.Os && Architecture == other.Architecture && (Variant is null || other.Variant is null || Variant == other.Variant);

    public override string ToString() => Variant is null ? $"{Os}/{Architecture}" : $"{Os}/{Architecture}/{Variant}";
}
