using Hypr.EndToEndTests.Support;

namespace Hypr.EndToEndTests;

/// <summary>--link in real VMs: a name for another, in one VM alone.</summary>
public sealed class LinkTests(HyprHost host) : IClassFixture<HyprHost>
{
    [Theory, MemberData(nameof(DockerCli.All), MemberType = typeof(DockerCli))]
    public void A_link_is_a_name_in_one_vm(string docker)
    {
        host.MustDocker(docker, "network", "create", "linked");
        host.MustDocker(docker, "run", "-d", "--name", "db", "tools", "sleep", "infinity");
        host.MustDocker(docker, "run", "-d", "--name", "other", "--network", "linked", "tools", "sleep", "infinity");
        var db = host.MustHypr("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "db").Trim();
        var other = host.MustHypr("inspect", "-f", "{{.NetworkSettings.Networks.linked.IPAddress}}", "other").Trim();

        // On the default network and on one of the person's own.
        Assert.Matches($"^{db} +database db\n$", host.MustDocker(docker, "run", "--rm", "--link", "db:database", "tools", "getent", "hosts", "database"));
        Assert.Matches($"^{other} +them other\n$", host.MustDocker(docker, "run", "--rm", "--network", "linked", "--link", "other:them", "tools", "getent", "hosts", "them"));
        Assert.Matches($"^{db} +db\n$", host.MustHypr("run", "--rm", "--link", "db", "tools", "getent", "hosts", "db"));
        Assert.NotEqual(0, host.Hypr("run", "--rm", "tools", "getent", "hosts", "database").ExitCode);

        // Kept over a restart of both, and shown.
        host.MustDocker(docker, "run", "-d", "--name", "web", "--link", "db:database", "tools", "sleep", "infinity");
        host.MustHypr("restart", "-t", "1", "db", "web");
        Assert.Matches($"^{db} +database db\n$", host.MustHypr("exec", "web", "getent", "hosts", "database"));
        Assert.Equal("[/db:/web/database]\n", host.MustDocker(docker, "inspect", "-f", "{{.HostConfig.Links}}", "web"));

        host.Refuses(125, "could not get container for nobody", "run", "--link", "nobody:x", "tools", "true");
        host.Refuses(125, "cannot link to other: it is on no network of", "run", "--rm", "--link", "other", "tools", "true");
        host.MustHypr("rm", "-f", "db", "other", "web");
        host.MustHypr("network", "rm", "linked");
    }
}
