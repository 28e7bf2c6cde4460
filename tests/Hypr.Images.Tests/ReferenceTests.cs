using Hypr.Images.Registry;
using Hypr.Primitives;

namespace Hypr.Images.Tests;

public sealed class ReferenceTests
{
    private const string Sha = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    [InlineData("nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("nginx:1.27", "docker.io/library/nginx:1.27", "nginx:1.27")]
    [InlineData("library/nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("index.docker.io/library/nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("bitnami/nginx", "docker.io/bitnami/nginx:latest", "bitnami/nginx:latest")]
    [InlineData("docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest")]
    [InlineData("127.0.0.1:5000/nginx", "127.0.0.1:5000/nginx:latest", "127.0.0.1:5000/nginx:latest")]
    [InlineData("localhost/x", "localhost/x:latest", "localhost/x:latest")]
    [InlineData("ghcr.io/a/b:v1", "ghcr.io/a/b:v1", "ghcr.io/a/b:v1")]
    [InlineData("[::1]:5000/x:y", "[::1]:5000/x:y", "[::1]:5000/x:y")]
    [InlineData("MyHost/x", "MyHost/x:latest", "MyHost/x:latest")]
    [InlineData("host.example/x@" + Sha, "host.example/x@" + Sha, "host.example/x@" + Sha)]
    [InlineData("nginx:1.27@" + Sha, "docker.io/library/nginx@" + Sha, "nginx@" + Sha)]
    [InlineData("a__b-c/e.f--g:T_1.x-", "docker.io/a__b-c/e.f--g:T_1.x-", "a__b-c/e.f--g:T_1.x-")]
    public void A_name_is_completed_and_shown_as_Docker_does(string text, string canonical, string familiar)
    {
        var reference = ImageReference.Parse(text);
        Assert.Equal(canonical, reference.Canonical);
        Assert.Equal(familiar, reference.Familiar);
        Assert.Equal(canonical, ImageReference.Parse(reference.Familiar).Canonical);
    }

    [Theory]
    [InlineData("", "invalid reference format")]
    [InlineData("Nginx", "repository name must be lowercase")]
    [InlineData("nginx:", "invalid reference format")]
    [InlineData(":x", "invalid reference format")]
    [InlineData("a//b", "invalid reference format")]
    [InlineData("-a", "invalid reference format")]
    [InlineData("a_-b", "invalid reference format")]
    [InlineData("nginx@sha256:abc", "the digest is not")]
    [InlineData("nginx@md5:d41d8cd98f00b204e9800998ecf8427e", "the digest is not")]
    [InlineData("nginx:a b", "invalid reference format")]
    [InlineData("nginx\n", "invalid reference format")]
    [InlineData("../../etc/passwd", "invalid reference format")]
    [InlineData("http://x/y", "invalid reference format")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "64-byte hexadecimal")]
    public void A_wrong_name_is_refused_in_Dockers_words(string text, string words)
    {
        var refused = Assert.Throws<HyprException>(() => ImageReference.Parse(text));
        Assert.Equal(ErrorKind.InvalidParameter, refused.Kind);
        Assert.Contains(words, refused.Message);
    }

    [Theory]
    [InlineData("linux/amd64", "linux/amd64")]
    [InlineData("arm64", "linux/arm64")]
    [InlineData("linux/aarch64", "linux/arm64")]
    [InlineData("linux/arm64/v8", "linux/arm64")]
    [InlineData("linux/arm", "linux/arm/v7")]
    [InlineData("linux/armhf", "linux/arm/v7")]
    [InlineData("Linux/X86_64", "linux/amd64")]
    public void A_platform_is_normalised(string text, string expected) => Assert.Equal(expected, Platform.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("linux/")]
    [InlineData("a/b/c/d")]
    [InlineData("linux/am d64")]
    public void A_wrong_platform_is_refused(string text) =>
        Assert.Contains("invalid platform", Assert.Throws<HyprException>(() => Platform.Parse(text)).Message);

    [Theory]
    [InlineData("127.0.0.1:5000", 2)]
    [InlineData("127.9.9.9", 2)]
    [InlineData("localhost:1", 2)]
    [InlineData("[::1]:5000", 2)]
    [InlineData("plain.example", 2)]
    [InlineData("plain.example:99", 2)]
    [InlineData("10.1.2.3:5000", 2)]
    [InlineData("10.2.2.3:5000", 1)]
    [InlineData("other.example", 1)]
    public void Plain_http_is_spoken_only_where_it_is_allowed(string host, int ways)
    {
        var settings = new ImageSettings { Folder = "/nowhere", InsecureRegistries = ["plain.example", "10.1.0.0/16"] };
        Assert.Equal(ways, RegistryEndpoint.For(host, settings)[0].Bases.Count);
    }

    [Fact]
    public void Mirrors_are_asked_for_the_Hub_only_and_before_it()
    {
        var settings = new ImageSettings { Folder = "/nowhere", RegistryMirrors = ["https://m.example/prefix", "http://127.0.0.1:5000"] };
        Assert.Equal(["https://m.example/prefix", "http://127.0.0.1:5000", "registry-1.docker.io"], RegistryEndpoint.For("docker.io", settings).Select(e => e.Name));
        Assert.Single(RegistryEndpoint.For("ghcr.io", settings));
        var refused = Assert.Throws<HyprException>(() => RegistryEndpoint.Mirror("m.example", settings));
        Assert.Contains("m.example", refused.Message);
    }
}
