using System.Net;
using System.Net.Sockets;
using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>Stacks of the specification's files in real VMs, from up to down.</summary>
public sealed class ComposeTests(HyprHost host) : IClassFixture<HyprHost>
{
    /// <summary>The specification's stack of three, with images that the tests have; api keeps running by its command.</summary>
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
    public void The_stack_of_three_finds_itself_by_name_and_is_apart_where_its_networks_are()
    {
        var before = host.Traces();
        var file = Write("shop", Three);
        var up = host.Hypr("compose", "-f", file, "up", "-d");
        Assert.True(up.Succeeded, up.Error);
        Assert.Equal("", up.Output);
        Assert.Contains(" Network shop_frontend  Created\n", up.Error);
        Assert.Contains(" VM shop-web-1  Started\n", up.Error);

        // api reaches both, web is reached from outside, web does not reach db by name or address, and the internal network nothing outside.
        Assert.Contains("Welcome to nginx", host.Page(host.Lab.Lan, "http://192.0.2.10:8080/"));
        Assert.Contains("Welcome to nginx", Exec(file, "api", "curl", "-sS", "--retry", "20", "--retry-connrefused", "http://web"));
        Assert.Contains("Welcome to nginx", Exec(file, "api", "curl", "-sS", "--retry", "20", "--retry-connrefused", "http://db"));
        Assert.Contains("Welcome to nginx", Exec(file, "api", "curl", "-sS", "http://shop-db-1"));
        Assert.NotEqual(0, host.Hypr("compose", "-f", file, "exec", "-T", "web", "getent", "hosts", "db").ExitCode);
        var db = host.MustHypr("inspect", "-f", "{{.NetworkSettings.Networks.shop_backend.IPAddress}}", "shop-db-1").Trim();
        Assert.NotEqual(0, host.Hypr("compose", "-f", file, "exec", "-T", "web", "ping", "-c", "1", "-W", "2", db).ExitCode);
        Assert.NotEqual(0, host.Hypr("compose", "-f", file, "exec", "-T", "db", "ping", "-c", "1", "-W", "2", "192.0.2.20").ExitCode);

        // What is there is seen by name, without the file, and by Docker's labels.
        Assert.Matches("^NAME +IMAGE +COMMAND +SERVICE +CREATED +STATUS +PORTS\n", host.MustHypr("compose", "-p", "shop", "ps"));
        Assert.Matches("shop-web-1 +nginx:latest .* web .* Up .* 0\\.0\\.0\\.0:8080->80/tcp", host.MustHypr("compose", "-p", "shop", "ps"));
        Assert.Matches($"shop +running\\(3\\) +{file}", host.MustHypr("compose", "ls"));
        Assert.Equal("0.0.0.0:8080\n", host.MustHypr("compose", "-f", file, "port", "web", "80"));
        Assert.Equal("web\n", host.MustHypr("inspect", "-f", "{{index .Config.Labels \"com.docker.compose.service\"}}", "shop-web-1"));

        // The host finds a service by its stack's name.
        Assert.Equal(db, host.Must("dig", "+short", "@10.88.0.1", "db.shop.hypr").Trim());

        // A second up changes nothing; a changed service alone is made anew.
        var ids = host.MustHypr("compose", "-f", file, "ps", "-q");
        host.MustHypr("compose", "-f", file, "up", "-d");
        Assert.Equal(ids, host.MustHypr("compose", "-f", file, "ps", "-q"));
        Write("shop", Three.Replace("8080:80", "8081:80", StringComparison.Ordinal));
        host.MustHypr("compose", "-f", file, "up", "-d");
        Assert.Contains("Welcome to nginx", host.Page(host.Lab.Lan, "http://192.0.2.10:8081/"));
        Assert.Equal(2, host.MustHypr("compose", "-f", file, "ps", "-q").Split('\n').Intersect(ids.Split('\n')).Count(id => id.Length > 0));

        // By the name of the stack, from anywhere: nothing is left.
        host.MustHypr("compose", "down", "shop");
        Assert.Equal(before, host.Traces());
        Assert.DoesNotContain("shop", host.MustHypr("network", "ls"));
    }

    [Fact]
    public void Two_stacks_of_the_same_services_do_not_mix()
    {
        const string Pair = "services: { web: { image: nginx }, api: { image: tools, command: sleep infinity } }";
        var (one, two) = (Write("one", Pair), Write("two", Pair));
        host.MustHypr("compose", "-f", one, "up", "-d");
        host.MustHypr("compose", "-f", two, "up", "-d");
        Assert.Equal(Address("one"), Exec(one, "api", "dig", "+short", "web"));
        Assert.Equal(Address("two"), Exec(two, "api", "dig", "+short", "web"));
        host.MustHypr("compose", "-f", one, "down");
        Assert.Equal(Address("two"), Exec(two, "api", "dig", "+short", "web"));
        host.MustHypr("compose", "-f", two, "down");

        string Address(string stack) => host.MustHypr("inspect", "-f", $"{{{{.NetworkSettings.Networks.{stack}_default.IPAddress}}}}", $"{stack}-web-1");
    }

    [Fact]
    public void A_failure_half_way_leaves_what_runs_says_what_failed_and_the_next_up_carries_on()
    {
        var file = Write("half", """
            services:
              good: { image: nginx }
              job: { image: tools, command: sh -c 'exit 3' }
              after: { image: nginx, depends_on: { job: { condition: service_completed_successfully } } }
            """);
        var up = host.Hypr("compose", "-f", file, "up", "-d");
        Assert.Equal(1, up.ExitCode);
        Assert.Contains($"{file}:4:40: VM half-job-1 did not complete successfully: exit code 3", up.Error);
        Assert.Contains("not done because of that: VM half-after-1", up.Error);
        Assert.Equal("good\n", host.MustHypr("compose", "-f", file, "ps", "--services"));
        var good = host.MustHypr("compose", "-f", file, "ps", "-q", "good");

        Write("half", File.ReadAllText(file).Replace("exit 3", "exit 0", StringComparison.Ordinal));
        host.MustHypr("compose", "-f", file, "up", "-d");
        Assert.Equal("after\ngood\n", host.MustHypr("compose", "-f", file, "ps", "--services"));
        Assert.Equal(good, host.MustHypr("compose", "-f", file, "ps", "-q", "good"));
        host.MustHypr("compose", "-f", file, "down");
    }

    [Fact]
    public void A_vm_that_cannot_start_takes_along_what_waits_for_it_alone()
    {
        var file = Write("taken", """
            services:
              db: { image: tools, command: sleep infinity, stop_grace_period: 1s }
              web: { image: nginx, ports: ["8095:80"], depends_on: [db] }
              after: { image: tools, command: sleep infinity, stop_grace_period: 1s, depends_on: [web] }
            """);
        var taken = host.Space.Run(() => new TcpListener(IPAddress.Any, 8095));
        host.Space.Run(taken.Start);
        var up = host.Hypr("compose", "-f", file, "up", "-d");
        Assert.Equal(1, up.ExitCode);
        Assert.Contains("VM taken-web-1", up.Error, StringComparison.Ordinal);
        Assert.Contains("8095", up.Error, StringComparison.Ordinal);
        Assert.Contains("not done because of that: VM taken-after-1", up.Error, StringComparison.Ordinal);
        Assert.Equal("db\n", host.MustHypr("compose", "-f", file, "ps", "--services"));
        var db = host.MustHypr("compose", "-f", file, "ps", "-q", "db");

        taken.Stop();
        host.MustHypr("compose", "-f", file, "up", "-d");
        Assert.Equal("after\ndb\nweb\n", host.MustHypr("compose", "-f", file, "ps", "--services"));
        Assert.Equal(db, host.MustHypr("compose", "-f", file, "ps", "-q", "db"));
        Assert.Contains("Welcome to nginx", host.Page(host.Lab.Lan, "http://192.0.2.10:8095/"));
        host.MustHypr("compose", "-f", file, "down");
    }

    [Fact]
    public void Down_takes_a_file_a_folder_the_stacks_name_or_what_is_here()
    {
        var file = Write("gone", "services: { web: { image: tools, volumes: ['data:/data'] } }\nvolumes: { data: }");
        var folder = Path.GetDirectoryName(file)!;
        var below = Directory.CreateDirectory(Path.Combine(folder, "below", "deeper")).FullName;
        Assert.All<string[]>(
            [
                ["compose", "-f", file, "down"],
                ["compose", "down", file],
                ["compose", "down", folder],
                ["compose", "-p", "gone", "down"],
                ["compose", "--project-name", "gone", "down", "--timeout", "1"],
                ["compose", "down", "gone"],
                ["compose", "--project-directory", folder, "-f", file, "down", "--remove-orphans"],
            ],
            words =>
            {
                host.MustHypr("compose", "-f", file, "up", "--no-start");
                Assert.Equal("gone-web-1 created\n", host.MustHypr("compose", "-p", "gone", "ps", "-a", "--format", "{{.Name}} {{.State}}"));
                host.MustHypr(words);
                Nothing("gone_data\n");
            });

        // From a folder below; and with its volumes.
        host.MustHypr("compose", "-f", file, "up", "--no-start");
        host.Must("sh", "-c", $"cd {below} && HYPR_RUNTIME_DIR={host.RuntimeDir} {Repository.Hypr} compose down -v");
        Nothing("");
        Assert.Contains("nothing to remove", host.Hypr("compose", "down", folder).Error, StringComparison.Ordinal);
        Assert.Contains("no such folder or file", host.Hypr("compose", "down", "./none").Error, StringComparison.Ordinal);

        void Nothing(string volumes)
        {
            Assert.Equal("", host.MustHypr("ps", "-aq", "--filter", "label=com.docker.compose.project=gone"));
            Assert.Equal("", host.MustHypr("network", "ls", "-q", "--filter", "name=gone"));
            Assert.Equal(volumes, host.MustHypr("volume", "ls", "-q", "--filter", "name=gone"));
        }
    }

    [Fact]
    public void Keys_of_the_process_reach_it()
    {
        var file = Write("keys", """
            services:
              web:
                image: tools
                hostname: named
                user: "33:33"
                working_dir: /srv/work
                environment: { GIVEN: "a b" }
                env_file: more.env
                group_add: ["1234"]
                ulimits: { nofile: { soft: 123, hard: 456 } }
                shm_size: 96m
                read_only: true
                tmpfs: ["/scratch:size=8m,mode=1777"]
                sysctls: { net.core.somaxconn: 321 }
                extra_hosts: ["elsewhere=192.0.2.99"]
                stop_signal: SIGKILL
                deploy: { resources: { limits: { cpus: "1", memory: 300M } } }
                entrypoint: ["sh", "-c"]
                command:
                  - cat /etc/hostname; id -u; id -G; pwd; echo $$GIVEN $$MORE; ulimit -n; ulimit -Hn; stat -f -c %b /dev/shm; touch /root-is-written 2>/dev/null || echo kept;
                    touch /scratch/x && echo scratch; cat /proc/sys/net/core/somaxconn; getent hosts elsewhere; nproc; exec sleep 1000
            """);
        File.WriteAllText(Path.Combine(Path.GetDirectoryName(file)!, "more.env"), "MORE=\"from a file\"\n");
        host.MustHypr("compose", "-f", file, "up", "-d");
        string Log() => host.MustHypr("compose", "-f", file, "logs", "--no-log-prefix", "web");
        Assert.True(Probe.Until(() => Log().Split('\n').Length >= 14), Log());
        Assert.Equal(
            ["named", "33", "33 1234", "/srv/work", "a b from a file", "123", "456", "24576", "kept", "scratch", "321", "192.0.2.99      elsewhere", "1"],
            Log().TrimEnd('\n').Split('\n'));
        host.MustHypr("compose", "-f", file, "down");
    }

    [Fact]
    public void In_the_foreground_logs_have_their_vm_s_name_and_ctrl_c_stops_the_stack()
    {
        var file = Write("front", """
            services:
              web: { image: tools, command: sh -c 'echo web speaks; exec sleep infinity', depends_on: [db] }
              db: { image: tools, command: sh -c 'echo db speaks; echo db moans >&2; exec sleep infinity' }
            """);
        var up = host.Start("compose", "-f", file, "up");
        Assert.True(Probe.Until(() => up.HasEnded || (up.Output.Contains("web-1  | web speaks\n") && up.Output.Contains("db-1   | db speaks\n")), TimeSpan.FromMinutes(2)), up.Output + up.Error);
        Assert.True(Probe.Until(() => up.Error.Contains("db-1   | db moans\n")), up.Error);
        host.Must("kill", "-INT", $"{up.Pid}");
        var ended = up.WaitForEnd(TimeSpan.FromMinutes(1));
        Assert.Equal(130, ended.ExitCode);
        Assert.True(ended.Error.IndexOf("VM front-web-1  Stopped", StringComparison.Ordinal) is var web and > 0 && ended.Error.IndexOf("VM front-db-1  Stopping", StringComparison.Ordinal) > web, ended.Error);
        Assert.Equal("", host.MustHypr("compose", "-f", file, "ps", "-q"));
        Assert.Contains("db-1  | db speaks\n", host.MustHypr("compose", "-f", file, "logs", "db"));
        host.MustHypr("compose", "-f", file, "down");
    }

    [Fact]
    public void One_off_vms_scaling_and_orphans()
    {
        const string Scaled = "services: { web: { image: nginx, scale: 2 }, api: { image: tools, command: sleep infinity } }";
        var file = Write("many", Scaled);
        host.MustHypr("compose", "-f", file, "up", "-d");
        var run = host.Hypr("compose", "-f", file, "run", "--rm", "-T", "-e", "A=1", "api", "sh", "-c", "dig +short web | wc -l; echo $A; exit 7");
        Assert.Equal((7, "2\n1\n"), (run.ExitCode, run.Output));
        Assert.DoesNotContain("run", host.MustHypr("compose", "-f", file, "ps", "-a"));

        Write("many", "services: { web: { image: nginx, scale: 1 } }");
        var up = host.Hypr("compose", "-f", file, "up", "-d");
        Assert.Contains("many-api-1. Remove them with --remove-orphans", up.Error);
        host.MustHypr("compose", "-f", file, "up", "-d", "--remove-orphans");
        Assert.Equal("many-web-1\n", host.MustHypr("compose", "-f", file, "ps", "-a", "--format", "{{.Name}}"));
        host.MustHypr("compose", "-f", file, "stop");
        Assert.Equal("exited\n", host.MustHypr("compose", "-f", file, "ps", "-a", "--format", "{{.State}}"));
        host.MustHypr("compose", "-f", file, "start");
        Assert.Equal("web\n", host.MustHypr("compose", "-f", file, "ps", "--services"));
        host.MustHypr("compose", "-f", file, "down");
    }

    [Fact]
    public void What_depends_on_health_and_completion_really_waits_and_up_waits_for_all()
    {
        const string Stack = """
            services:
              web: { image: nginx, depends_on: { api: { condition: service_healthy } } }
              api:
                image: tools
                command: sh -c 'sleep 1; touch /ready; exec sleep infinity'
                healthcheck: { test: test -f /ready, interval: 200ms, timeout: 20s, retries: 3, start_period: 60s, start_interval: 100ms }
                depends_on: { init: { condition: service_completed_successfully } }
              init: { image: tools, command: sh -c 'sleep 1; exit 0' }
            """;
        var file = Write("waits", Stack);
        var up = host.Hypr("compose", "-f", file, "up", "-d", "--wait", "--wait-timeout", "120");
        Assert.True(up.Succeeded, up.Error);
        Assert.Matches("(?s) VM waits-init-1  Exited\n.* VM waits-api-1  Started\n.* VM waits-api-1  Healthy\n.* VM waits-web-1  Started\n", up.Error);
        Assert.Matches("waits-api-1 .*\\(healthy\\)", host.MustHypr("compose", "-f", file, "ps"));
        Assert.Equal("healthy\n", host.MustHypr("compose", "-f", file, "ps", "--format", "{{.Health}}", "api"));
        var at = host.MustHypr("inspect", "-f", "{{.State.FinishedAt}}", "waits-init-1", "waits-api-1", "waits-web-1").Split('\n')[0];
        Assert.True(string.CompareOrdinal(at, host.MustHypr("inspect", "-f", "{{.State.StartedAt}}", "waits-api-1")) < 0);

        // Unhealthy: what waits for it is not started, and its check's last words are told.
        var sick = Write("waits", Stack.Replace("test -f /ready", "echo not yet; false", StringComparison.Ordinal)
            .Replace(", start_period: 60s, start_interval: 100ms", "", StringComparison.Ordinal));
        var failed = host.Hypr("compose", "-f", sick, "up", "-d", "--force-recreate");
        Assert.Equal(1, failed.ExitCode);
        Assert.Contains($"hypr: {sick}:2:38: VM waits-api-1 is unhealthy: its check says not yet\n", failed.Error);
        Assert.Contains("not done because of that: VM waits-web-1", failed.Error);

        // Never healthy and never unhealthy: the wait has an end.
        Write("waits", Stack.Replace("test -f /ready", "exit 1", StringComparison.Ordinal));
        var timedOut = host.Hypr("compose", "-f", file, "up", "--wait", "--wait-timeout", "8");
        Assert.Equal(1, timedOut.ExitCode);
        Assert.Contains("not all VMs were running and healthy within 8 s", timedOut.Error);
        host.MustHypr("compose", "-f", file, "down", "-t", "1");
    }

    [Fact]
    public void Every_mistake_of_a_file_is_told_at_once_with_its_place_and_nothing_is_started()
    {
        var before = host.Traces();
        var file = Write("bad", """
            services:
              web:
                image: nginx
                ports: ["80:80"]
                depends_on: [dbb]
              other:
                image: nginx
                ports: ["80:80"]
                networks: [nowhere]
            """);
        var up = host.Hypr("compose", "-f", file, "up", "-d");
        Assert.Equal(1, up.ExitCode);
        Assert.Equal(3, up.Error.Split('\n').Count(l => l.StartsWith($"hypr: {file}:", StringComparison.Ordinal)));
        Assert.Contains($"{file}:5:18: web depends on dbb, which is no service", up.Error);
        Assert.Equal(before, host.Traces());
        Assert.DoesNotContain("bad", host.MustHypr("network", "ls"));
    }

    private string Exec(string file, string service, params string[] command) => host.MustHypr(["compose", "-f", file, "exec", "-T", service, .. command]);

    private string Write(string stack, string yaml)
    {
        var folder = Path.Combine(host.Folder, stack);
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, "compose.yaml");
        File.WriteAllText(file, yaml);
        return file;
    }
}
