using Hypr.Api.Client;
using Hypr.Primitives;

namespace Hypr.Api.Tests.Client;

public sealed class DockerHostTests
{
    [Theory]
    [InlineData("unix:///a.sock", "unix:///b.sock", "/run/x", "/a.sock")]
    [InlineData(null, "unix:///b.sock", "/run/x", "/b.sock")]
    [InlineData(null, "/b.sock", "/run/x", "/b.sock")]
    [InlineData("", "", "/run/x", "/run/x/hypr.sock")]
    [InlineData(null, null, null, "/run/hypr/hypr.sock")]
    public void The_option_wins_over_the_environment_and_that_over_the_default(string? option, string? host, string? folder, string path) =>
        Assert.Equal(path,
            DockerHost.Find(option, name => name == "HYPR_HOST" ? host : name == "HYPR_RUNTIME_DIR" ? folder : null).SocketPath);

    [Theory]
    [InlineData("tcp://127.0.0.1:2375")]
    [InlineData("unix://relative")]
    [InlineData("relative")]
    public void Another_kind_of_host_is_refused(string host) => Assert.Throws<HyprException>(() => DockerHost.Find(host, _ => null));
}
