using Hypr.Api.Contracts;
using Hypr.Compose.Plan;

namespace Hypr.Compose.Tests.Plan;

public sealed class MachineRequestTests
{
    private static CreateContainerRequest Request(string yaml, string more = "")
    {
        var project = PlanText.Project($"services:\n  web:\n    image: nginx\n{string.Concat(yaml.Split('\n').Select(l => $"    {l}\n"))}{more}");
        return MachineRequest.Of(project, project.Services[0], "shop-web-1", 1, "hash", "sha256:1");
    }

    [Fact]
    public void The_labels_are_Docker_s()
    {
        var project = PlanText.Project("services: { web: { image: nginx, labels: { own: '1' }, depends_on: { db: { condition: service_healthy } } }, db: { image: nginx } }");
        var labels = MachineRequest.Of(project, project.Services[0], "shop-web-2", 2, "hash", "sha256:1").Labels!;
        Assert.Equal(("shop", "web", "2", "False", "hash"),
            (labels["com.docker.compose.project"], labels["com.docker.compose.service"], labels["com.docker.compose.container-number"], labels["com.docker.compose.oneoff"],
                labels["com.docker.compose.config-hash"]));
        Assert.Equal("db:service_healthy:false", labels["com.docker.compose.depends_on"]);
        Assert.Equal(project.WorkingDir, labels["com.docker.compose.project.working_dir"]);
        Assert.Equal(project.Files[0], labels["com.docker.compose.project.config_files"]);
        Assert.Equal("sha256:1", labels["com.docker.compose.image"]);
        Assert.Equal("1", labels["own"]);
        Assert.Contains("com.docker.compose.version", labels.Keys);
    }

    [Fact]
    public void Networks_carry_addresses_names_and_priorities_and_the_first_is_that_of_the_highest_priority()
    {
        var request = Request(
            "networks:\n  a: { aliases: [www], ipv4_address: 10.1.0.9, mac_address: '02:00:00:00:00:09', gw_priority: 5 }\n  b: { priority: 10, interface_name: lan0, driver_opts: { k: v } }",
            "networks: { a: { ipam: { config: [{ subnet: 10.1.0.0/24 }] } }, b: }");
        Assert.Equal("shop_b", request.HostConfig!.NetworkMode);
        var (a, b) = (request.NetworkingConfig!.EndpointsConfig!["shop_a"]!, request.NetworkingConfig.EndpointsConfig["shop_b"]!);
        Assert.Equal(["shop-web-1", "web", "www"], a.Aliases!);
        Assert.Equal(("10.1.0.9", "02:00:00:00:00:09", 5), (a.IpamConfig!.IPv4Address, a.MacAddress, a.GwPriority));
        Assert.Equal(["shop-web-1", "web"], b.Aliases!);
        Assert.Equal(new Dictionary<string, string> { ["k"] = "v", ["com.docker.network.endpoint.ifname"] = "lan0" }, b.DriverOpts);
    }

    [Fact]
    public void Ports_are_bound_and_exposed()
    {
        var request = Request("ports: ['8080:80', '127.0.0.1:5353:53/udp', '9000-9001:9000-9001', '7000-7010:70', '99']\nexpose: [3000, '4000-4001']");
        var bound = request.HostConfig!.PortBindings!;
        Assert.Equal(("", "8080"), (bound["80/tcp"]![0].HostIp, bound["80/tcp"]![0].HostPort));
        Assert.Equal(("127.0.0.1", "5353"), (bound["53/udp"]![0].HostIp, bound["53/udp"]![0].HostPort));
        Assert.Equal(("9000", "9001", "7000-7010", ""), (bound["9000/tcp"]![0].HostPort, bound["9001/tcp"]![0].HostPort, bound["70/tcp"]![0].HostPort, bound["99/tcp"]![0].HostPort));
        Assert.Equal(["3000/tcp", "4000/tcp", "4001/tcp"], request.ExposedPorts!.Keys.Except(bound.Keys).Order());
    }

    [Fact]
    public void Folders_limits_groups_and_logs_are_passed_on()
    {
        var request = Request("""
            volumes: [./html:/html:ro, { type: bind, source: /srv, target: /srv, bind: { create_host_path: false } }]
            ulimits: { nproc: 65535, nofile: { soft: 20000, hard: 40000 } }
            group_add: [mail, 1001]
            shm_size: 128m
            external_links: [redis, "old:mysql"]
            logging: { driver: json-file, options: { max-size: 10m, max-file: "3", labels: x } }
            """);
        var host = request.HostConfig!;
        var (html, srv) = (host.Mounts![0], host.Mounts[1]);
        Assert.Equal(("bind", true, "/html", true), (html.Type, Path.IsPathRooted(html.Source) && html.Source!.EndsWith("/html", StringComparison.Ordinal), html.Target, html.ReadOnly));
        Assert.True(html.BindOptions!.CreateMountpoint);
        Assert.Equal(("/srv", false), (srv.Source, srv.BindOptions?.CreateMountpoint ?? false));
        Assert.Equal(["nofile 20000 40000", "nproc 65535 65535"], host.Ulimits!.Select(u => $"{u.Name} {u.Soft} {u.Hard}"));
        Assert.Equal(["mail", "1001"], host.GroupAdd!);
        Assert.Equal(128 << 20, host.ShmSize);
        Assert.Equal(["redis", "old:mysql"], host.Links!);
        Assert.Equal(("json-file", "3 10m"), (host.LogConfig!.Type, string.Join(' ', host.LogConfig.Config!.OrderBy(o => o.Key).Select(o => o.Value))));
    }

    [Fact]
    public void Volumes_are_taken_from_a_service_s_first_vm_or_from_a_vm_outside_the_stack()
    {
        using var folder = new StackFolder(("compose.yaml", """
            name: shop
            services:
              web: { image: nginx, volumes_from: [store, "cache:ro", "container:old:ro"], depends_on: { cache: { condition: service_healthy } } }
              store: { image: nginx }
              cache: { image: nginx, container_name: fast }
            """));
        var project = folder.Load().Project;
        var web = project.Services.Single(s => s.Name == "web");
        var request = MachineRequest.Of(project, web, "shop-web-1", 1, "hash", "sha256:1");
        Assert.Equal(["shop-store-1", "fast:ro", "old:ro"], request.HostConfig!.VolumesFrom!);
        Assert.Equal("cache:service_healthy:false,store:service_started:false", request.Labels![StackLabels.DependsOn]);
    }

    [Fact]
    public void The_rest_goes_to_the_create_call_s_fields()
    {
        var request = Request("""
            hostname: h
            user: "1000"
            working_dir: /w
            command: sh -c "echo hi"
            entrypoint: [tini, --]
            environment: { A: "1" }
            dns: 9.9.9.9
            dns_search: [corp]
            extra_hosts: { gate: 10.0.0.1 }
            restart: on-failure:3
            cpus: 1.5
            mem_limit: 1g
            stop_grace_period: 1m30s
            stop_signal: SIGQUIT
            sysctls: { net.core.somaxconn: 1024 }
            tmpfs: ["/run:size=1m", /tmp]
            volumes: [{ type: tmpfs, target: /cache, tmpfs: { size: 10m } }]
            init: true
            read_only: true
            tty: true
            stdin_open: true
            cap_add: [NET_ADMIN]
            healthcheck: { test: curl -f localhost, interval: 10s, retries: 3 }
            """);
        var host = request.HostConfig!;
        Assert.Equal(("h", "1000", "/w", 90, "SIGQUIT"), (request.Hostname, request.User, request.WorkingDir, request.StopTimeout, request.StopSignal));
        Assert.Equal(["sh", "-c", "echo hi"], request.Cmd!);
        Assert.Equal(["tini", "--"], request.Entrypoint!);
        Assert.Equal(["A=1"], request.Env!);
        Assert.Equal(["9.9.9.9"], host.Dns!);
        Assert.Equal(["corp"], host.DnsSearch!);
        Assert.Equal(["gate:10.0.0.1"], host.ExtraHosts!);
        Assert.Equal(("on-failure", 3), (host.RestartPolicy!.Name, host.RestartPolicy.MaximumRetryCount));
        Assert.Equal((1_500_000_000, 1L << 30), (host.NanoCpus, host.Memory));
        Assert.Equal("1024", host.Sysctls!["net.core.somaxconn"]);
        Assert.Equal(new Dictionary<string, string> { ["/run"] = "size=1m", ["/tmp"] = "", ["/cache"] = "size=10485760" }, host.Tmpfs);
        Assert.True(host is { Init: true, ReadonlyRootfs: true } && request is { Tty: true, OpenStdin: true });
        Assert.Equal(["NET_ADMIN"], host.CapAdd!);
        Assert.Equal(["CMD-SHELL", "curl -f localhost"], request.Healthcheck!.Test!);
        Assert.Equal((10_000_000_000, 3), (request.Healthcheck.Interval, request.Healthcheck.Retries));
    }

    [Fact]
    public void Network_mode_none_is_on_no_network()
    {
        var request = Request("network_mode: none");
        Assert.Equal("none", request.HostConfig!.NetworkMode);
        Assert.Null(request.NetworkingConfig);
    }

    [Fact]
    public void A_one_off_vm_has_its_own_name_only_and_no_number()
    {
        var project = PlanText.Project("services: { web: { image: nginx } }");
        var request = MachineRequest.OneOff(project, project.Services[0], "shop-web-run-1", "1", "", useAliases: false);
        Assert.Equal(["shop-web-run-1"], request.NetworkingConfig!.EndpointsConfig!["shop_default"]!.Aliases!);
        Assert.Equal("True", request.Labels![StackLabels.OneOff]);
        Assert.DoesNotContain(StackLabels.Number, request.Labels.Keys);
    }
}
