namespace Hypr.Cli.Tests.Commands;

/// <summary>What is printed for answers as Docker Engine 28 and hyprd give them.</summary>
public sealed class ListTests : CommandRunner
{
    private const string MyNet = """
        {"Name":"mynet","Id":"def456ghi789","Created":"2024-01-15T10:30:00Z","Scope":"local","Driver":"bridge","IPAM":{"Driver":"default","Config":[{"Subnet":"10.89.0.0/16","Gateway":"10.89.0.1"}]},"Options":{"com.docker.network.bridge.name":"vbr1"}}
        """;

    private const string Machines = """
        [{"Id":"4f1c9b7a3d2e5f60718293a4b5c6d7e8f9010203040506070809aabbccddeeff","Names":["/web"],"Image":"nginx","Command":"/docker-entrypoint.sh nginx -g 'daemon off;'",
          "Created":1705312200,"Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"IP":"::","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"PrivatePort":443,"Type":"tcp"}],
          "Labels":{"b":"2","a":"1"},"State":"running","Status":"Up 5 minutes",
          "NetworkSettings":{"Networks":{"backend":{"IPAddress":"10.90.0.5","Gateway":""},"zz":{"IPAddress":"10.91.0.2","Gateway":"10.91.0.1","GwPriority":1},
            "bridge":{"IPAddress":"10.88.0.2","Gateway":"10.88.0.1","GlobalIPv6Address":""}}}},
         {"Id":"00aa9b7a3d2e5f60718293a4b5c6d7e8f9010203040506070809aabbccddeeff","Names":["/eager-fox"],"Image":"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
          "Command":"sh","Created":1705312200,"Ports":[],"Labels":{},"State":"created","Status":"Created","NetworkSettings":{"Networks":{"bridge":{"IPAddress":"","Gateway":""}}}}]
        """;

    [Fact]
    public void Network_ls_is_the_specifications()
    {
        Daemon.On("GET /networks", """
            [{"Name":"mynet","Id":"def456ghi789aaaa","Driver":"bridge","Scope":"local"},{"Name":"bridge","Id":"abc123def456aaaa","Driver":"bridge","Scope":"local"}]
            """);
        Assert.Equal(
            (0, "NETWORK ID      NAME       DRIVER     SCOPE\nabc123def456    bridge     bridge     local\ndef456ghi789    mynet      bridge     local\n", ""),
            Run("network ls"));
        Assert.Equal("abc123def456\ndef456ghi789\n", Run("network ls -q").Output);
        Assert.Equal("abc123def456aaaa\ndef456ghi789aaaa\n", Run("network ls -q --no-trunc").Output);
        Assert.Equal("bridge=local\nmynet=local\n", Run(["network", "ls", "--format", "{{.Name}}={{.Scope}}"]).Output);
    }

    [Fact]
    public void Network_inspect_is_the_specifications()
    {
        Daemon.On("GET /networks/mynet", MyNet);
        Assert.Equal(
            (0, """
                [
                    {
                        "Name": "mynet",
                        "Id": "def456ghi789",
                        "Created": "2024-01-15T10:30:00Z",
                        "Scope": "local",
                        "Driver": "bridge",
                        "IPAM": {
                            "Driver": "default",
                            "Config": [
                                {
                                    "Subnet": "10.89.0.0/16",
                                    "Gateway": "10.89.0.1"
                                }
                            ]
                        },
                        "Options": {
                            "com.docker.network.bridge.name": "vbr1"
                        }
                    }
                ]

                """, ""),
            Run("network inspect mynet"));
    }

    [Fact]
    public void Inspecting_what_is_not_there_prints_the_rest_and_fails()
    {
        Daemon.On("GET /networks/mynet", MyNet).On("GET /networks/gone", """{"message":"network gone not found"}""", 404);
        Assert.Equal((1, "mynet\n", "hypr: network gone not found\n"), Run(["network", "inspect", "gone", "mynet", "-f", "{{.Name}}"]));
        var (code, output, error) = Run("inspect nothing");
        Assert.Equal((1, "[]\n"), (code, output));
        Assert.Contains("no such object: nothing", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_finds_machines_then_images_then_networks()
    {
        Daemon.On("GET /networks/mynet", MyNet);
        Assert.Equal("vbr1\n", Run(["inspect", "-f", "{{index .Options \"com.docker.network.bridge.name\"}}", "mynet"]).Output);
        Assert.Equal(["/containers/mynet/json", "/images/mynet/json", "/networks/mynet"], Daemon.Requests.Select(r => r.Path));
    }

    [Fact]
    public void Ps_has_the_specifications_columns_and_all_addresses_with_the_default_route_first()
    {
        Daemon.On("GET /containers/json", Machines);
        Assert.Equal(
            """
            ID              NAME         IMAGE           STATUS          IP                                 PORTS
            4f1c9b7a3d2e    web          nginx           Up 5 minutes    10.91.0.2, 10.88.0.2, 10.90.0.5    443/tcp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp
            00aa9b7a3d2e    eager-fox    0123456789ab    Created

            """,
            Run("ps").Output);
        Assert.Equal("4f1c9b7a3d2e\n00aa9b7a3d2e\n", Run("ps -q").Output);
        Assert.Equal("web a=1,b=2 running 1 2 hours ago\n",
            Run(["ps", "--format", "{{.Names}} {{.Labels}} {{.State}} {{.Label \"a\"}} {{.RunningFor}}"]).Output.Split('\n')[0] + "\n");
        Assert.Equal("NAMES        COMMAND\nweb          \"/docker-entrypoint.…\"\neager-fox    \"sh\"\n",
            Run(["ps", "--format", "table {{.Names}}\\t{{.Command}}"]).Output);
    }

    [Fact]
    public void Ps_asks_as_docker_asks()
    {
        Daemon.On("GET /containers/json", "[]");
        Run("ps -a -n 3 --filter status=exited --filter status=created -f label=a=b");
        Assert.Equal("""all=1&limit=3&filters={"status":{"exited":true,"created":true},"label":{"a=b":true}}""", Daemon.Requests[^1].Query);
        Run("ps -l");
        Assert.Equal("limit=1", Daemon.Requests[^1].Query);
        Assert.Equal(125, Run("ps --filter nonsense").Code);
    }

    [Fact]
    public void Images_has_a_row_for_each_name()
    {
        Daemon.On("GET /images/json", """
            [{"Id":"sha256:0123456789abcdef","RepoTags":["nginx:latest","localhost:5000/a:1"],"RepoDigests":["nginx@sha256:ff"],"Created":1705312200,"Size":187400000},
             {"Id":"sha256:ffff456789abcdef","RepoTags":[],"RepoDigests":[],"Created":1705312200,"Size":1000}]
            """);
        Assert.Equal(
            """
            REPOSITORY          TAG        IMAGE ID        CREATED        SIZE
            nginx               latest     0123456789ab    2 hours ago    187MB
            localhost:5000/a    1          0123456789ab    2 hours ago    187MB
            <none>              <none>     ffff456789ab    2 hours ago    1kB

            """,
            Run("images").Output);
        Assert.Equal("0123456789ab\nffff456789ab\n", Run("images -q").Output);
    }

    [Fact]
    public void Port_shows_all_or_one()
    {
        Daemon.On("GET /containers/web/json", """
            {"NetworkSettings":{"Ports":{"443/tcp":null,"8080/tcp":[{"HostIp":"::1","HostPort":"1"}],"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}]}}}
            """);
        Assert.Equal((0, "80/tcp -> 0.0.0.0:8080\n8080/tcp -> [::1]:1\n", ""), Run("port web"));
        Assert.Equal((0, "0.0.0.0:8080\n", ""), Run("port web 80"));
        Assert.Equal((1, "", "hypr: no public port '443/tcp' published for web\n"), Run("port web 443"));
        Assert.Equal(1, Run("port web x").Code);
    }

    [Fact]
    public void Port_check_says_what_drops_a_port_and_fails_with_it()
    {
        const string Open = """{"Port":"80/tcp","HostIp":"0.0.0.0","HostPort":"8080","Target":"10.88.0.2:80","Vm":"listens","Ways":[{"Link":"eth0","From":"192.0.2.1","To":"192.0.2.10","State":"open"}]}""";
        const string Dropped = """{"Port":"80/tcp","HostIp":"::","HostPort":"8080","Target":"10.88.0.2:80","Vm":"refuses","Ways":[{"Link":"eth0","From":"2001:db8::1","To":"2001:db8::10","State":"dropped","By":"nft: policy drop of chain inet firewall input"}]}""";
        Daemon.On("GET /hypr/containers/web/ports/check", $"[{Open}]");
        Assert.Equal((0, "0.0.0.0:8080/tcp -> 10.88.0.2:80\n  in the VM: a program listens\n  eth0, from 192.0.2.1: open\n", ""), Run("port check web"));
        Daemon.On("GET /hypr/containers/api/ports/check", $"[{Dropped}]");
        var (code, output, _) = Run("port check api 8080 --from 2001:db8::1");
        Assert.Equal("port=8080&from=2001:db8::1", Daemon.Requests[^1].Query);
        Assert.Equal(1, code);
        Assert.StartsWith("[::]:8080/tcp -> 10.88.0.2:80\n  in the VM: nothing listens", output);
        Assert.EndsWith("  eth0, from 2001:db8::1: dropped by nft: policy drop of chain inet firewall input\n", output);
    }

    [Fact]
    public void Events_are_dockers_lines()
    {
        Daemon.On("GET /events", """
            {"Type":"network","Action":"connect","Actor":{"ID":"1a2b","Attributes":{"type":"bridge","container":"4f1c","name":"mynet"}},"scope":"local","time":1705314600,"timeNano":1705314600123456789}

            """);
        Assert.EndsWith(".123456789Z network connect 1a2b (container=4f1c, name=mynet, type=bridge)\n",
            Run("events --since 10m --until 0s").Output.Replace("+00:00", "Z", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal("since=1705319400.000000000&until=1705320000.000000000", Daemon.Requests[^1].Query);
    }

    [Fact]
    public void Version_shows_both_sides_and_info_what_the_daemon_says()
    {
        Daemon.On("GET /version",
            """{"Platform":{"Name":"HYPR"},"Version":"0.1.0","ApiVersion":"1.51","MinAPIVersion":"1.24","Os":"linux","Arch":"amd64","Components":[{"Name":"QEMU","Version":"7.2"}]}""");
        var (code, output, _) = Run("version");
        Assert.Equal(0, code);
        Assert.Contains("API version:      1.51 (minimum version 1.24)\n", output, StringComparison.Ordinal);
        Assert.Contains(" QEMU:\n  Version:         7.2\n", output, StringComparison.Ordinal);
        Assert.Equal("0.1.0\n", Run(["version", "-f", "{{.Server.Version}}"]).Output);
        Daemon.On("GET /info", """{"Containers":2,"ContainersRunning":1,"NCPU":2,"MemTotal":2087354368,"Warnings":["no KVM"]}""");
        Assert.Equal((0, "VMs: 2\n Running: 1\nCPUs: 2\nTotal Memory: 1.944GiB\n", "no KVM\n"), Run("info"));
    }

    [Fact]
    public void Version_without_a_daemon_shows_the_client_and_fails()
    {
        var (code, output, error) = Run("-H /nonexistent/x.sock version");
        Assert.Equal(1, code);
        Assert.StartsWith("Client: HYPR\n Version: ", output, StringComparison.Ordinal);
        Assert.Contains("systemctl start hypr", error, StringComparison.Ordinal);
    }
}
