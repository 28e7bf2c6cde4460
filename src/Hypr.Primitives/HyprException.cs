namespace Hypr.Primitives;

/// <summary>What kind of failure it is. The API maps each kind to one HTTP status, in one place (Docker Engine API).</summary>
public enum ErrorKind
{
    /// <summary>A bug of ours, or a failure of the host that no input explains: 500.</summary>
    Internal,

    /// <summary>The request cannot be right, whatever the state: 400.</summary>
    InvalidParameter,

    /// <summary>Something that the request names does not exist: 404.</summary>
    NotFound,

    /// <summary>The request contradicts the present state: 409.</summary>
    Conflict,

    /// <summary>The credentials that the request brings are not taken: 401.</summary>
    Unauthorized,

    /// <summary>The request is understood and refused: 403.</summary>
    Forbidden,

    /// <summary>It is so already: 304.</summary>
    NotModified,

    /// <summary>Something outside of us is missing or does not answer; the same request may work later: 503.</summary>
    Unavailable,

    /// <summary>A word of Docker's that HYPR does not have: 501.</summary>
    NotImplemented,
}

/// <summary>
/// A failure with a message for a person: it names the thing, the reason and the way out, on one or two lines.
/// Anything else that is thrown is a bug.
/// </summary>
public sealed class HyprException : Exception
{
    public HyprException(ErrorKind kind, string message, Exception? inner = null)
        : base(message, inner) => Kind = kind;

    public ErrorKind Kind { get; }

    public static HyprException NotFound(string message) => new(ErrorKind.NotFound, message);

    public static HyprException Invalid(string message) => new(ErrorKind.InvalidParameter, message);

    public static HyprException Conflict(string message) => new(ErrorKind.Conflict, message);

    public static HyprException Forbidden(string message) => new(ErrorKind.Forbidden, message);

    public static HyprException Unavailable(string message, Exception? inner = null) => new(ErrorKind.Unavailable, message, inner);

    public static HyprException NotImplemented(string message) => new(ErrorKind.NotImplemented, message);
}
