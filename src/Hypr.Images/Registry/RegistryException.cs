using System.Net;

namespace Hypr.Images.Registry;

/// <summary>A registry's refusal or failure, before it is said in Docker's words with the image's name.</summary>
/// <param name="code">The registry's own code (distribution-spec, error codes): MANIFEST_UNKNOWN, DENIED, ...; or one of the constants here.</param>
internal sealed class RegistryException(string code, string message, HttpStatusCode? status = null, Exception? inner = null) : Exception(message, inner)
{
    public const string Denied = "DENIED";
    public const string Unauthorized = "UNAUTHORIZED";
    public const string NameUnknown = "NAME_UNKNOWN";
    public const string ManifestUnknown = "MANIFEST_UNKNOWN";
    public const string TooManyRequests = "TOOMANYREQUESTS";

    /// <summary>No answer: it cannot be reached, it broke off or was too slow.</summary>
    public const string Unreachable = "UNREACHABLE";

    /// <summary>An answer that no registry gives.</summary>
    public const string Nonsense = "NONSENSE";

    /// <summary>What it sent is not what was asked for.</summary>
    public const string WrongDigest = "WRONG_DIGEST";

    public string Code { get; } = code;

    public HttpStatusCode? Status { get; } = status;

    /// <summary>The same request may succeed a little later.</summary>
    public bool IsPassing => Code is Unreachable or TooManyRequests || Status is >= HttpStatusCode.InternalServerError or HttpStatusCode.RequestTimeout;

    /// <summary>The asked-for time of a 429 or 503.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>As Docker's client of registries prints a code: <c>manifest unknown: manifest unknown</c>.</summary>
    public string Words => Code is Unreachable or Nonsense or WrongDigest ? Message
        : $"{Code.ToLowerInvariant().Replace('_', ' ')}: {Message}";
}
