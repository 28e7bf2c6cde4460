using System.Text.RegularExpressions;
using Hypr.Images.Store;
using Hypr.Primitives;

namespace Hypr.Images.Registry;

/// <summary>
/// What a person calls an image, in full: <c>nginx</c> is docker.io/library/nginx:latest. The grammar and the normalisation are those of
/// github.com/distribution/reference (regexp.go, normalize.go).
/// </summary>
/// <param name="Domain">The registry's host, with a port when it has one; Docker Hub is <c>docker.io</c>.</param>
/// <param name="Path">The repository, <c>library/nginx</c>.</param>
/// <param name="Tag">Null only when there is a digest.</param>
internal sealed partial record ImageReference(string Domain, string Path, string? Tag, Digest? Digest)
{
    public const string DockerHub = "docker.io";
    private const string Official = "library/";

    /// <summary>The name as it is stored: <c>docker.io/library/nginx:latest</c>; the digest rules out the tag, as in Docker.</summary>
    public string Canonical => Digest is { } digest ? $"{Domain}/{Path}@{digest}" : $"{Domain}/{Path}:{Tag}";

    /// <summary>The repository as Docker shows it: <c>nginx</c>, <c>127.0.0.1:5000/nginx</c>.</summary>
    public string FamiliarName => Domain != DockerHub ? $"{Domain}/{Path}"
        : Path.StartsWith(Official, StringComparison.Ordinal) && !Path.AsSpan(Official.Length).Contains('/') ? Path[Official.Length..] : Path;

    /// <summary><c>nginx:latest</c>, <c>nginx@sha256:...</c>.</summary>
    public string Familiar => Digest is { } digest ? $"{FamiliarName}@{digest}" : $"{FamiliarName}:{Tag}";

    /// <summary>What the manifest is asked for by.</summary>
    public string TagOrDigest => Digest?.ToString() ?? Tag!;

    public ImageReference WithDigest(Digest digest) => this with { Tag = null, Digest = digest };

    /// <exception cref="HyprException">InvalidParameter, in Docker's words.</exception>
    public static ImageReference Parse(string text) => TryParse(text, out var error) is { } reference ? reference : throw HyprException.Invalid(error);

    public static ImageReference? TryParse(string text, out string error)
    {
        error = "";
        if (text.Length > 4096 || text.Length == 0)
            return Fail(text.Length == 0 ? "" : text[..32] + "...", "invalid reference format", out error);
        if (Hex64().IsMatch(text))
            return Fail(text, "cannot specify 64-byte hexadecimal strings", out error);

        var (domain, rest) = SplitDomain(text);
        var at = rest.IndexOf('@', StringComparison.Ordinal);
        var named = at < 0 ? rest : rest[..at];
        var colon = named.LastIndexOf(':');
        var path = colon < 0 ? named : named[..colon];
        var tag = colon < 0 ? null : named[(colon + 1)..];
        Digest? digest = null;
        if (at >= 0)
        {
            if (!Store.Digest.TryParse(rest[(at + 1)..], out var parsed))
                return Fail(text, "invalid reference format: the digest is not sha256: and 64 hex digits", out error);
            digest = parsed;
        }

        if (path.AsSpan().ContainsAnyInRange('A', 'Z'))
            return Fail(text, "invalid reference format: repository name must be lowercase", out error);
        if (!Domains().IsMatch(domain) || !Paths().IsMatch(path) || (tag is not null && !Tags().IsMatch(tag)))
            return Fail(text, "invalid reference format", out error);
        if (domain.Length + path.Length > 255)
            return Fail(text, "repository name must not be more than 255 characters", out error);
        return new ImageReference(domain, path, digest is null ? tag ?? "latest" : tag, digest);
    }

    /// <summary>The first part is a registry when it cannot be a user of Docker Hub: it has a dot, a colon or a capital, or is localhost.</summary>
    private static (string Domain, string Remainder) SplitDomain(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : text[..slash];
        var isDomain = slash >= 0 && (first.AsSpan().ContainsAny('.', ':') || first == "localhost" || first.AsSpan().ContainsAnyInRange('A', 'Z'));
        var (domain, rest) = isDomain ? (first, text[(slash + 1)..]) : (DockerHub, text);
        if (domain is "index.docker.io" or "registry-1.docker.io")
            domain = DockerHub;
        if (domain == DockerHub && !rest.Split('@', 2)[0].Contains('/', StringComparison.Ordinal))
            rest = Official + rest;
        return (domain, rest);
    }

    private static ImageReference? Fail(string text, string why, out string error)
    {
        error = text.Length == 0 ? why : $"{why}: '{text}' is not an image's name such as nginx, nginx:1.27 or registry.example.com:5000/team/app@sha256:...";
        return null;
    }

    [GeneratedRegex("^[a-f0-9]{64}$")]
    private static partial Regex Hex64();

    [GeneratedRegex(@"^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?\z", RegexOptions.NonBacktracking)]
    private static partial Regex Domains();

    [GeneratedRegex(@"^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex Paths();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\z")]
    private static partial Regex Tags();
}
