using System.Text;
using Hypr.Primitives;
using Hypr.Testing.Images;

namespace Hypr.Images.Tests;

/// <summary>Registries that lie, stall, refuse or break off.</summary>
public sealed class BadRegistryTests
{
    private const string Pattern = "Bearer realm=\"http://{0}/token?x=1\",service=\"fake\",scope=\"repository:app:pull\"";
    private static readonly BuiltImage Built = new ImageBuilder { Cmd = ["x"] }.Layer(t => t.File("f", Noise(300_000))).Layer(t => t.File("g", "g")).Build();
    private static readonly string BigLayer = Built.Blobs.MaxBy(b => b.Value.Length).Key;

    [Fact]
    public async Task A_wrong_blob_is_refused_with_both_digests()
    {
        var evil = (byte[])Built.Blobs[BigLayer].Clone();
        evil[1000] ^= 1;
        using var registry = new FakeRegistry(Built, r => r.Path.EndsWith(BigLayer, StringComparison.Ordinal) ? FakeAnswer.Bytes(evil) : null);
        var message = await RefusedAsync(registry, ErrorKind.Unavailable, BigLayer);
        Assert.Contains(ImageBuilder.Digest(evil), message);
    }

    [Fact]
    public async Task A_blob_of_more_bytes_than_promised_is_cut_off()
    {
        using var registry = new FakeRegistry(Built, r => r.Path.EndsWith(BigLayer, StringComparison.Ordinal) ? FakeAnswer.Bytes([.. Built.Blobs[BigLayer], 1, 2, 3]) : null);
        await RefusedAsync(registry, ErrorKind.Unavailable, "sends more");
    }

    [Fact]
    public async Task A_manifest_that_is_not_the_digest_asked_for_is_refused_with_both()
    {
        var asked = "sha256:" + new string('a', 64);
        using var registry = new FakeRegistry(Built, _ => null);
        var message = await RefusedAsync(registry, ErrorKind.Unavailable, asked, "@" + asked);
        Assert.Contains(Built.ManifestDigest, message);
    }

    [Fact]
    public async Task A_manifest_that_is_not_what_its_header_says_is_refused()
    {
        using var registry = new FakeRegistry(Built, r => r.Path.Contains("/manifests/", StringComparison.Ordinal)
            ? FakeAnswer.Bytes(Built.Manifest, ("Docker-Content-Digest", "sha256:" + new string('b', 64))) : null);
        await RefusedAsync(registry, ErrorKind.Unavailable, Built.ManifestDigest);
    }

    [Fact]
    public async Task A_missing_tag_is_said_in_Dockers_words()
    {
        using var registry = new FakeRegistry(null, _ => null);
        await RefusedAsync(registry, ErrorKind.NotFound, $"manifest for {registry.Authority}/app:x not found: manifest unknown: manifest unknown");
    }

    [Fact]
    public async Task A_denied_repository_is_said_in_Dockers_words()
    {
        using var registry = new FakeRegistry(null, r => r.Path == "/v2/" ? null
            : FakeAnswer.Of(403, """{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}"""));
        await RefusedAsync(registry, ErrorKind.NotFound,
            $"pull access denied for {registry.Authority}/app, repository does not exist or may require 'docker login': denied: requested access to the resource is denied");
    }

    [Fact]
    public async Task A_registry_that_is_down_is_named()
    {
        string authority;
        using (var gone = new FakeRegistry(null, _ => null))
            authority = gone.Authority;
        using var lab = new ImageLab();
        var refused = await Assert.ThrowsAsync<HyprException>(() => lab.PullAsync($"{authority}/app"));
        Assert.Equal(ErrorKind.Unavailable, refused.Kind);
        Assert.Equal($"cannot pull {authority}/app:latest: registry {authority}: Connection refused", refused.Message);
        lab.AssertNothingLeft();
    }

    [Theory]
    [InlineData("/v2/", -1)]
    [InlineData("/manifests/", -1)]
    [InlineData("/manifests/", 0)]
    [InlineData("/blobs/", -1)]
    [InlineData("/blobs/", 50)]
    public async Task A_registry_that_falls_silent_is_an_error_after_the_idle_time(string where, int cut)
    {
        using var registry = new FakeRegistry(Built, r => r.Path.Contains(where, StringComparison.Ordinal) && (where != "/v2/" || r.Path == where)
            ? new FakeAnswer(200, new byte[100], [], cut, Stall: true) : null);
        await RefusedAsync(registry, ErrorKind.Unavailable, "0.2 s", settings: s => s with { IdleTimeout = TimeSpan.FromMilliseconds(200), Retries = 1 });
    }

    [Fact]
    public async Task A_body_that_stalls_is_taken_up_where_it_stopped()
    {
        var stalled = 0;
        using var registry = new FakeRegistry(Built, r => r.Path.EndsWith(BigLayer, StringComparison.Ordinal) && Interlocked.Increment(ref stalled) == 1
            ? new FakeAnswer(200, Built.Blobs[BigLayer], [], 100_000, Stall: true) : null);
        using var lab = new ImageLab(s => s with { IdleTimeout = TimeSpan.FromMilliseconds(500) });
        await lab.PullAsync($"{registry.Authority}/app:x");
        Assert.Contains(registry.Requests, r => r["range"] == "bytes=100000-");
    }

    [Fact]
    public async Task A_connection_that_breaks_off_is_taken_up_also_by_a_registry_without_ranges()
    {
        foreach (var ranges in (bool[])[true, false])
        {
            var broken = 0;
            using var registry = new FakeRegistry(Built, r => !r.Path.EndsWith(BigLayer, StringComparison.Ordinal) ? null
                : Interlocked.Increment(ref broken) == 1 ? new FakeAnswer(200, Built.Blobs[BigLayer], [], 50_000)
                : ranges ? null : FakeAnswer.Bytes(Built.Blobs[BigLayer]));
            using var lab = new ImageLab();
            var image = await lab.PullAsync($"{registry.Authority}/app:x");
            Assert.Equal(Built.Id, image.Id);
            Assert.True(broken >= 2);
        }
    }

    [Fact]
    public async Task A_registry_that_always_breaks_off_is_an_error()
    {
        using var registry = new FakeRegistry(Built, r => r.Path.Contains("/blobs/", StringComparison.Ordinal) ? new FakeAnswer(200, new byte[100], [], 10) : null);
        await RefusedAsync(registry, ErrorKind.Unavailable, "broke off");
    }

    [Fact]
    public async Task Errors_that_pass_are_tried_again()
    {
        var failed = 0;
        using var registry = new FakeRegistry(Built, r => r.Path.Contains("/manifests/", StringComparison.Ordinal) && Interlocked.Increment(ref failed) <= 3
            ? FakeAnswer.Of(failed == 1 ? 503 : 429, "", ("Retry-After", "0")) : null);
        using var lab = new ImageLab();
        await lab.PullAsync($"{registry.Authority}/app:x");
        Assert.Equal(4, registry.Count("/manifests/"));
    }

    [Theory]
    [InlineData("not json", "not what it should be")]
    [InlineData("null", "is empty")]
    [InlineData("""{"schemaVersion":1,"name":"x","fsLayers":[]}""", "cannot use")]
    [InlineData("""{"schemaVersion":2,"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"sha256:x","size":1},"layers":[]}""", "artifact")]
    [InlineData("""{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:../../x","size":1},"layers":[]}""", "only sha256")]
    [InlineData("""{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","size":99999999999},"layers":[]}""", "bytes, more than")]
    [InlineData("""{"schemaVersion":2,"manifests":[]}""", "no matching manifest")]
    public async Task A_manifest_that_is_none_is_refused(string manifest, string words)
    {
        using var registry = new FakeRegistry(null, r => r.Path.Contains("/manifests/", StringComparison.Ordinal) ? FakeAnswer.Of(200, manifest) : null);
        await RefusedAsync(registry, null, words);
    }

    [Fact]
    public async Task A_manifest_without_end_is_cut_off()
    {
        using var registry = new FakeRegistry(null, r => r.Path.Contains("/manifests/", StringComparison.Ordinal) ? FakeAnswer.Bytes(new byte[5 << 20]) : null);
        await RefusedAsync(registry, ErrorKind.Unavailable, "a manifest of more than 4194304 bytes");
    }

    [Fact]
    public async Task Anonymous_gets_a_token_when_one_is_asked_for()
    {
        FakeRegistry? self = null;
        using var registry = self = new FakeRegistry(Built, r => Protected(r, self!.Authority, "anon"));
        using var lab = new ImageLab();
        await lab.PullAsync($"{registry.Authority}/app:x");
        var token = registry.Requests.First(r => r.Path.StartsWith("/token", StringComparison.Ordinal));
        Assert.Equal("/token?x=1&service=fake&scope=repository%3Aapp%3Apull", token.Path);
        Assert.Null(token["authorization"]);
        Assert.Equal(1, registry.Count("/token"));
    }

    [Fact]
    public async Task Credentials_go_to_the_token_server_and_an_identity_token_by_refresh()
    {
        FakeRegistry? self = null;
        using var registry = self = new FakeRegistry(Built, r => Protected(r, self!.Authority, "secret"));
        using var lab = new ImageLab();
        await lab.Images.PullAsync($"{registry.Authority}/app:x", new PullOptions(null, null, new RegistryCredentials("me", "pw", null)), CancellationToken.None);
        Assert.Equal("Basic " + Convert.ToBase64String("me:pw"u8), registry.Requests.First(r => r.Path.StartsWith("/token", StringComparison.Ordinal))["authorization"]);

        using var other = new ImageLab();
        await other.Images.PullAsync($"{registry.Authority}/app:x", new PullOptions(null, null, new RegistryCredentials(null, null, "refresh-me")), CancellationToken.None);
        Assert.Contains(registry.Requests, r => r.Method == "POST" && r.Body.Contains("refresh_token=refresh-me", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_credentials_or_with_wrong_ones_a_private_registry_refuses_with_the_way_out()
    {
        using var registry = new FakeRegistry(Built, r => r["authorization"] == "Basic " + Convert.ToBase64String("me:pw"u8) ? null
            : FakeAnswer.Of(401, """{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}""", ("WWW-Authenticate", "Basic realm=\"x\"")));
        await RefusedAsync(registry, ErrorKind.Forbidden, "Log in to");
        using var lab = new ImageLab();
        await Assert.ThrowsAsync<HyprException>(() =>
            lab.Images.PullAsync($"{registry.Authority}/app:x", new PullOptions(null, null, new RegistryCredentials("me", "wrong", null)), CancellationToken.None));
        await lab.Images.PullAsync($"{registry.Authority}/app:x", new PullOptions(null, null, new RegistryCredentials("me", "pw", null)), CancellationToken.None);
    }

    [Fact]
    public async Task A_redirect_to_another_host_gets_no_credentials()
    {
        using var storage = new FakeRegistry(Built, _ => null);
        using var registry = new FakeRegistry(Built, r => r["authorization"] is null ? FakeAnswer.Of(401, "", ("WWW-Authenticate", "Basic realm=\"x\""))
            : r.Path.Contains("/blobs/", StringComparison.Ordinal) ? FakeAnswer.Of(307, "", ("Location", $"http://{storage.Authority}{r.Path}")) : null);
        using var lab = new ImageLab();
        await lab.Images.PullAsync($"{registry.Authority}/app:x", new PullOptions(null, null, new RegistryCredentials("me", "pw", null)), CancellationToken.None);
        Assert.NotEmpty(storage.Requests);
        Assert.All(storage.Requests, r => Assert.Null(r["authorization"]));
        Assert.All(registry.Requests.Where(r => r.Path.Contains("/blobs/", StringComparison.Ordinal)), r => Assert.NotNull(r["authorization"]));
    }

    [Fact]
    public async Task Redirects_that_go_round_or_elsewhere_are_refused()
    {
        using var round = new FakeRegistry(Built, r => r.Path.Contains("/blobs/", StringComparison.Ordinal) ? FakeAnswer.Of(302, "", ("Location", r.Path)) : null);
        await RefusedAsync(round, ErrorKind.Unavailable, "redirects");
        using var file = new FakeRegistry(Built, r => r.Path.Contains("/blobs/", StringComparison.Ordinal) ? FakeAnswer.Of(302, "", ("Location", "file:///etc/shadow")) : null);
        await RefusedAsync(file, ErrorKind.Unavailable, "not followed");
    }

    [Fact]
    public async Task A_mirror_is_asked_first_and_what_it_lacks_is_asked_of_the_next()
    {
        using var empty = new FakeRegistry(null, _ => null);
        using var full = new FakeRegistry(Built, _ => null);
        using var lab = new ImageLab(s => s with { RegistryMirrors = [$"http://{empty.Authority}", $"http://{full.Authority}"] });
        var image = await lab.PullAsync("nginx");
        Assert.Equal(["nginx:latest"], image.Tags);
        Assert.Equal([$"nginx@{Built.ManifestDigest}"], image.Digests);
        Assert.Equal(1, empty.Count("/v2/library/nginx/manifests/latest"));
    }

    private static FakeAnswer? Protected(FakeRequest request, string authority, string token)
    {
        if (request.Path.StartsWith("/token", StringComparison.Ordinal))
            return FakeAnswer.Of(200, $$"""{"token":"{{token}}","expires_in":300}""");
        return request["authorization"] == "Bearer " + token ? null
            : FakeAnswer.Of(401, "{}", ("WWW-Authenticate", string.Format(System.Globalization.CultureInfo.InvariantCulture, Pattern, authority)));
    }

    private static async Task<string> RefusedAsync(FakeRegistry registry, ErrorKind? kind, string words, string name = ":x", Func<ImageSettings, ImageSettings>? settings = null)
    {
        using var lab = new ImageLab(s => settings?.Invoke(s) ?? s);
        var refused = await Assert.ThrowsAsync<HyprException>(() => lab.PullAsync($"{registry.Authority}/app{name}"));
        Assert.Equal(kind ?? refused.Kind, refused.Kind);
        Assert.Contains(words, refused.Message);
        lab.AssertNothingLeft();
        return refused.Message;
    }

    private static byte[] Noise(int size)
    {
        var bytes = new byte[size];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
