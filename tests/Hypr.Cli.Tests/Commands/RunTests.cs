using System.Text;
using System.Text.Json;
using Hypr.Testing;

namespace Hypr.Cli.Tests.Commands;

public sealed class RunTests : CommandRunner
{
    private const string Id = "4f1c9b7a3d2e";

    private JsonElement Created => JsonDocument.Parse(Daemon.Requests.Last(r => r.Path == "/containers/create").Text).RootElement;

    private void Machine(string output = "", string error = "", int exitCode = 0)
    {
        Daemon.On("POST /containers/create", $$"""{"Id":"{{Id}}","Warnings":[]}""", 201)
            .On($"POST /containers/{Id}/start", "", 204)
            .On($"DELETE /containers/{Id}", "", 204)
            .On($"POST /containers/{Id}/wait", $$"""{"StatusCode":{{exitCode}}}""")
            .OnUpgrade($"POST /containers/{Id}/attach", (_, stream) =>
            {
                stream.Write(FakeDaemon.Frame(1, output));
                stream.Write(FakeDaemon.Frame(2, error));
            });
    }

    [Fact]
    public void In_the_background_it_prints_the_id()
    {
        Machine();
        Assert.Equal((0, Id + "\n", ""), Run("run -d --name web -p 8080:80 nginx"));
        Assert.Equal(["/containers/create", $"/containers/{Id}/start"], Daemon.Requests.Select(r => r.Path));
        Assert.Equal("name=web", Daemon.Requests[0].Query);
        Assert.Equal("8080",
            Created.GetProperty("HostConfig").GetProperty("PortBindings").GetProperty("80/tcp")[0].GetProperty("HostPort").GetString());
        Assert.True(Created.GetProperty("ExposedPorts").TryGetProperty("80/tcp", out _));
        Assert.False(Created.GetProperty("AttachStdout").GetBoolean());
    }

    [Fact]
    public void In_the_foreground_it_attaches_and_waits_before_it_starts_and_ends_as_the_process_does()
    {
        Machine("out\n", "err\n", exitCode: 7);
        Assert.Equal((7, "out\n", "err\n"), Run("run --rm busybox sh"));
        Assert.Equal(
            ["/containers/create", $"/containers/{Id}/attach", $"/containers/{Id}/wait", $"/containers/{Id}/start"],
                Daemon.Requests.Select(r => r.Path));
        Assert.Equal("condition=removed", Daemon.Requests[2].Query);
        Assert.Equal(["sh"], Created.GetProperty("Cmd").EnumerateArray().Select(c => c.GetString()));
    }

    [Fact]
    public void With_i_our_input_is_the_process_s_and_its_end_is_handed_on()
    {
        Machine();
        Daemon.OnUpgrade($"POST /containers/{Id}/attach", (_, stream) =>
        {
            using var typed = new MemoryStream();
            stream.CopyTo(typed);
            stream.Write(FakeDaemon.Frame(1, Encoding.UTF8.GetString(typed.ToArray()).ToUpperInvariant()));
        });
        Assert.Equal((0, "HELLO", ""), Run("run -i busybox cat", input: "hello"));
        Assert.True(Created.GetProperty("OpenStdin").GetBoolean());
        Assert.True(Created.GetProperty("StdinOnce").GetBoolean());
    }

    [Fact]
    public void A_missing_image_is_pulled_quietly_when_piped_and_the_create_tried_again()
    {
        Machine();
        bool pulled = false;
        Daemon.On("POST /containers/create", (_, stream) =>
        {
            if (pulled)
                FakeDaemon.Reply(stream, 201, $$"""{"Id":"{{Id}}"}""");
            else
                FakeDaemon.Reply(stream, 404, """{"message":"No such image: nginx:latest"}""");
        });
        Daemon.On("POST /images/create", (_, stream) =>
        {
            pulled = true;
            FakeDaemon.Reply(stream, 200, """
                {"status":"Pulling from library/nginx","id":"latest"}
                {"status":"Downloading","progressDetail":{"current":5,"total":10},"id":"aa"}
                {"status":"Pull complete","progressDetail":{},"id":"aa"}
                {"status":"Status: Downloaded newer image for nginx:latest"}
                """);
        });
        Assert.Equal(
            (0, Id + "\n", """
                Unable to find image 'nginx:latest' locally
                latest: Pulling from library/nginx
                aa: Pull complete
                Status: Downloaded newer image for nginx:latest

                """),
            Run("run -d nginx"));
        Assert.Equal("fromImage=nginx&tag=latest", Daemon.Requests.Single(r => r.Path == "/images/create").Query);
    }

    [Fact]
    public void An_error_within_the_pull_ends_the_run_with_125()
    {
        Daemon.On("POST /containers/create", """{"message":"No such image: x:latest"}""", 404)
            .On("POST /images/create", """{"errorDetail":{"message":"registry x is down"},"error":"registry x is down"}""");
        var (code, _, error) = Run("run -q x");
        Assert.Equal(125, code);
        Assert.EndsWith("hypr: registry x is down\n", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("port 8080 is taken by db", 125)]
    [InlineData("exec: \"foo\": executable file not found in $PATH", 127)]
    [InlineData("exec: \"/etc\": permission denied", 126)]
    public void A_start_that_fails_removes_the_machine_and_has_dockers_exit_code(string message, int code)
    {
        Machine();
        Daemon.On($"POST /containers/{Id}/start", JsonSerializer.Serialize(new { message }), 500);
        foreach (string line in new[] { "run -d nginx", "run nginx" })
        {
            Assert.Equal((code, "", $"hypr: {message}\n"), Run(line));
            Assert.Equal($"DELETE /containers/{Id} force=1&v=1",
                Daemon.Requests.Where(r => r.Method == "DELETE").Select(r => $"{r.Method} {r.Path} {r.Query}").Last());
        }
    }

    [Theory]
    [InlineData("run -p 80:x nginx", 125, "80:x")]
    [InlineData("run -m -5 nginx", 125, "-5")]
    [InlineData("run --cpus two nginx", 125, "two")]
    [InlineData("run --cpus 0 nginx", 125, "more than 0")]
    [InlineData("run --rm --restart always nginx", 125, "contradict")]
    [InlineData("run --restart sometimes nginx", 125, "unless-stopped")]
    [InlineData("run --restart always:3 nginx", 125, "on-failure")]
    [InlineData("run --network name=a,ipp=1 nginx", 125, "ip")]
    [InlineData("run --network a --network a nginx", 125, "twice")]
    [InlineData("run --network ip=1.2.3.4 nginx", 125, "name=")]
    [InlineData("run --add-host x nginx", 125, "host:ip")]
    [InlineData("run --env-file /nonexistent nginx", 125, "/nonexistent")]
    [InlineData("run --health-interval 5 nginx", 125, "duration")]
    [InlineData("run --pull often nginx", 125, "always")]
    [InlineData("run -d -a stdout nginx", 125, "contradict")]
    [InlineData("run -it nginx", 1, "no terminal")]
    [InlineData("run --detach-keys ctrl-1 nginx", 125, "ctrl-1")]
    [InlineData("run --expose 80:80 nginx", 125, "-p 80:80")]
    [InlineData("run --label =x nginx", 125, "key=value")]
    public void A_wrong_value_is_refused_before_the_daemon_is_asked(string line, int code, string says)
    {
        var (actual, _, error) = Run(line);
        Assert.Equal(code, actual);
        Assert.Contains(says, error, StringComparison.Ordinal);
        Assert.StartsWith("hypr: ", error, StringComparison.Ordinal);
        Assert.Empty(Daemon.Requests);
    }

    [Fact]
    public void The_options_become_dockers_request()
    {
        Machine();
        Environment["MINE"] = "here";
        Run("create -m 512 --cpus 1.5 -e A=b -e MINE -e GONE --restart on-failure:3 --network name=mynet,ip=10.89.0.9,alias=db --network other --network-alias second --dns 1.1.1.1 "
            + "--add-host h:host-gateway --tmpfs /run:size=1m --health-cmd true --health-interval 5s --stop-timeout 3 -l a=b --expose 90-91 -u 1:1 -w /x --entrypoint /e nginx a b");
        var host = Created.GetProperty("HostConfig");
        Assert.Equal(512L << 20, host.GetProperty("Memory").GetInt64());
        Assert.Equal(1_500_000_000, host.GetProperty("NanoCpus").GetInt64());
        Assert.Equal("mynet", host.GetProperty("NetworkMode").GetString());
        Assert.Equal(3, host.GetProperty("RestartPolicy").GetProperty("MaximumRetryCount").GetInt32());
        Assert.Equal("size=1m", host.GetProperty("Tmpfs").GetProperty("/run").GetString());
        Assert.Equal("h:host-gateway", host.GetProperty("ExtraHosts")[0].GetString());
        Assert.Equal(["A=b", "MINE=here"], Created.GetProperty("Env").EnumerateArray().Select(e => e.GetString()));
        var networks = Created.GetProperty("NetworkingConfig").GetProperty("EndpointsConfig");
        Assert.Equal("10.89.0.9", networks.GetProperty("mynet").GetProperty("IPAMConfig").GetProperty("IPv4Address").GetString());
        Assert.Equal(["db", "second"], networks.GetProperty("mynet").GetProperty("Aliases").EnumerateArray().Select(a => a.GetString()));
        Assert.True(networks.TryGetProperty("other", out _));
        Assert.Equal(5_000_000_000, Created.GetProperty("Healthcheck").GetProperty("Interval").GetInt64());
        Assert.Equal("/e", Created.GetProperty("Entrypoint")[0].GetString());
        Assert.Equal(2, Created.GetProperty("ExposedPorts").EnumerateObject().Count());
    }

    [Fact]
    public void Exec_ends_as_its_command_does()
    {
        Daemon.On("POST /containers/myvm/exec", """{"Id":"e1"}""", 201)
            .On("GET /exec/e1/json", """{"Running":false,"ExitCode":3}""")
            .OnUpgrade("POST /exec/e1/start", (_, stream) => stream.Write(FakeDaemon.Frame(1, "nameserver 10.88.0.1\n")));
        Assert.Equal((3, "nameserver 10.88.0.1\n", ""), Run("exec myvm -- cat /etc/resolv.conf"));
        Assert.Contains("\"Cmd\":[\"cat\",\"/etc/resolv.conf\"]", Daemon.Requests[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Exec_of_a_missing_program_is_127()
    {
        Daemon.On("POST /containers/myvm/exec", """{"Id":"e1"}""", 201)
            .On("POST /exec/e1/start", """{"message":"exec: \"ss\": executable file not found in $PATH"}""", 400);
        Assert.Equal(127, Run("exec myvm -- ss -tlnp").Code);
    }

    [Fact]
    public void Verbs_carry_on_past_a_failure_and_end_with_1()
    {
        Daemon.On("POST /containers/a/stop", "", 204).On("POST /containers/b/stop", """{"message":"no such VM: b"}""", 404)
            .On("POST /containers/c/stop", "", 304);
        Assert.Equal((1, "a\nc\n", "hypr: no such VM: b\n"), Run("stop -t 3 a b c"));
        Assert.Equal("t=3", Daemon.Requests[0].Query);
    }

    [Theory]
    [InlineData("push nginx", "hypr: push: HYPR does not push", "skopeo copy")]
    [InlineData("image push nginx", "hypr: image push: HYPR does not push", "skopeo copy")]
    [InlineData("search nginx", "hypr: search: HYPR does not search", "hypr pull")]
    [InlineData("build .", "hypr: build: HYPR builds no images", "hypr load")]
    [InlineData("swarm init", "hypr: swarm: HYPR has no swarm", "hypr compose")]
    public void What_Docker_has_alone_is_said_in_a_sentence_with_what_to_do(string line, string what, string instead)
    {
        var (code, _, error) = Run(line);
        Assert.Equal(1, code);
        Assert.StartsWith(what, error, StringComparison.Ordinal);
        Assert.Contains(instead, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Disk_use_is_shown_in_sum_and_each_by_each()
    {
        Daemon.On("GET /system/df", """
            {"LayersSize":3000000,"Images":[{"Id":"sha256:0123456789abcdef","RepoTags":["nginx:1.27"],"Created":1705320000,"Size":3000000,"Containers":1}],
             "Containers":[{"Id":"fedcba9876543210","Names":["/web"],"Image":"nginx","State":"exited","Status":"Exited (0)","SizeRw":2000,"SizeRootFs":3000000}],
             "Volumes":[{"Name":"data","UsageData":{"Size":5000,"RefCount":0}}],"HyprTemplates":[]}
            """);
        Assert.Contains("VMs", Run("system df").Output, StringComparison.Ordinal);
        var lines = Run("system df -v").Output.Split('\n').Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries))).ToArray();
        Assert.Contains(lines, l => l.StartsWith("nginx 1.27 0123456789ab", StringComparison.Ordinal) && l.EndsWith("3MB 1", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("fedcba987654 web nginx", StringComparison.Ordinal) && l.EndsWith("2kB (virtual 3MB)", StringComparison.Ordinal));
        Assert.Contains("data 0 5kB", lines);
        Assert.Equal(125, Run("system df -v --format json").Code);
    }

    [Fact]
    public void Network_commands_ask_as_docker_asks_and_force_is_our_own()
    {
        Daemon.On("POST /networks/create", """{"Id":"ffff","Warning":"careful"}""", 201)
            .On("DELETE /networks/mynet", "", 204)
            .On("POST /networks/prune", """{"NetworksDeleted":["a","b"]}""")
            .On("POST /networks/mynet/connect", "");
        Assert.Equal(
            (0, "ffff\n", "WARNING: careful\n"),
            Run("network create mynet --subnet 10.89.0.0/16 --gateway 10.89.0.1 --subnet fd00::/64 --gateway fd00::1 --aux-address a=10.89.0.7 --internal"));
        Assert.Contains(
            """[{"Subnet":"10.89.0.0/16","Gateway":"10.89.0.1","AuxiliaryAddresses":{"a":"10.89.0.7"}},{"Subnet":"fd00::/64","Gateway":"fd00::1"}]""",
            Daemon.Requests[0].Text,
            StringComparison.Ordinal);
        Assert.Equal((0, "mynet\n", ""), Run("network rm mynet --force"));
        Assert.Equal("hypr-force=1", Daemon.Requests[^1].Query);
        Assert.Equal((0, "", ""), Run("network rm -f gone"));
        Assert.Equal(1, Run("network rm gone").Code);
        Assert.Equal((0, "Deleted Networks:\na\nb\n\n", ""), Run("network prune -f"));
        Assert.EndsWith("[y/N] ", Run("network prune", input: "n\n").Output, StringComparison.Ordinal);
        Assert.EndsWith("Deleted Networks:\na\nb\n\n", Run("network prune", input: "y\n").Output, StringComparison.Ordinal);
        Assert.Equal(0, Run("network connect --ip 10.89.0.5 mynet web").Code);
    }

    [Theory]
    [InlineData("network create a --gateway 10.1.1.1", "--subnet")]
    [InlineData("network create a --subnet 10.89.0.0", "CIDR")]
    [InlineData("network create a --subnet 10.89.0.0/33", "CIDR")]
    [InlineData("network create a --subnet 10.89.0.0/16 --gateway 10.90.0.1", "outside")]
    [InlineData("network create a --subnet 10.89.0.0/16 --gateway x", "not an IP address")]
    [InlineData("network create a --subnet 10.89.0.0/16 --gateway 10.89.0.1 --gateway 10.89.0.2", "twice")]
    [InlineData("network create a --subnet 10.89.0.0/16 --aux-address 10.89.0.1", "key=value")]
    [InlineData("network create a --opt =x", "key=value")]
    public void A_wrong_network_is_refused(string line, string says)
    {
        var (code, _, error) = Run(line);
        Assert.Equal(125, code);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Logs_go_to_their_streams()
    {
        Daemon.On("GET /containers/web/json", """{"Config":{"Tty":false}}""").On("GET /containers/web/logs", (_, stream) =>
        {
            stream.Write("HTTP/1.1 200 OK\r\n\r\n"u8);
            stream.Write([.. FakeDaemon.Frame(1, "one\n"), .. FakeDaemon.Frame(2, "two\n")]);
        });
        Assert.Equal((0, "one\n", "two\n"), Run("logs --tail 5 -t web"));
        Assert.Equal("stdout=1&stderr=1&timestamps=1&tail=5", Daemon.Requests[^1].Query);
    }

    [Fact]
    public void Without_a_daemon_each_command_says_how_to_start_it_once()
    {
        foreach (string line in new[] { "ps", "run nginx", "rm a b", "network ls", "logs a", "exec a b", "pull a", "events" })
        {
            var (code, _, error) = Run("-H /nonexistent/x.sock " + line);
            Assert.Equal(line.StartsWith("run", StringComparison.Ordinal) ? 125 : 1, code);
            Assert.Equal(
                "hypr: cannot reach hyprd at /nonexistent/x.sock: it is not running. Start it: sudo systemctl start hypr, or as root: hyprd\n", error);
        }
    }

    [Fact]
    public void A_login_is_kept_beside_what_docker_wrote_and_sent_with_a_pull_until_logout()
    {
        string folder = Directory.CreateTempSubdirectory("hypr-login").FullName;
        try
        {
            Environment["DOCKER_CONFIG"] = folder;
            string file = Path.Combine(folder, "config.json");
            File.WriteAllText(file, """{"credsStore":"","auths":{"other":{"auth":"eDp5"}}}""");
            Daemon.On("POST /auth", """{"Status":"Login Succeeded"}""").On("POST /images/create", "");
            var (code, output, warning) = Run("login -u me --password-stdin registry.example:5000", input: "secret\n");
            Assert.Equal((0, "Login Succeeded\n"), (code, output));
            Assert.Contains(file, warning, StringComparison.Ordinal);
            Assert.Equal("bWU6c2VjcmV0", JsonDocument.Parse(File.ReadAllText(file)).RootElement
                .GetProperty("auths").GetProperty("registry.example:5000").GetProperty("auth").GetString());
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            Run("pull registry.example:5000/a");
            Assert.Contains("X-Registry-Auth: ", Daemon.Requests[^1].Head, StringComparison.Ordinal);
            Assert.Equal("Removing login credentials for registry.example:5000\n", Run("logout registry.example:5000").Output);
            Assert.Equal("Not logged in to registry.example:5000\n", Run("logout registry.example:5000").Output);
            Run("pull registry.example:5000/a");
            Assert.DoesNotContain("X-Registry-Auth", Daemon.Requests[^1].Head, StringComparison.Ordinal);
            Assert.Contains("\"other\"", File.ReadAllText(file), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
