using System.Diagnostics.CodeAnalysis;

namespace Hypr.Images.Store;

/// <summary><c>sha256:</c> and 64 lower-case hex digits (image-spec, descriptor.md). Other algorithms are not used by registries and are refused.</summary>
internal readonly record struct Digest
{
    private const string Prefix = "sha256:";

    private Digest(string hex) => Hex = hex;

    public string Hex { get; }

    public static Digest FromHash(ReadOnlySpan<byte> hash) => new(Convert.ToHexStringLower(hash));

    public static Digest OfHex(string hex) => TryParse(Prefix + hex, out var digest) ? digest : throw new FormatException($"'{hex}' is not a SHA-256 in hex");

    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = default;
        if (text is not { Length: 71 } || !text.StartsWith(Prefix, StringComparison.Ordinal)
            || text.AsSpan(Prefix.Length).ContainsAnyExcept("0123456789abcdef"))
            return false;
        digest = new Digest(text[Prefix.Length..]);
        return true;
    }

    /// <summary>The 12 digits that Docker shows.</summary>
    public string Short => Hex[..12];

    public override string ToString() => Prefix + Hex;
}
