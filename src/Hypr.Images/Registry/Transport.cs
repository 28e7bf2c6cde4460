using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Hypr.Images.Registry;

/// <summary>HTTP as registries need it: redirects followed by hand (a registry's Authorization never goes to another host), every wait bounded.</summary>
internal sealed class Transport(ImageSettings settings, TimeProvider clock) : IDisposable
{
    private const int MaxRedirects = 10;

    private readonly HttpClient _checked = Client(settings, checkCertificates: true);
    private readonly HttpClient _unchecked = Client(settings, checkCertificates: false);

    /// <summary>Sends a request and waits for the headers of the final answer; the body is the caller's to read and dispose.</summary>
    /// <exception cref="RegistryException">Unreachable or Nonsense.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        RegistryEndpoint endpoint, Uri uri, Func<HttpRequestMessage> make, AuthenticationHeaderValue? authorization, CancellationToken cancel)
    {
        var origin = uri;
        for (var hop = 0; ; hop++)
        {
            using var request = make();
            request.RequestUri = uri;
            if (authorization is not null && IsSameOrigin(uri, origin))
                request.Headers.Authorization = authorization;
            var response = await SendOneAsync(endpoint, request, cancel).ConfigureAwait(false);
            if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect) || request.Method != HttpMethod.Get)
                return response;

            using (response)
            {
                if (response.Headers.Location is not { } location)
                    throw new RegistryException(RegistryException.Nonsense, $"{endpoint.Name} sent a redirect to nowhere");
                var next = new Uri(uri, location);
                if (next.Scheme is not ("http" or "https") || (next.Scheme == "http" && uri.Scheme == "https" && !endpoint.IsInsecure))
                    throw new RegistryException(RegistryException.Nonsense, $"{endpoint.Name} sent a redirect to {next.Scheme}://{next.Authority}, which is not followed");
                if (hop == MaxRedirects)
                    throw new RegistryException(RegistryException.Nonsense, $"{endpoint.Name} sent more than {MaxRedirects} redirects");
                uri = next;
            }
        }
    }

    /// <summary>A whole body of at most <paramref name="max"/> bytes.</summary>
    public async Task<byte[]> ReadAsync(RegistryEndpoint endpoint, HttpResponseMessage response, int max, string what, CancellationToken cancel)
    {
        if (response.Content.Headers.ContentLength > max)
            throw TooLarge();
        using var body = await OpenBodyAsync(endpoint, response, cancel).ConfigureAwait(false);
        using var all = new MemoryStream();
        var buffer = new byte[16 << 10];
        int count;
        while ((count = await body.ReadAsync(buffer, cancel).ConfigureAwait(false)) > 0)
        {
            if (all.Length + count > max)
                throw TooLarge();
            all.Write(buffer, 0, count);
        }

        return all.ToArray();

        RegistryException TooLarge() => new(RegistryException.Nonsense, $"{endpoint.Name} sent {what} of more than {max} bytes");
    }

    public async Task<GuardedBody> OpenBodyAsync(RegistryEndpoint endpoint, HttpResponseMessage response, CancellationToken cancel) =>
        new(await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false), endpoint.Name, settings.IdleTimeout, clock);

    public void Dispose()
    {
        _checked.Dispose();
        _unchecked.Dispose();
    }

    private async Task<HttpResponseMessage> SendOneAsync(RegistryEndpoint endpoint, HttpRequestMessage request, CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(settings.IdleTimeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        try
        {
            return await (endpoint.IsInsecure ? _unchecked : _checked)
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new RegistryException(RegistryException.Unreachable,
                deadline.IsCancellationRequested ? $"no answer within {settings.IdleTimeout.TotalSeconds:0.#} s" : $"no connection within {settings.ConnectTimeout.TotalSeconds:0.#} s",
                null, e);
        }
        catch (HttpRequestException e)
        {
            throw new RegistryException(RegistryException.Unreachable, Reason(e), null, e);
        }
    }

    /// <summary>The innermost reason says most: "Connection refused", "The remote certificate is invalid...".</summary>
    private static string Reason(Exception e)
    {
        while (e.InnerException is { } inner && e is not SocketException)
            e = inner;
        return e.Message.TrimEnd('.');
    }

    private static bool IsSameOrigin(Uri a, Uri b) => a.Scheme == b.Scheme && a.Host == b.Host && a.Port == b.Port;

    private static HttpClient Client(ImageSettings settings, bool checkCertificates)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = settings.ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            MaxResponseHeadersLength = 64,
        };
        if (!checkCertificates)
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("hypr", typeof(Transport).Assembly.GetName().Version?.ToString(3) ?? "0"));
        return client;
    }
}

/// <summary>A body that must keep coming: each further 16 KiB (or the end) within the idle timeout.</summary>
internal sealed class GuardedBody(Stream body, string name, TimeSpan idle, TimeProvider clock) : IDisposable
{
    private const int Quantum = 16 << 10;

    private long _deadline = clock.GetTimestamp() + (long)(idle.TotalSeconds * clock.TimestampFrequency);
    private int _sinceDeadline;

    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancel)
    {
        var left = TimeSpan.FromSeconds((double)(_deadline - clock.GetTimestamp()) / clock.TimestampFrequency);
        if (left <= TimeSpan.Zero)
            throw TooSlow(null);
        using var timer = new CancellationTokenSource(left, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, timer.Token);
        try
        {
            var count = await body.ReadAsync(buffer, both.Token).ConfigureAwait(false);
            _sinceDeadline += count;
            if (_sinceDeadline >= Quantum)
            {
                _sinceDeadline = 0;
                _deadline = clock.GetTimestamp() + (long)(idle.TotalSeconds * clock.TimestampFrequency);
            }

            return count;
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw TooSlow(e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new RegistryException(RegistryException.Unreachable, $"the connection broke off ({e.Message.TrimEnd('.')})", null, e);
        }
    }

    public void Dispose() => body.Dispose();

    private RegistryException TooSlow(Exception? inner) =>
        new(RegistryException.Unreachable, $"{name} sent less than {Quantum >> 10} KiB in {idle.TotalSeconds:0.#} s", null, inner);
}
