using System.Text.Json;
using Hypr.Testing;

namespace Hypr.Cli.Tests.Commands;

/// <summary>hypr compose against a daemon that is scripted: which calls, in which order, and what a person reads.</summary>
public sealed class ComposeTests : CommandRunner
{
    private const string Pair = """
        services:
          web: { image: nginx, depends_on: { db: { condition: service_healthy } } }
          db: { image: nginx }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-compose-").FullName;

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private string Compose(string yaml)
    {
        string folder = Path.Combine(_folder, "shop");
        Directory.CreateDirectory(folder);
        string file = Path.Combine(folder, "compose.yaml");
        File.WriteAllText(file, yaml);
        return file;
    }

    /// <summary>A daemon with nginx and the given VMs of the stack, whose db is as the test says.</summary>
    private void Script(string machines = "[]", string db = """{"Status":"running","Running":true,"Health":{"Status":"healthy"}}""")
    {
        Daemon.On("GET /containers/json", machines)
            .On("GET /networks", "[]")
            .On("GET /volumes", """{"Volumes":[],"Warnings":[]}""")
            .On("GET /images/nginx/json", """{"Id":"sha256:1"}""")
            .On("POST /networks/create", """{"Id":"n1"}""", 201)
            .On("POST /containers/create", """{"Id":"c1","Warnings":[]}""", 201)
            .On("GET /containers/shop-db-1/json", $$$"""{"Id":"db","State":{{{db}}} }""")
            .On("POST /containers/shop-db-1/start", "", 204)
            .On("POST /containers/shop-web-1/start", "", 204);
    }

    private static string Machine(string service, string state = "running", string more = "") => $$"""
        {"Id":"id-{{service}}","Names":["/shop-{{service}}-1"],"Image":"nginx","ImageID":"sha256:1","Command":"nginx","Created":1705312200,"State":"{{state}}","Status":"Up 5 minutes (healthy)",
         "Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}],"NetworkSettings":{"Networks":{"shop_default":{ } } },
         "Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"{{service}}","com.docker.compose.container-number":"1","com.docker.compose.oneoff":"False",
         "com.docker.compose.project.config_files":"/srv/shop/compose.yaml" {{more}} } }
        """;

    private IEnumerable<string> Calls => Daemon.Requests.Where(r => r.Method != "GET").Select(r => $"{r.Method} {r.Path}");

    [Fact]
    public void A_file_comes_from_standard_input_alone_or_over_another()
    {
        Script();
        var (code, output, error) = Run(["compose", "-p", "shop", "-f", "-", "up", "-d"], Pair);
        Assert.Equal((0, ""), (code, output));
        Assert.Contains(" VM shop-web-1  Started", error);
        var create = Daemon.Requests.First(r => r.Path.StartsWith("/containers/create", StringComparison.Ordinal));
        Assert.Contains("\"com.docker.compose.project.config_files\":\"-\"", create.Text);
        Assert.Equal("nginx\nother\n", Run(["compose", "-f", Compose(Pair), "-f", "-", "config", "--images"], "services: { db: { image: other } }").Output);
        Assert.Equal((1, "hypr: -:1:13: the service a has no image\n"), Told("services: { a: { } }"));
        Assert.Equal((1, "hypr: -: empty: a compose file needs services\n"), Told(""));
        Assert.StartsWith("hypr: -: standard input can be read once only", Run(["compose", "-f", "-", "-f", "-", "config"], Pair).Error);

        (int, string) Told(string input)
        {
            var told = Run(["compose", "-f", "-", "config"], input);
            return (told.Code, told.Error);
        }
    }

    [Fact]
    public void Up_makes_the_network_then_the_vms_and_starts_each_after_what_it_depends_on()
    {
        Script();
        var (code, output, error) = Run(["compose", "-f", Compose(Pair), "up", "-d"]);
        Assert.Equal((0, ""), (code, output));
        string[] lines = error.Split('\n');
        Assert.Equal(" Network shop_default  Creating", lines[0]);
        Assert.True(Array.IndexOf(lines, " VM shop-db-1  Healthy") is var healthy and > 0 && Array.IndexOf(lines, " VM shop-web-1  Starting") > healthy, error);
        Assert.Equal("POST /networks/create", Calls.First());
        Assert.Equal("POST /containers/shop-web-1/start", Calls.Last());
        var db = Daemon.Requests.Single(r => r.Path == "/containers/create" && r.Query == "name=shop-db-1").Text;
        Assert.Equal("db", JsonDocument.Parse(db).RootElement.GetProperty("Labels").GetProperty("com.docker.compose.service").GetString());
    }

    [Fact]
    public void On_a_terminal_each_thing_is_a_line_that_is_drawn_anew()
    {
        Script();
        string error = Run(["compose", "--progress", "tty", "-f", Compose(Pair), "up", "-d"]).Error;
        Assert.Contains("[+] Running 3/3\n", error);
        Assert.Contains("✔\x1b[0m VM shop-web-1", error);
        Assert.Equal("", Run(["compose", "--progress", "quiet", "-f", Compose(Pair), "up", "-d"]).Error);
    }

    [Fact]
    public void What_fails_takes_along_only_what_waits_for_it()
    {
        Script();
        Daemon.On("POST /containers/create", (request, stream) => FakeDaemon.Reply(
            stream, request.Query == "name=shop-db-1" ? 400 : 201, request.Query == "name=shop-db-1" ? """{"message":"no luck"}""" : """{"Id":"c1"}"""));
        string file = Compose(Pair);
        var (code, _, error) = Run(["compose", "-f", file, "up", "-d"]);
        Assert.Equal(1, code);
        Assert.Contains($"hypr: {file}:3:3: VM shop-db-1 cannot be made: no luck\n", error);
        Assert.Contains("hypr: not done because of that: VM shop-db-1, VM shop-web-1. The next hypr compose up carries on\n", error);
        Assert.Contains(" VM shop-web-1  Created\n", error);
        Assert.DoesNotContain("POST /containers/shop-web-1/start", Calls);
    }

    [Theory]
    [InlineData("""{"Status":"running","Running":true,"Health":{"Status":"unhealthy","Log":[{"Output":"refused"}]}}""", "VM shop-db-1 is unhealthy: its check says refused")]
    [InlineData("""{"Status":"running","Running":true}""", "VM shop-db-1 has no health check, so it can never be healthy")]
    [InlineData("""{"Status":"exited","ExitCode":2,"Health":{"Status":"unhealthy"}}""", "VM shop-db-1 has ended with exit code 2")]
    public void A_dependency_that_cannot_be_healthy_is_told_with_its_place(string state, string expected)
    {
        Script(db: state);
        string file = Compose(Pair);
        var (code, _, error) = Run(["compose", "-f", file, "up", "-d"]);
        Assert.Equal(1, code);
        Assert.Contains($"hypr: {file}:2:38: {expected}", error);
    }

    [Fact]
    public void A_dependency_that_is_not_required_is_a_warning()
    {
        Script(db: """{"Status":"exited","ExitCode":2}""");
        var (code, _, error) = Run(["compose", "-f", Compose(Pair.Replace("service_healthy", "service_healthy, required: false", StringComparison.Ordinal)), "up", "-d"]);
        Assert.Equal(0, code);
        Assert.Contains("WARNING: ", error);
        Assert.Contains("POST /containers/shop-web-1/start", Calls);
    }

    [Fact]
    public void A_warning_of_the_daemon_has_the_service_s_place()
    {
        Script();
        Daemon.On("POST /containers/create", """{"Id":"c1","Warnings":["health checks are not run"]}""", 201);
        string file = Compose("services:\n  web:\n    image: nginx\n    healthcheck: { test: 'true' }\n    scale: 2\n");
        Daemon.On("POST /containers/shop-web-2/start", "", 204);
        string error = Run(["compose", "-f", file, "up", "-d"]).Error;
        Assert.Equal(2, error.Split($"WARNING: {file}:4:5: services.web: health checks are not run").Length);
    }

    [Fact]
    public void Every_problem_of_a_file_is_a_line_and_the_code_is_1()
    {
        string file = Compose("services:\n  web: { image: nginx, depends_on: [a] }\n  b: { image: nginx, networks: [c] }\n");
        var (code, output, error) = Run(["compose", "-f", file, "up", "-d"]);
        Assert.Equal((1, "", 2), (code, output, error.Split('\n').Count(l => l.StartsWith($"hypr: {file}:", StringComparison.Ordinal))));
        Assert.Empty(Daemon.Requests);
    }

    [Fact]
    public void Ps_and_ls_have_Docker_s_columns_and_need_no_file()
    {
        Daemon.On("GET /containers/json", $"[{Machine("web")},{Machine("db", "exited")}]");
        Assert.Equal(
            "NAME          IMAGE      COMMAND    SERVICE    CREATED        STATUS                    PORTS\n"
            + "shop-web-1    nginx      \"nginx\"    web        2 hours ago    Up 5 minutes (healthy)    0.0.0.0:8080->80/tcp\n",
            Run("compose -p shop ps").Output);
        Assert.Equal("shop-db-1 exited\nshop-web-1 running\n", Run(["compose", "-p", "shop", "ps", "-a", "--format", "{{.Name}} {{.State}}"]).Output);
        Assert.Equal("healthy\n", Run(["compose", "-p", "shop", "ps", "--format", "{{.Health}}"]).Output);
        Assert.Equal("NAME       STATUS                   CONFIG FILES\nshop       exited(1), running(1)    /srv/shop/compose.yaml\n", Run("compose ls").Output);
        Assert.Contains("com.docker.compose.project=shop", Daemon.Requests[0].Query);
    }

    [Fact]
    public void Down_by_the_name_of_a_stack_removes_dependents_first_and_the_network_last()
    {
        Daemon.On("GET /containers/json", $"[{Machine("web", more: ",\"com.docker.compose.depends_on\":\"db:service_started:false\"")},{Machine("db")}]")
            .On("GET /volumes", """{"Volumes":[],"Warnings":[]}""")
            .On("GET /networks", """[{"Name":"shop_default","Id":"n1","Labels":{"com.docker.compose.project":"shop"}},{"Name":"bridge","Id":"n0","Labels":{}}]""")
            .On("POST /containers/shop-web-1/stop", "", 204)
            .On("POST /containers/shop-db-1/stop", "", 204)
            .On("DELETE /containers/shop-web-1", "", 204)
            .On("DELETE /containers/shop-db-1", "", 204)
            .On("DELETE /networks/n1", "", 204);
        Assert.Equal(0, Run("compose down shop -t 3").Code);
        var calls = Calls.ToList();
        Assert.True(calls.IndexOf("POST /containers/shop-web-1/stop") < calls.IndexOf("POST /containers/shop-db-1/stop"));
        Assert.Equal("DELETE /networks/n1", calls[^1]);
        Assert.Equal("t=3", Daemon.Requests.First(r => r.Path == "/containers/shop-web-1/stop").Query);
    }

    [Fact]
    public void Logs_carry_the_vm_s_name_before_each_line()
    {
        Daemon.On("GET /containers/json", $"[{Machine("web")},{Machine("db")}]");
        foreach (string id in (string[])["id-web", "id-db"])
        {
            Daemon.On($"GET /containers/{id}/json", """{"Config":{"Tty":false}}""").On($"GET /containers/{id}/logs", (_, stream) =>
            {
                stream.Write("HTTP/1.1 200 OK\r\n\r\n"u8);
                stream.Write(FakeDaemon.Frame(1, "one\ntw"));
                stream.Write(FakeDaemon.Frame(2, "oops\n"));
                stream.Write(FakeDaemon.Frame(1, "o\nend"));
            });
        }
        var (code, output, error) = Run("compose -p shop logs");
        Assert.Equal((0, "db-1   | one\ndb-1   | two\ndb-1   | end\nweb-1  | one\nweb-1  | two\nweb-1  | end\n", "db-1   | oops\nweb-1  | oops\n"), (code, output, error));
        Assert.Equal("one\ntwo\nend\n", Run("compose -p shop logs --no-log-prefix web").Output);
        Assert.Equal(1, Run("compose -p shop logs nothing").Code);
    }

    [Fact]
    public void Config_prints_the_file_or_its_parts()
    {
        string file = Compose("name: other\nservices: { web: { image: 'nginx:${TAG:-1}', networks: [a] }, db: { image: postgres, profiles: [x] } }\nnetworks: { a: }\n");
        Environment["TAG"] = "2";
        Assert.Equal(
            "name: other\nservices:\n  web:\n    image: nginx:2\n    networks:\n      a: {}\nnetworks:\n  a:\n    name: other_a\n",
            Run(["compose", "-f", file, "config"]).Output);
        Assert.Equal("web\n", Run(["compose", "-f", file, "config", "--services"]).Output);
        Assert.Equal("web\ndb\n", Run(["compose", "-f", file, "--profile", "x", "config", "--services"]).Output);
        Assert.Equal("nginx:2\n", Run(["compose", "-f", file, "config", "--images"]).Output);
        Assert.Equal((0, "", ""), Run(["compose", "-f", file, "config", "-q"]));
    }

    [Theory]
    [InlineData("compose build --no-cache web")]
    [InlineData("compose push")]
    [InlineData("compose watch")]
    public void Docker_s_verbs_that_are_not_there_say_why(string line)
    {
        var (code, _, error) = Run(line);
        Assert.Equal(1, code);
        Assert.StartsWith("hypr: hypr compose ", error);
    }

    [Fact]
    public void An_unknown_verb_or_option_of_the_group_is_told()
    {
        Assert.Contains("Did you mean hypr compose up?", Run("compose upp").Error);
        Assert.Contains("unknown option of hypr compose: --fil", Run("compose --fil x up").Error);
        Assert.Contains("Usage:  hypr compose [OPTIONS] COMMAND", Run("compose").Output);
        Assert.Contains("Usage:  hypr compose up", Run("compose -p x up --help").Output);
    }
}
