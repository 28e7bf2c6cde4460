using Hypr.Primitives;

namespace Hypr.Api.Client;

/// <summary>Where the API listens: a unix socket.</summary>
/// <param name="SocketPath">Absolute path of the socket.</param>
public sealed record DockerHost(string SocketPath)
{
    /// <summary>
    /// <c>--host</c>, else <c>HYPR_HOST</c>, else <c>$HYPR_RUNTIME_DIR/hypr.sock</c>, else <c>/run/hypr/hypr.sock</c>.
    /// A host is <c>unix:///path</c> or a path.
    /// </summary>
    /// <exception cref="HyprException">The host is of another kind, or no absolute path.</exception>
    public static DockerHost Find(string? option, Func<string, string?> environment)
    {
        string? host = !string.IsNullOrEmpty(option) ? option : environment("HYPR_HOST");
        if (string.IsNullOrEmpty(host))
        {
            string? folder = environment("HYPR_RUNTIME_DIR");
            return new DockerHost(Path.Combine(string.IsNullOrEmpty(folder) ? "/run/hypr" : folder, "hypr.sock"));
        }
        string path = host.StartsWith("unix://", StringComparison.Ordinal) ? host["unix://".Length..] : host;
        if (path.Contains("://", StringComparison.Ordinal))
            throw HyprException.Invalid($"host {host}: only unix sockets are supported. Write unix:///path/to/hypr.sock");
        if (!path.StartsWith('/'))
            throw HyprException.Invalid($"host {host}: not an absolute path. Write unix:///path/to/hypr.sock");
        return new DockerHost(path);
    }
}
