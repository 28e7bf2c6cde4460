using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>Debian's docker-compose (1.29, Python) brings the specification's stack up through the API.</summary>
public sealed class DockerComposeTests(HyprHost host) : IClassFixture<HyprHost>
{
    /// <summary>The specification's file but for api's image, which keeps running by its command.</summary>
    private const string Three = """
        version: "3.8"

        services:
          web:
            image: nginx:latest
            ports:
              - "8080:80"
            networks:
              - frontend

          api:
            image: tools:latest
            command: sleep infinity
            networks:
              - frontend
              - backend

          db:
            image: nginx:latest
            networks:
              - backend

        networks:
          frontend:
          backend:
            internal: true
        """;

    [Fact]
    public void The_stack_of_three_comes_up_is_seen_by_both_and_goes_without_a_trace()
    {
        var before = host.Traces();
        var file = Write("shop", Three);
        Must(file, "up", "-d");
        Assert.Contains("Welcome to nginx", host.Page(host.Lab.Lan, "http://192.0.2.10:8080/"));
        foreach (var name in (string[])["web", "db"])
        {
            Assert.Contains("Welcome to nginx", Must(file, "exec", "-T", "api", "curl", "-sS", "--retry", "20", "--retry-connrefused", $"http://{name}"));
        }

        Assert.NotEqual(0, Compose(file, "exec", "-T", "web", "getent", "hosts", "db").ExitCode);
        Assert.Matches("shop_web_1 .* Up .*0\\.0\\.0\\.0:8080->80/tcp", Must(file, "ps"));
        Assert.Equal("0.0.0.0:8080\n", Must(file, "port", "web", "80"));
        Assert.Matches("web_1 .*GET / HTTP", Must(file, "logs", "--no-color", "web"));
        Assert.Matches("shop +running\\(3\\)", host.MustHypr("compose", "ls"));

        // Again: nothing is made anew, and no network is taken for another one.
        var ids = Must(file, "ps", "-q");
        Assert.Contains("shop_web_1 is up-to-date", Compose(file, "up", "-d").Error);
        Assert.Equal(ids, Must(file, "ps", "-q"));
        Must(file, "restart", "-t", "1", "web");
        Must(file, "down", "-t", "1");
        Assert.True(Probe.Until(() => host.Traces() == before), host.Traces());
        Assert.DoesNotContain("shop", host.MustHypr("network", "ls"));
    }

    [Fact]
    public void Its_other_verbs_do_what_they_do_with_docker()
    {
        var file = Write("verbs", """
            services:
              web:
                image: nginx
                ports: ["8082:80"]
                links: ["db:database"]
                volumes: ["./html:/usr/share/nginx/html:ro"]
              db:
                image: tools
                command: sh -c 'echo db speaks; exec sleep infinity'
                volumes: ["data:/data"]
            volumes: { data: }
            """);
        Directory.CreateDirectory(Path.Combine(host.Folder, "verbs", "html"));
        File.WriteAllText(Path.Combine(host.Folder, "verbs", "html", "index.html"), "from the host\n");
        Must(file, "up", "-d");
        Assert.Equal("from the host\n", host.Page(host.Lab.Lan, "http://192.0.2.10:8082/"));
        var db = host.MustHypr("inspect", "-f", "{{.NetworkSettings.Networks.verbs_default.IPAddress}}", "verbs_db_1").Trim();
        Assert.StartsWith(db + " ", Must(file, "exec", "-T", "web", "getent", "hosts", "database"), StringComparison.Ordinal);

        // run: it sends the service's links, and those to the service's own VMs.
        Assert.StartsWith(db + " ", Must(file, "run", "--rm", "-T", "web", "getent", "hosts", "database"), StringComparison.Ordinal);
        Assert.Equal(7, Compose(file, "run", "--rm", "-T", "web", "sh", "-c", "exit 7").ExitCode);
        Assert.Matches("verbs_db_1\n(?s).*sleep infinity", Must(file, "top", "db"));
        Assert.Contains("db_1   | db speaks", Must(file, "logs", "--no-color", "db").Replace("db_1  |", "db_1   |", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal("0.0.0.0:8082\n", Must(file, "port", "web", "80"));
        Assert.Matches("verbs_db_1 .* Up", Must(file, "ps"));
        Must(file, "stop", "-t", "1", "db");
        Assert.Matches("verbs_db_1 .* Exit", Must(file, "ps"));
        Must(file, "start", "db");
        Assert.Equal("verbs_data\n", host.MustHypr("volume", "ls", "-q"));
        Must(file, "down", "-v", "-t", "1");
        Assert.Equal("", host.MustHypr("volume", "ls", "-q"));
        Assert.True(File.Exists(Path.Combine(host.Folder, "verbs", "html", "index.html")));
    }

    [Fact]
    public void It_waits_for_health()
    {
        var file = Write("well", """
            services:
              web: { image: tools, command: sleep infinity, depends_on: { db: { condition: service_healthy } } }
              db: { image: tools, command: sh -c "sleep 1; touch /ready; sleep infinity", healthcheck: { test: test -f /ready, interval: 1s, retries: 60 } }
            """);
        var since = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 1;
        Must(file, "up", "-d");
        Assert.Matches("well_db_1 .* Up \\(healthy\\)", Must(file, "ps"));
        var events = host.MustHypr("events", "--since", $"{since}", "--until", $"{DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1}", "--filter", "label=com.docker.compose.project=well")
            .Split('\n').ToList();
        var healthy = events.FindIndex(e => e.Contains("health_status: healthy", StringComparison.Ordinal));
        var started = events.FindIndex(e => e.Contains("container start ", StringComparison.Ordinal) && e.Contains("name=well_web_1", StringComparison.Ordinal));
        Assert.True(healthy >= 0 && healthy < started, string.Join('\n', events));
        Must(file, "down", "-t", "1");
    }

    private string Must(string file, params string[] arguments)
    {
        var result = Compose(file, arguments);
        return result.Succeeded
            ? result.Output
            : throw new InvalidOperationException($"docker-compose {string.Join(' ', arguments)}: {result.ExitCode}: {result.Error}{result.Output}\n--- hyprd: {host.DaemonLog}");
    }

    /// <summary>A start may take longer on a loaded machine than the minute it waits for an answer.</summary>
    private ProgramResult Compose(string file, params string[] arguments) => host.Space
        .Start("env", ["DOCKER_HOST=unix://" + host.Socket, "DOCKER_CONFIG=" + Path.Combine(host.Folder, "docker"), "COMPOSE_HTTP_TIMEOUT=180", "/usr/bin/docker-compose", "-f", file, .. arguments])
        .WaitForEnd(TimeSpan.FromMinutes(3));

    private string Write(string stack, string yaml)
    {
        var folder = Path.Combine(host.Folder, stack);
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, "docker-compose.yml");
        File.WriteAllText(file, yaml);
        return file;
    }
}
