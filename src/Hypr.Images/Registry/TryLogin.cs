using System.Net;
using Hypr.Primitives;

namespace Hypr.Images.Registry;

/// <summary>The use case: whether a registry takes a user's credentials. Nothing is kept here; clients keep logins.</summary>
internal sealed class TryLogin(Transport transport, ImageSettings settings)
{
    /// <summary>Docker Hub's key among logins (docker/cli, registry.IndexServer): its registry is another host.</summary>
    private const string HubKey = "index.docker.io";

    /// <param name="server">As clients write it: <c>https://index.docker.io/v1/</c>, <c>127.0.0.1:5000</c>, empty for Docker Hub.</param>
    /// <returns>An identity token, where the registry gives one in place of the password.</returns>
    public async Task<string?> RunAsync(string server, RegistryCredentials credentials, CancellationToken cancel)
    {
        var host = Host(server);
        var endpoint = RegistryEndpoint.For(host, settings with { RegistryMirrors = [] })[0];
        RegistryException? unreachable = null;
        foreach (var root in endpoint.Bases)
        {
            try
            {
                return await AtAsync(endpoint, new Uri(root, "v2/"), credentials, cancel).ConfigureAwait(false);
            }
            catch (RegistryException e) when (e.Code == RegistryException.Unreachable)
            {
                // The plain one's reason is the telling one: to it the TLS attempt before was only a question.
                unreachable = e;
            }
            catch (RegistryException e)
            {
                throw e.Code == RegistryException.Unauthorized
                    ? new HyprException(ErrorKind.Unauthorized, $"cannot log in to {endpoint.Name}: {e.Words}", e)
                    : HyprException.Unavailable($"cannot log in to {endpoint.Name}: {e.Words}", e);
            }
        }

        throw HyprException.Unavailable($"cannot log in to {endpoint.Name}: {unreachable!.Message}", unreachable);
    }

    /// <summary>The bare host, which is the registry's domain in names of images.</summary>
    private static string Host(string server)
    {
        var scheme = server.IndexOf("://", StringComparison.Ordinal);
        var host = (scheme < 0 ? server : server[(scheme + 3)..]).Split('/')[0].ToLowerInvariant();
        if (host is "" or HubKey or "registry-1.docker.io")
            return ImageReference.DockerHub;
        return Uri.TryCreate($"https://{host}/", UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0 ? host
            : throw HyprException.Invalid($"\"{server}\" names no registry: write it as registry.example.com:5000");
    }

    /// <summary>Asks as nobody, answers the challenge, and asks again: a registry that lets everybody in takes every login, as in Docker.</summary>
    private async Task<string?> AtAsync(RegistryEndpoint endpoint, Uri uri, RegistryCredentials credentials, CancellationToken cancel)
    {
        var authorizer = new Authorizer(transport, endpoint, "", credentials);
        using (var open = await transport.SendAsync(endpoint, uri, Ask, null, cancel).ConfigureAwait(false))
        {
            if (open.StatusCode != HttpStatusCode.Unauthorized)
                return open.IsSuccessStatusCode ? null : throw Nonsense(open);
            if (!await authorizer.AnswerAsync([.. Challenge.Of(open.Headers)], null, cancel).ConfigureAwait(false))
                throw new RegistryException(RegistryException.Nonsense, $"{endpoint.Name} asks for a kind of login that HYPR does not have: {open.Headers.WwwAuthenticate}");
        }

        using var answer = await transport.SendAsync(endpoint, uri, Ask, authorizer.Current, cancel).ConfigureAwait(false);
        return answer.StatusCode switch
        {
            HttpStatusCode.OK => authorizer.RefreshToken,
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                throw new RegistryException(RegistryException.Unauthorized, "incorrect username or password", answer.StatusCode),
            _ => throw Nonsense(answer),
        };

        static HttpRequestMessage Ask() => new(HttpMethod.Get, (Uri?)null);

        RegistryException Nonsense(HttpResponseMessage response) =>
            new(RegistryException.Nonsense, $"{endpoint.Name} answered {(int)response.StatusCode} {response.ReasonPhrase}: it may be no registry", response.StatusCode);
    }
}
