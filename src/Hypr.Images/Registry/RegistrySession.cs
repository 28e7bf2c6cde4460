using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Hypr.Images.Store;

namespace Hypr.Images.Registry;

/// <summary>A manifest's bytes as the registry sent them, verified.</summary>
internal sealed record ManifestBytes(byte[] Json, string? MediaType, Digest Digest);

/// <summary>One repository at one registry (distribution-spec 1.1, pull).</summary>
internal sealed class RegistrySession
{
    private const int MaxManifest = 4 << 20;
    private const int MaxError = 64 << 10;
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromSeconds(20);

    private readonly Transport _transport;
    private readonly ImageSettings _settings;
    private readonly TimeProvider _clock;
    private readonly RegistryEndpoint _endpoint;
    private readonly string _repository;
    private readonly Authorizer _authorizer;
    private readonly Uri _base;

    private RegistrySession(Transport transport, ImageSettings settings, TimeProvider clock, RegistryEndpoint endpoint, Uri root, string repository, RegistryCredentials? credentials)
    {
        _transport = transport;
        _settings = settings;
        _clock = clock;
        _endpoint = endpoint;
        _base = root;
        _repository = repository;
        _authorizer = new Authorizer(transport, endpoint, $"repository:{repository}:pull", endpoint.IsMirror ? null : credentials);
    }

    public string Name => _endpoint.Name;

    /// <summary>Finds out how the registry speaks (GET /v2/) and who it wants us to be.</summary>
    /// <exception cref="RegistryException">It cannot be reached.</exception>
    public static async Task<RegistrySession> OpenAsync(
        Transport transport, ImageSettings settings, TimeProvider clock, RegistryEndpoint endpoint, string repository, RegistryCredentials? credentials, CancellationToken cancel)
    {
        RegistryException? failure = null;
        foreach (var root in endpoint.Bases)
        {
            var session = new RegistrySession(transport, settings, clock, endpoint, root, repository, credentials);
            try
            {
                using var answer = await transport.SendAsync(endpoint, new Uri(root, "v2/"), () => new HttpRequestMessage(HttpMethod.Get, (Uri?)null), null, cancel).ConfigureAwait(false);
                if (answer.StatusCode == HttpStatusCode.Unauthorized)
                    await session._authorizer.AnswerAsync([.. Challenge.Of(answer.Headers)], null, cancel).ConfigureAwait(false);
                return session;
            }
            catch (RegistryException e) when (e.Code == RegistryException.Unreachable)
            {
                // The plain one's reason is the telling one: to it the TLS attempt before was only a question.
                failure = e;
            }
        }

        throw failure!;
    }

    /// <summary>A manifest or an index by tag or digest.</summary>
    public Task<ManifestBytes> GetManifestAsync(string reference, CancellationToken cancel) => RetryAsync(async () =>
    {
        using var response = await SendAsync($"manifests/{reference}", MediaTypes.Manifests, 0, cancel).ConfigureAwait(false);
        await CheckAsync(response, cancel).ConfigureAwait(false);
        var json = await _transport.ReadAsync(_endpoint, response, MaxManifest, "a manifest", cancel).ConfigureAwait(false);
        var digest = Digest.FromHash(SHA256.HashData(json));
        var told = Digest.TryParse(reference, out var asked) ? asked
            : response.Headers.TryGetValues("Docker-Content-Digest", out var values) && Digest.TryParse(values.First(), out var header) ? header : digest;
        return told == digest ? new ManifestBytes(json, response.Content.Headers.ContentType?.MediaType, digest)
            : throw new RegistryException(RegistryException.WrongDigest, $"the manifest should be {told}, but what {Name} sent is {digest}");
    }, cancel);

    /// <summary>
    /// Fetches a blob to a file and verifies it. What breaks off is taken up where it stopped (RFC 9110, Range), for as long as each attempt brings something.
    /// </summary>
    /// <param name="received">Called with the bytes that are here.</param>
    public async Task FetchBlobAsync(Digest digest, long size, Stream to, Action<long> received, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var state = new BlobState(digest, size, to, hash, received);
        var before = 0L;
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await FetchRestAsync(state, cancel).ConfigureAwait(false);
                break;
            }
            catch (RegistryException e) when (e.IsPassing)
            {
                if (state.Have - before >= 1 << 20)
                    attempt = 0;
                before = state.Have;
                if (attempt >= _settings.Retries)
                    throw;
                await WaitAsync(attempt, e, cancel).ConfigureAwait(false);
            }
        }

        var got = Digest.FromHash(hash.GetHashAndReset());
        if (state.Have != size || got != digest)
        {
            throw new RegistryException(RegistryException.WrongDigest,
                $"the blob should be {digest} of {size} bytes, but what {Name} sent is {got} of {state.Have} bytes");
        }
    }

    private async Task FetchRestAsync(BlobState state, CancellationToken cancel)
    {
        if (state.Have == state.Size && state.Size > 0)
            return;
        using var response = await SendAsync($"blobs/{state.Digest}", [], state.Have, cancel).ConfigureAwait(false);
        await CheckAsync(response, cancel).ConfigureAwait(false);
        // 200 to a Range: it sends all of it again.
        var from = response.StatusCode == HttpStatusCode.PartialContent ? response.Content.Headers.ContentRange?.From : 0;
        if (from != state.Have)
            state.Restart();
        if (from is not 0 && from != state.Have)
            throw new RegistryException(RegistryException.Unreachable, $"{Name} sent another part of a blob than was asked for");
        using var body = await _transport.OpenBodyAsync(_endpoint, response, cancel).ConfigureAwait(false);
        var buffer = new byte[128 << 10];
        int count;
        while ((count = await body.ReadAsync(buffer, cancel).ConfigureAwait(false)) > 0)
            await state.TakeAsync(buffer.AsMemory(0, count), Name, cancel).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendAsync(string path, IReadOnlyList<string> accept, long offset, CancellationToken cancel)
    {
        var uri = new Uri(_base, $"v2/{_repository}/{path}");
        for (var attempt = 0; ; attempt++)
        {
            var authorization = _authorizer.Current;
            var response = await _transport.SendAsync(_endpoint, uri, Make, authorization, cancel).ConfigureAwait(false);
            // Twice: a token may have been got for the registry as a whole, or have run out.
            if (response.StatusCode != HttpStatusCode.Unauthorized || attempt == 2)
                return response;
            var challenges = Challenge.Of(response.Headers).ToList();
            var again = challenges.Count > 0;
            try
            {
                again = again && await _authorizer.AnswerAsync(challenges, authorization, cancel).ConfigureAwait(false);
            }
            catch
            {
                response.Dispose();
                throw;
            }

            if (!again)
                return response;
            response.Dispose();
        }

        HttpRequestMessage Make()
        {
            var request = new HttpRequestMessage(HttpMethod.Get, (Uri?)null);
            foreach (var type in accept)
                request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
            if (offset > 0)
                request.Headers.Range = new RangeHeaderValue(offset, null);
            return request;
        }
    }

    /// <summary>Turns a refusal into its code: the challenge's error first (RFC 6750, 3.1), then the body's, as Docker's client does.</summary>
    private async Task CheckAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent)
            return;
        var retryAfter = response.Headers.RetryAfter?.Delta;
        var status = response.StatusCode;
        foreach (var challenge in Challenge.Of(response.Headers).Where(c => c.IsBearer && status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden))
        {
            if (challenge["error"] is "insufficient_scope")
                throw new RegistryException(RegistryException.Denied, challenge["error_description"] ?? "requested access to the resource is denied", status);
            if (challenge["error"] is "invalid_token")
                throw new RegistryException(RegistryException.Unauthorized, challenge["error_description"] ?? "authentication required", status);
        }

        var body = await _transport.ReadAsync(_endpoint, response, MaxError, "an error", cancel).ConfigureAwait(false);
        var error = Json.TryParse(body, DocumentContext.Default.RegistryErrorsJson)?.Errors?.FirstOrDefault();
        throw new RegistryException(
            error?.Code is { Length: > 0 and < 100 } code ? code : status switch
            {
                HttpStatusCode.Unauthorized => RegistryException.Unauthorized,
                HttpStatusCode.Forbidden => RegistryException.Denied,
                HttpStatusCode.TooManyRequests => RegistryException.TooManyRequests,
                _ => RegistryException.Nonsense,
            },
            error?.Message is { Length: > 0 } message ? Clip(message) : status switch
            {
                HttpStatusCode.Unauthorized => "authentication required",
                HttpStatusCode.Forbidden => "requested access to the resource is denied",
                HttpStatusCode.TooManyRequests => "too many requests",
                _ => string.Create(CultureInfo.InvariantCulture, $"{Name} answered {(int)status} {response.ReasonPhrase}"),
            }, status)
        {
            RetryAfter = retryAfter,
        };
    }

    private async Task<T> RetryAsync<T>(Func<Task<T>> action, CancellationToken cancel)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await action().ConfigureAwait(false);
            }
            catch (RegistryException e) when (e.IsPassing && attempt < _settings.Retries)
            {
                await WaitAsync(attempt, e, cancel).ConfigureAwait(false);
            }
        }
    }

    private Task WaitAsync(int attempt, RegistryException e, CancellationToken cancel)
    {
        var wait = _settings.RetryDelay * Math.Pow(2, attempt);
        if (e.RetryAfter is { } asked && asked > wait)
            wait = asked < MaxRetryAfter ? asked : MaxRetryAfter;
        return Task.Delay(wait, _clock, cancel);
    }

    private static string Clip(string text) => text.Length <= 300 ? text : text[..300] + "...";

    private sealed class BlobState(Digest digest, long size, Stream to, IncrementalHash hash, Action<long> received)
    {
        public Digest Digest => digest;

        public long Size => size;

        public long Have { get; private set; }

        public void Restart()
        {
            to.SetLength(0);
            hash.TryGetHashAndReset(stackalloc byte[32], out _);
            Have = 0;
        }

        public async ValueTask TakeAsync(ReadOnlyMemory<byte> bytes, string name, CancellationToken cancel)
        {
            if (Have + bytes.Length > size)
                throw new RegistryException(RegistryException.WrongDigest, $"the blob {digest} should have {size} bytes, but {name} sends more");
            hash.AppendData(bytes.Span);
            await to.WriteAsync(bytes, cancel).ConfigureAwait(false);
            Have += bytes.Length;
            received(Have);
        }
    }
}
