using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Hypr.Images.Registry;

/// <summary>
/// Who we are to one repository of one registry: nobody, a user (Basic, RFC 7617) or the bearer of a token that the challenge's realm gives
/// (distribution-spec's token authentication; with an identity token by OAuth 2's refresh, RFC 6749 section 6).
/// </summary>
/// <param name="scope">Empty: none, which is a login; it asks for a refresh token too.</param>
internal sealed class Authorizer(Transport transport, RegistryEndpoint endpoint, string scope, RegistryCredentials? credentials)
{
    private const int MaxToken = 1 << 20;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private AuthenticationHeaderValue? _current;

    /// <summary>Of the last token's answer: stands for the password from then on.</summary>
    public string? RefreshToken { get; private set; }

    public AuthenticationHeaderValue? Current => Volatile.Read(ref _current);

    /// <summary>After a 401: answers the challenge. False when it was answered already with what was sent, or there is nothing to answer it with.</summary>
    /// <param name="sent">The header of the refused request.</param>
    public async Task<bool> AnswerAsync(IReadOnlyList<Challenge> challenges, AuthenticationHeaderValue? sent, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            // Another request was refused at the same time and has the answer.
            if (Current is { } newer && !ReferenceEquals(newer, sent))
                return true;
            var answer = challenges.FirstOrDefault(c => c.IsBearer) is { } bearer ? await TokenAsync(bearer, cancel).ConfigureAwait(false)
                : challenges.Any(c => c.IsBasic) ? Basic() : null;
            if (answer is null || answer.Equals(sent))
                return false;
            Volatile.Write(ref _current, answer);
            return true;
        }
        finally
        {
            _gate.Release();
        }
    }

    private AuthenticationHeaderValue? Basic() => credentials is { Username: { Length: > 0 } user }
        ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{credentials.Password}"))) : null;

    private async Task<AuthenticationHeaderValue?> TokenAsync(Challenge challenge, CancellationToken cancel)
    {
        if (!Uri.TryCreate(challenge["realm"], UriKind.Absolute, out var realm) || realm.Scheme is not ("http" or "https"))
            throw new RegistryException(RegistryException.Nonsense, $"{endpoint.Name} asks for a token and names no place to get it from");
        if (realm.Scheme == "http" && !endpoint.IsInsecure)
            throw new RegistryException(RegistryException.Nonsense, $"{endpoint.Name} asks for a token from {realm.Authority} over plain HTTP, which is not done");
        var wanted = challenge["scope"] is { Length: > 0 } asked ? asked : scope;
        using var response = credentials is { IdentityToken: { Length: > 0 } refresh }
            ? await transport.SendAsync(endpoint, realm, () => Refresh(challenge["service"], wanted, refresh), null, cancel).ConfigureAwait(false)
            : await transport.SendAsync(endpoint, WithQuery(realm, challenge["service"], wanted), () => new HttpRequestMessage(HttpMethod.Get, (Uri?)null), Basic(), cancel)
                .ConfigureAwait(false);
        var body = await transport.ReadAsync(endpoint, response, MaxToken, "a token", cancel).ConfigureAwait(false);
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            throw new RegistryException(RegistryException.Unauthorized, credentials is null ? "authentication required" : "incorrect username or password", response.StatusCode);
        if (!response.IsSuccessStatusCode)
            throw new RegistryException(RegistryException.Nonsense, $"the token server {realm.Authority} answered {(int)response.StatusCode}", response.StatusCode);
        var token = Store.Json.TryParse(body, DocumentContext.Default.TokenJson);
        RefreshToken = token?.RefreshToken;
        return (token?.Token ?? token?.AccessToken) is { Length: > 0 } text && !text.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? new AuthenticationHeaderValue("Bearer", text)
            : throw new RegistryException(RegistryException.Nonsense, $"the token server {realm.Authority} sent no token");
    }

    private static HttpRequestMessage Refresh(string? service, string scope, string token) => new(HttpMethod.Post, (Uri?)null)
    {
        Content = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "refresh_token",
            ["service"] = service ?? "",
            ["client_id"] = "hypr",
            ["scope"] = scope,
            ["refresh_token"] = token,
        }),
    };

    private static Uri WithQuery(Uri realm, string? service, string scope)
    {
        // Docker's client names itself where it wants a refresh token (distribution, registry/client/auth/session.go).
        var query = scope.Length > 0 ? $"scope={Uri.EscapeDataString(scope)}" : "offline_token=true&client_id=hypr";
        if (service is { Length: > 0 })
            query = $"service={Uri.EscapeDataString(service)}&{query}";
        return new UriBuilder(realm) { Query = realm.Query.Length > 1 ? $"{realm.Query[1..]}&{query}" : query }.Uri;
    }
}
