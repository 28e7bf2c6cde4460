using Hypr.Primitives;

namespace Hypr.Daemon.Http;

/// <summary>A path of the API without its version: every route stands both bare and under <c>/v1.51</c>.</summary>
internal readonly record struct ApiPath(ApiVersion Version, string[] Segments)
{
    /// <param name="path">Percent-decoded but for <c>%2F</c>, as Kestrel gives it.</param>
    public static ApiPath Parse(string path)
    {
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (segments.Length == 0 || segments[0].Length < 2 || segments[0][0] != 'v' || !char.IsAsciiDigit(segments[0][1]))
        {
            return new ApiPath(ApiVersion.Current, segments);
        }

        if (!ApiVersion.TryParse(segments[0].AsSpan(1), out var version))
        {
            throw HyprException.Invalid($"invalid API version {segments[0][1..]}: a version such as {ApiVersion.Current} is due");
        }

        // The sentences of Docker's own version middleware: clients look for them.
        if (version.CompareTo(ApiVersion.Minimum) < 0)
        {
            throw HyprException.Invalid(
                $"client version {version} is too old. Minimum supported API version is {ApiVersion.Minimum}, please upgrade your client to a newer version");
        }

        if (version.CompareTo(ApiVersion.Current) > 0)
        {
            throw HyprException.Invalid($"client version {version} is too new. Maximum supported API version is {ApiVersion.Current}");
        }

        return new ApiPath(version, segments[1..]);
    }

    /// <summary>Names may carry a slash: <c>%2F</c> in a path, and docker's old way to write a container's name.</summary>
    public static string Unescape(string segment) => segment.Contains('%') ? Uri.UnescapeDataString(segment) : segment;
}
