using System.Net;
using Hypr.Primitives;

namespace Hypr.Images.Registry;

/// <summary>A place that may serve a repository.</summary>
/// <param name="Name">As messages call it: <c>127.0.0.1:5000</c>, <c>registry-1.docker.io</c>, a mirror's URL.</param>
/// <param name="Bases">The URLs to try, in order, each ending in a slash: https, and for an insecure registry then http.</param>
/// <param name="IsInsecure">Certificates are not checked and plain HTTP is allowed.</param>
/// <param name="IsMirror">Of Docker Hub: its failure sends us to the next place, and it gets no credentials of the Hub's.</param>
internal sealed record RegistryEndpoint(string Name, IReadOnlyList<Uri> Bases, bool IsInsecure, bool IsMirror)
{
    private const string HubHost = "registry-1.docker.io";

    /// <summary>The places for a registry, the best first.</summary>
    public static IReadOnlyList<RegistryEndpoint> For(string domain, ImageSettings settings)
    {
        var own = Of(domain == ImageReference.DockerHub ? HubHost : domain, settings);
        return domain != ImageReference.DockerHub ? [own] : [.. settings.RegistryMirrors.Select(m => Mirror(m, settings)), own];
    }

    /// <summary>A mirror's URL, checked when the settings are read.</summary>
    /// <exception cref="HyprException">InvalidParameter.</exception>
    public static RegistryEndpoint Mirror(string url, ImageSettings settings)
    {
        if (!Uri.TryCreate(url.EndsWith('/') ? url : url + "/", UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")
            || uri.Query.Length > 0 || uri.UserInfo.Length > 0)
            throw HyprException.Invalid($"invalid registry mirror \"{url}\": write it as https://mirror.example.com");
        return new RegistryEndpoint(url, [uri], uri.Scheme == "http" || IsAllowedInsecure(uri.Authority, settings), IsMirror: true);
    }

    private static RegistryEndpoint Of(string host, ImageSettings settings)
    {
        var insecure = IsAllowedInsecure(host, settings);
        Uri[] bases = insecure ? [new Uri($"https://{host}/"), new Uri($"http://{host}/")] : [new Uri($"https://{host}/")];
        return new RegistryEndpoint(host, bases, insecure, IsMirror: false);
    }

    /// <summary>Docker's rule (registry/config.go): loopback always; else what insecure-registries names, by host, host:port or block of addresses.</summary>
    private static bool IsAllowedInsecure(string authority, ImageSettings settings)
    {
        var host = Host(authority);
        var address = IPAddress.TryParse(host.Trim('[', ']'), out var parsed) ? parsed : null;
        if (host == "localhost" || (address is not null && IPAddress.IsLoopback(address)))
            return true;
        return settings.InsecureRegistries.Any(entry => entry == authority || entry == host
            || (address is not null && IPNetwork.TryParse(entry, out var block) && block.Contains(address)));
    }

    private static string Host(string authority)
    {
        var colon = authority.LastIndexOf(':');
        return colon > authority.LastIndexOf(']') ? authority[..colon] : authority;
    }
}
