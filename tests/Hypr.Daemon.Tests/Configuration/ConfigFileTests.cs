using System.Net;
using Hypr.Daemon.Configuration;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Daemon.Tests.Configuration;

public sealed class ConfigFileTests
{
    [Fact]
    public void All_keys_are_read()
    {
        var config = ConfigFile.Parse("f", """
            {
              // comments are allowed
              "registry-mirrors": ["http://127.0.0.1:5000/"], "insecure-registries": ["reg:5000", "10.0.0.0/8"],
              "bip": "10.99.0.1/16", "default-address-pools": [{"base": "10.10.0.0/16", "size": 24}, {"base": "fd00::/48", "size": 64}],
              "dns": ["9.9.9.9", "2620:fe::fe"], "mtu": 1400, "ipv6": true, "ip": "127.0.0.1", "log-level": "debug",
              "hypr-system-bus": "unix:path=/x", "hypr-sysctl-dir": "/y",
            }
            """);
        Assert.Equal(["http://127.0.0.1:5000"], config.RegistryMirrors);
        Assert.Equal(["reg:5000", "10.0.0.0/8"], config.InsecureRegistries);
        Assert.Equal("10.99.0.1/16", config.Network.DefaultBridgeAddress.ToString());
        Assert.Equal(["10.10.0.0/16", "fd00::/48"], config.Network.Pools.Select(p => p.Base.ToString()));
        Assert.Equal([IPAddress.Parse("9.9.9.9"), IPAddress.Parse("2620:fe::fe")], config.Dns);
        Assert.Equal((1400, true, IPAddress.Loopback), (config.Network.Mtu, config.Network.IPv6, config.Network.DefaultBindAddress));
        Assert.Equal((LogLevel.Debug, "unix:path=/x", "/y"), (config.LogLevel, config.SystemBus, config.SysctlDirectory));
    }

    [Theory]
    [InlineData("""{"colour": "red"}""", "f: colour: \"red\": unknown key")]
    [InlineData("""{"mtu": 67}""", "f: mtu: 67: a number of bytes from 68 to 65535 is due")]
    [InlineData("""{"mtu": "1500"}""", "f: mtu: \"1500\": a number")]
    [InlineData("""{"ipv6": "yes"}""", "f: ipv6: \"yes\": true or false is due")]
    [InlineData("""{"bip": "10.88.0.0/16"}""", "not the network's first or last one")]
    [InlineData("""{"bip": "10.88.0.1"}""", "f: bip:")]
    [InlineData("""{"bip": "fd00::1/64"}""", "an IPv4 address")]
    [InlineData("""{"bip": "10.88.0.1/31"}""", "a prefix length from 8 to 30")]
    [InlineData("""{"default-address-pools": []}""", "a list such as")]
    [InlineData("""{"default-address-pools": [{"base":"10.0.0.1/8","size":24}]}""", "is not a block")]
    [InlineData("""{"default-address-pools": [{"base":"10.0.0.0/16","size":8}]}""", "size 8")]
    [InlineData("""{"default-address-pools": [{"base":"10.0.0.0/16"}]}""", "exactly base and size")]
    [InlineData("""{"dns": "9.9.9.9"}""", "a list of texts is due")]
    [InlineData("""{"dns": ["one.one"]}""", "one.one is not an IP address")]
    [InlineData("""{"registry-mirrors": ["mirror"]}""", "mirror is not a URL")]
    [InlineData("""{"insecure-registries": ["http://reg"]}""", "without http://")]
    [InlineData("""{"log-level": "loud"}""", "debug, info, warn, error or fatal")]
    [InlineData("""{"mtu": 1500""", "f: line 1: not JSON")]
    [InlineData("[]", "a JSON object is due")]
    public void A_wrong_file_is_refused_with_key_value_and_reason(string json, string message) =>
        Assert.Contains(message, Assert.Throws<HyprException>(() => ConfigFile.Parse("f", json)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_was_named_must_be_there() =>
        Assert.Contains("/no/such/file", Assert.Throws<HyprException>(() => ConfigFile.Load("/no/such/file")).Message, StringComparison.Ordinal);

    [Fact]
    public void Arguments_are_few()
    {
        Assert.Equal(new CommandLine(false, false, false, "x"), CommandLine.Parse(["--config-file", "x"]));
        Assert.Equal(new CommandLine(true, false, false, "y"), CommandLine.Parse(["--config-file=y", "--help"]));
        Assert.Contains("--fast", Assert.Throws<HyprException>(() => CommandLine.Parse(["--fast"])).Message, StringComparison.Ordinal);
        Assert.Throws<HyprException>(() => CommandLine.Parse(["--config-file"]));
    }
}
