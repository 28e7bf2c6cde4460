using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Verbs;

/// <summary>
/// The verbs and flags that docs/docker.md says work, as lines of the real CLI against one VM, with what a user sees of them: what no other test drives. A line that a CLI of
/// this age does not know (its <c>--help</c> has not the flag) is left out for it.
/// </summary>
public sealed class VerbTableTests(OneVm vm) : IClassFixture<OneVm>
{
    /// <summary>What is run, and what its output holds; <c>%</c> is the test's own name, and <c>@</c> its folder. <c>!</c>: it fails, and says so.</summary>
    private static readonly (string Line, string Expected)[] Lines =
    [
        ("ps --no-trunc --filter name=web --format {{.Names}}|{{.Image}}|{{.State}}", "web|nginx|running"),
        ("ps -a -n 9 --format {{.Names}}", "web"),
        ("ps -l -q --no-trunc", ""),
        ("ps -s --format {{.Size}}", "(virtual "),
        ("ps --filter publish=8080 --filter status=running --filter ancestor=nginx --filter network=bridge --format {{.Ports}}", "8080->80/tcp"),
        ("container ls --filter label=none=such -q", ""),
        ("inspect --type container --size --format {{.Name}}-{{.SizeRootFs}} web", "/web-"),
        ("inspect --type image --format {{.Architecture}} nginx", "amd64"),
        ("inspect --type network --format {{.Driver}} bridge", "bridge"),
        ("!inspect --type volume web", "web"),
        ("port web 80/tcp", ":8080"),
        ("port web", "80/tcp -> "),
        ("!port web 81", "81"),
        ("logs --tail 1 --timestamps --since 24h --until 1s web", ""),
        ("top web", "nginx"),
        ("top web -o pid,cmd", "PID"),
        ("stats --no-stream --no-trunc --format {{.Name}}:{{.MemUsage}} web", "web:"),
        ("exec --env A=b --user 33:33 --workdir /tmp web sh -c echo$IFS$A-$(id$IFS-u)-$PWD", "b-33-/tmp"),
        ("exec --env-file @/env web sh -c echo$IFS$FROM", "file"),
        ("exec --detach web touch /root/%", ""),
        ("diff web", "A /root/%"),
        ("cp --archive web:/root/% @/%", ""),
        ("cp --follow-link web:/etc/hostname @/hostname", ""),
        ("rename web %", ""),
        ("rename % web", ""),
        ("update --restart on-failure:3 --memory 600m --cpus 1 web", "web"),
        ("inspect -f {{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}:{{.HostConfig.Memory}} web", "on-failure:3:629145600"),
        ("update --restart no web", "web"),
        ("pause web", "web"),
        ("!exec web true", "unpause"),
        ("unpause web", "web"),
        ("kill --signal WINCH web", "web"),
        ("restart --time 2 web", "web"),
        ("restart --timeout 2 --signal QUIT web", "web"),
        ("stop --time 5 web", "web"),
        ("wait web", ""),
        ("start web", "web"),
        ("!stop --signal NOSUCH web", "NOSUCH"),

        ("images --digests --no-trunc --filter reference=nginx --format {{.Repository}}:{{.Tag}}|{{.Digest}}", "nginx:latest|sha256:"),
        ("images --filter dangling=true -q", ""),
        ("image ls --filter before=nginx --filter label=none --quiet", ""),
        ("history --human=false --no-trunc --quiet nginx", "sha256:"),
        ("image inspect --format {{.Os}} nginx", "linux"),
        ("tag nginx %:1", ""),
        ("save --output @/%.tar %:1", ""),
        ("rmi --force %:1", "Untagged: %:1"),
        ("load --quiet --input @/%.tar", "Loaded image: %:1"),
        ("image rm %:1", "Untagged"),
        ("import --message told --platform linux/amd64 @/root.tar %:2", "sha256:"),
        ("history --format {{.Comment}} %:2", "told"),
        ("image prune --all --force --filter until=24h", "Total reclaimed space: 0B"),
        ("image prune --all --force --filter label=none", "Total reclaimed space: 0B"),
        ("image prune --force", "Total reclaimed space"),
        ("pull --quiet --platform linux/amd64 tools", "tools"),
        ("!push nginx", "is not in HYPR"),
        ("!search nginx", "is not in HYPR"),

        ("network create --subnet 10.97.0.0/24 --ip-range 10.97.0.128/25 --gateway 10.97.0.254 --aux-address x=10.97.0.130 --label a=b --opt com.docker.network.driver.mtu=1400 --attachable %net", ""),
        ("network ls --no-trunc --filter label=a=b --format {{.Name}}", "%net"),
        ("network connect --ip 10.97.0.200 --alias ali %net web", ""),
        ("network inspect --verbose --format {{range.Containers}}{{.IPv4Address}}{{end}} %net", "10.97.0.200/24"),
        ("network disconnect --force %net web", ""),
        ("network prune --force --filter label=a=b", "%net"),
        ("!network rm %net", "%net"),
        ("network rm --force %net", ""),

        ("volume create --label a=b --opt size=64m %vol", "%vol"),
        ("volume ls --quiet --filter label=a=b", "%vol"),
        ("volume ls --filter dangling=true --format {{.Name}}|{{.Driver}}", "%vol|local"),
        ("volume inspect --format {{.Driver}} %vol", "local"),
        ("system df -v", "%vol"),
        ("system df --format {{.Type}}", "Images"),
        ("volume rm --force %vol", "%vol"),
        ("volume prune --force --filter label=none", "Total reclaimed space: 0B"),
        ("container prune --force --filter until=24h", "Total reclaimed space: 0B"),
        ("system prune --force --filter label=none=such", "Total reclaimed space: 0B"),
        ("builder prune --force", "0B"),

        ("info --format {{.OSType}}", "linux"),
        ("version --format {{.Server.Os}}", "linux"),
        ("events --since 10m --until 0s --filter type=container --filter event=pause --format {{.Action}}:{{.Actor.Attributes.name}}", "pause:web"),
        ("system events --since 10m --until 0s --filter container=web --filter event=restart --format {{.Status}}", "restart"),
        ("!swarm init", "swarm"),
        ("!plugin install none", "plugins are not in HYPR"),
        ("plugin ls -q", ""),
    ];

    public static TheoryData<string> All => DockerCli.All;

    [Theory]
    [MemberData(nameof(All))]
    public void Each_line_does_what_the_table_says(string docker)
    {
        var folder = vm.Scratch();
        var own = "t" + Path.GetFileName(folder)[..6];
        File.WriteAllText($"{folder}/env", "FROM=file\n");
        vm.Must("sh", "-c", $"mkdir {folder}/root && cp /bin/busybox {folder}/root/sh && tar -cf {folder}/root.tar -C {folder}/root .");
        var wrong = new List<string>();
        foreach (var (line, expected) in Lines)
        {
            var words = line.TrimStart('!').Replace("%", own, StringComparison.Ordinal).Replace("@/", folder + "/", StringComparison.Ordinal).Split(' ');
            if (!Knows(docker, words))
            {
                continue;
            }

            var result = vm.Docker(docker, words);
            var told = result.Output + result.Error;
            if ((result.ExitCode == 0) == line.StartsWith('!') || !told.Contains(expected.Replace("%", own, StringComparison.Ordinal), StringComparison.Ordinal))
            {
                wrong.Add($"docker {string.Join(' ', words)}: {result.ExitCode} {told.Trim()}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(File.Exists($"{folder}/{own}"));
        vm.MustHypr("rmi", $"{own}:2");
        vm.Page(vm.Space, "http://127.0.0.1:8080/");
    }

    /// <summary>What is asked for at create is what the VM has.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void Each_flag_of_create_reaches_the_vm(string docker)
    {
        var folder = vm.Scratch();
        var name = "c" + Path.GetFileName(folder)[..6];
        File.WriteAllText($"{folder}/env", "FROM=file\n");
        File.WriteAllText($"{folder}/labels", "of=file\n");
        vm.MustDocker(docker, "pull", "-q", "tools");
        vm.MustDocker(docker, "network", "create", "--subnet", "10.98.0.0/24", "--ipv6", "--subnet", "fd98::/64", name);
        vm.MustDocker(docker, "create", "--name", name, "--add-host", "other:192.0.2.7", "--attach", "stdout", "--cidfile", $"{folder}/cid", "--dns", "192.0.2.53",
            "--dns-option", "ndots:3", "--dns-search", "example.com", "--domainname", "example.net", "--entrypoint", "sh", "--env", "A=b", "--env-file", $"{folder}/env",
            "--expose", "81", "--hostname", "host", "--ip", "10.98.0.77", "--ip6", "fd98::77", "--label", "x=y", "--label-file", $"{folder}/labels",
            "--mac-address", "02:42:0a:62:00:77", "--network", name, "--network-alias", "ali", "--no-healthcheck", "--platform", "linux/amd64", "--publish", "8177:80",
            "--read-only", "--restart", "no", "--stop-signal", "INT", "--stop-timeout", "3", "--sysctl", "net.core.somaxconn=99", "--tmpfs", "/scratch:size=1m", "--user", "33",
            "--workdir", "/tmp", "tools", "-c",
            "hostname; echo $A $FROM; id -u; pwd; cat /proc/sys/net/core/somaxconn /etc/hosts /etc/resolv.conf; ip -o addr show dev eth0; ip -o link show dev eth0;"
            + " touch /x 2>&1; df -k /scratch | tail -1; cat /proc/sys/kernel/domainname");
        var told = vm.MustDocker(docker, "start", "--attach", name);
        foreach (var expected in (string[])["host\n", "b file\n", "33\n", "/tmp\n", "99\n", "192.0.2.7\tother", "nameserver", "search example.com", "ndots:3", "10.98.0.77/24", "fd98::77/64",
            "02:42:0a:62:00:77", "Read-only file system", "1024 ", "example.net"])
        {
            Assert.Contains(expected, told, StringComparison.Ordinal);
        }

        Assert.Equal(File.ReadAllText($"{folder}/cid"), vm.MustHypr("inspect", "-f", "{{.Id}}", name).Trim());
        Assert.Equal("y file INT 3 map[80/tcp:map[] 81/tcp:map[]] 8177\n", vm.MustDocker(docker, "inspect", "-f",
            "{{.Config.Labels.x}} {{.Config.Labels.of}} {{.Config.StopSignal}} {{.Config.StopTimeout}} {{.Config.ExposedPorts}} {{(index (index .HostConfig.PortBindings \"80/tcp\") 0).HostPort}}", name));
        vm.MustDocker(docker, "rm", name);
        vm.MustDocker(docker, "network", "rm", name);
    }

    /// <summary>Whether the CLI's help has all long flags of a line.</summary>
    private bool Knows(string docker, string[] words)
    {
        var verb = words.TakeWhile(w => !w.StartsWith('-')).Take(words[0] is "network" or "volume" or "image" or "container" or "system" or "plugin" or "swarm" ? 2 : 1).ToArray();
        var help = vm.Docker(docker, [.. verb, "--help"]).Output;
        return words.TakeWhile(w => w is not "sh").Where(w => w.StartsWith("--", StringComparison.Ordinal)).All(w => help.Contains(w.Split('=')[0], StringComparison.Ordinal));
    }
}
