using Hypr.Cli.Commands.Machines;
using Hypr.Primitives;

namespace Hypr.Cli.Tests.Commands;

public sealed class PublishedPortTests
{
    [Theory]
    [InlineData("80", "||80/tcp")]
    [InlineData("8080:80", "|8080|80/tcp")]
    [InlineData("8080:80/udp", "|8080|80/udp")]
    [InlineData("8080:80/TCP", "|8080|80/tcp")]
    [InlineData("127.0.0.1:8080:80", "127.0.0.1|8080|80/tcp")]
    [InlineData("127.0.0.1::80", "127.0.0.1||80/tcp")]
    [InlineData("[::1]:8080:80", "::1|8080|80/tcp")]
    [InlineData("[::]::80", "::||80/tcp")]
    [InlineData("0.0.0.0:53:53/udp", "0.0.0.0|53|53/udp")]
    [InlineData("8000-8002:90-92", "|8000|90/tcp |8001|91/tcp |8002|92/tcp")]
    [InlineData("8000-8010:80", "|8000-8010|80/tcp")]
    [InlineData("90-91", "||90/tcp ||91/tcp")]
    [InlineData("target=80,published=8080,protocol=udp", "|8080|80/udp")]
    [InlineData("target=80", "||80/tcp")]
    [InlineData("target=80,host_ip=::1,published=8080", "::1|8080|80/tcp")]
    [InlineData("9999:9999/sctp", "|9999|9999/sctp")]
    public void Every_form_of_dockers_is_read(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', PublishedPort.Parse(text).Select(p => $"{p.HostIp}|{p.HostPort}|{p.Guest}")));

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("8080:")]
    [InlineData("a:80")]
    [InlineData("8080:a")]
    [InlineData("0:80")]
    [InlineData("8080:0")]
    [InlineData("65536:80")]
    [InlineData("99999999999:80")]
    [InlineData("-1:80")]
    [InlineData("8080:80/xyz")]
    [InlineData("8080:80/")]
    [InlineData("1.2.3:8080:80")]
    [InlineData("1.2.3.4.5:8080:80")]
    [InlineData("::1:8080:80")]
    [InlineData("[::1:8080:80")]
    [InlineData("[1.2.3.4]:8080:80")]
    [InlineData("[::1]:80")]
    [InlineData("8002-8000:80-82")]
    [InlineData("8000-8001:80-82")]
    [InlineData("1-2-3:4")]
    [InlineData("target=x")]
    [InlineData("published=80")]
    [InlineData("target=80,colour=red")]
    [InlineData("host.name:80:80")]
    public void What_is_wrong_is_an_error_that_names_it(string text) =>
        Assert.StartsWith($"invalid port \"{text}\"", Assert.Throws<HyprException>(() => PublishedPort.Parse(text)).Message,
            StringComparison.Ordinal);
}
