using System.Net;
using System.Text.Json.Nodes;
using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Dns;

/// <summary>
/// VMs on networks of each kind, and two resolvers on the internet: the host's (198.51.100.1, of daemon.json) and 8.8.8.8, which give different answers.
/// <code>
/// bridge 10.88.0.0/16   plain .2, own .3 (--dns 8.8.8.8, --dns-search google.com)
/// front  10.91.0.0/24   db .2 (service db of the stack shop, alias www), proxy .3, db-2 .4 (alias www)
/// back   10.92.0.0/24   proxy .2, hidden .3
/// closed 10.93.0.0/24   shut .2 (internal)
/// </code>
/// </summary>
public sealed class NamedHost : HyprHost
{
    public const string HostsResolver = "198.51.100.1";
    public const string OtherResolver = "8.8.8.8";

    public NamedHost()
        : base(new JsonObject { ["dns"] = new JsonArray(HostsResolver) })
    {
        LabNetwork.Address(Lab.Internet, "lo", IPAddress.Parse(OtherResolver), 32);
        Resolver(Lab.Internet, HostsResolver, "203.0.113.71");
        Resolver(Lab.Internet, OtherResolver, "203.0.113.72");
        MustHypr("network", "create", "front", "--subnet", "10.91.0.0/24");
        MustHypr("network", "create", "back", "--subnet", "10.92.0.0/24");
        MustHypr("network", "create", "closed", "--subnet", "10.93.0.0/24", "--internal");
        Plain = Sleeper("plain");
        Sleeper("own", "--dns", OtherResolver, "--dns-search", "google.com");
        Sleeper("db", "--network", "front", "--network-alias", "www", "--label", "com.docker.compose.project=shop", "--label", "com.docker.compose.service=db");
        Sleeper("proxy", "--network", "front");
        MustHypr("network", "connect", "back", "proxy");
        Sleeper("db-2", "--network", "front", "--network-alias", "www");
        Sleeper("hidden", "--network", "back");
        Sleeper("shut", "--network", "closed");
    }

    public string Plain { get; }

    public string Sleeper(string name, params string[] options) => MustHypr(["run", "-d", "--name", name, "-m", "128", .. options, "tools", "sleep", "infinity"]).Trim();

    public string In(string vm, params string[] command) => MustHypr(["exec", vm, .. command]);

    /// <summary>A program in the VM that may fail, with both of its outputs.</summary>
    public string Says(string vm, params string[] command)
    {
        var result = Hypr(["exec", vm, .. command]);
        return result.Output + result.Error;
    }

    /// <summary>The answer's records alone, sorted: of several addresses another one comes first each time.</summary>
    public string Dig(string vm, params string[] question) => Sorted(In(vm, ["dig", "+short", "+tries=2", "+time=5", .. question]));

    public string HostDigs(params string[] question) => Sorted(Must("dig", ["+short", "+tries=2", "+time=5", .. question]));

    private static string Sorted(string lines) => string.Join(' ', lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));

    public static void Resolver(TestNamespace internet, string address, string answer)
    {
        internet.Start(
            "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces", $"--listen-address={address}",
            "--except-interface=nothing", "--user=root", "--pid-file=", $"--address=/example.org/{answer}", $"--address=/google.com/{answer}",
            // Without it another type than A is another server's to answer, and refused.
            "--local=/example.org/", "--local=/google.com/");
        if (!Probe.Until(() => internet.Run("dig", "+short", "+tries=1", "+time=1", $"@{address}", "example.org").Output.Trim() == answer))
        {
            throw new InvalidOperationException($"dnsmasq on {address} does not answer");
        }
    }
}
