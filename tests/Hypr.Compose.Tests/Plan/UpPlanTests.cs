using Hypr.Compose.Load;
using Hypr.Compose.Plan;

namespace Hypr.Compose.Tests.Plan;

public sealed class UpPlanTests
{
    private const string One = "services: { web: { image: nginx } }";

    private const string Three = """
        services:
          web: { image: nginx, networks: [front] }
          api:
            image: tools
            networks: [front, back]
            depends_on: { db: { condition: service_healthy } }
          db: { image: tools, networks: [back], healthcheck: { test: [CMD, "true"] } }
        networks: { front: , back: }
        """;

    [Fact]
    public void From_nothing_networks_images_and_vms_are_made_and_each_starts_after_what_it_depends_on() => Assert.Equal(
        [
            "pull image nginx",
            "create network shop_front",
            "create network shop_back",
            "create VM shop-web-1 <- pull image nginx, create network shop_front",
            "start VM shop-web-1 <- create VM shop-web-1",
            "create VM shop-db-1 <- create network shop_back",
            "start VM shop-db-1 <- create VM shop-db-1",
            "await health of VM shop-db-1 <- start VM shop-db-1",
            "create VM shop-api-1 <- create network shop_front, create network shop_back",
            "start VM shop-api-1 <- create VM shop-api-1, await health of VM shop-db-1",
        ], PlanText.Up(Three, PlanText.WithImages(Three) with { Images = new Dictionary<string, string?> { ["nginx"] = null, ["tools"] = "sha256:tools" } }).Lines());

    [Fact]
    public void A_second_up_does_nothing_but_look_at_what_others_wait_for()
    {
        var plan = PlanText.Up(Three, PlanText.After(Three));
        Assert.Equal(["await health of VM shop-db-1"], plan.Lines());
        Assert.Equal(["shop-web-1", "shop-db-1", "shop-api-1"], plan.Unchanged);
        Assert.Empty(PlanText.Up(One, PlanText.After(One)).Steps);
    }

    [Fact]
    public void What_was_stopped_is_started() => Assert.Equal(["start VM shop-web-1"], PlanText.Up(One, PlanText.After(One, "exited")).Lines());

    [Fact]
    public void Only_what_changed_is_made_anew_and_the_old_one_runs_until_all_for_the_new_one_is_there()
    {
        var changed = Three.Replace("api:\n    image: tools", "api:\n    environment: { A: '1' }\n    image: tools", StringComparison.Ordinal);
        Assert.Equal(
            [
                "await health of VM shop-db-1",
                "stop VM shop-api-1 <- await health of VM shop-db-1",
                "remove VM shop-api-1 <- stop VM shop-api-1",
                "create VM shop-api-1 <- remove VM shop-api-1",
                "start VM shop-api-1 <- create VM shop-api-1, await health of VM shop-db-1",
            ], PlanText.Up(changed, PlanText.After(Three)).Lines());
    }

    [Fact]
    public void The_order_of_keys_and_the_number_of_vms_change_nothing()
    {
        const string Before = "services: { web: { image: nginx, labels: { b: '2', a: '1' }, environment: { B: '2', A: '1' } } }";
        const string After = "services: { web: { scale: 2, environment: [A=1, B=2], image: nginx, labels: { a: '1', b: '2' } } }";
        Assert.Equal(["create VM shop-web-2", "start VM shop-web-2 <- create VM shop-web-2"], PlanText.Up(After, PlanText.After(Before)).Lines());
    }

    [Fact]
    public void A_newer_image_of_the_same_name_is_a_change()
    {
        var present = PlanText.After(One) with { Images = new Dictionary<string, string?> { ["nginx"] = "sha256:newer" } };
        Assert.Equal(["stop VM shop-web-1", "remove VM shop-web-1", "create VM shop-web-1", "start VM shop-web-1"], PlanText.Up(One, present).Names());
    }

    [Fact]
    public void Force_recreate_takes_all_and_no_recreate_none()
    {
        Assert.Equal(4, PlanText.Up(One, PlanText.After(One), new UpOptions { Recreate = Recreate.Always }).Steps.Count);
        var changed = One.Replace("nginx", "tools", StringComparison.Ordinal);
        var present = PlanText.After(One) with { Images = PlanText.WithImages(changed).Images };
        Assert.Empty(PlanText.Up(changed, present, new UpOptions { Recreate = Recreate.Never }).Steps);
    }

    [Fact]
    public void Scaling_down_takes_the_highest_numbers_and_up_fills_gaps()
    {
        const string Of3 = "services: { web: { image: nginx, scale: 3 } }";
        Assert.Equal(["stop VM shop-web-2", "stop VM shop-web-3"], PlanText.Up(One, PlanText.After(Of3)).Names().Where(n => n.StartsWith("stop", StringComparison.Ordinal)));
        var gap = PlanText.After(Of3) with { Machines = [.. PlanText.After(Of3).Machines.Where(m => m.Number != 2)] };
        Assert.Equal(["create VM shop-web-2", "start VM shop-web-2"], PlanText.Up(Of3, gap).Names());
        Assert.Equal(2, PlanText.Up(One, PlanText.After(One), new UpOptions { Scale = new Dictionary<string, int> { ["web"] = 2 } }).Steps.Count);
    }

    [Fact]
    public void Scale_zero_removes_all() =>
        Assert.Equal(["stop VM shop-web-1", "remove VM shop-web-1 <- stop VM shop-web-1"], PlanText.Up("services: { web: { image: nginx, scale: 0 } }", PlanText.After(One)).Lines());

    [Fact]
    public void Orphans_are_told_of_and_removed_when_asked()
    {
        var present = PlanText.After(Three);
        const string Fewer = "services: { web: { image: nginx, networks: [front] } }\nnetworks: { front: }";
        var plan = PlanText.Up(Fewer, present);
        Assert.Empty(plan.Steps);
        Assert.Contains("shop-api-1, shop-db-1", Assert.Single(plan.Notes));
        Assert.Equal(4, PlanText.Up(Fewer, present, new UpOptions { RemoveOrphans = true }).Steps.Count);
    }

    [Fact]
    public void A_named_service_comes_with_what_it_depends_on_unless_alone()
    {
        Assert.DoesNotContain(PlanText.Up(Three, options: new UpOptions { Services = ["api"] }).Names(), n => n.Contains("web"));
        Assert.Contains("create VM shop-db-1", PlanText.Up(Three, options: new UpOptions { Services = ["api"] }).Names());
        Assert.DoesNotContain(PlanText.Up(Three, options: new UpOptions { Services = ["api"], Alone = true }).Names(), n => n.Contains("db-1"));
    }

    [Fact]
    public void A_changed_network_goes_with_its_vms_and_comes_back_with_them()
    {
        var changed = One + "\nnetworks: { default: { internal: true } }";
        Assert.Equal(
            [
                "stop VM shop-web-1",
                "remove VM shop-web-1 <- stop VM shop-web-1",
                "remove network shop_default <- remove VM shop-web-1",
                "create network shop_default <- remove network shop_default",
                "create VM shop-web-1 <- create network shop_default, remove VM shop-web-1",
                "start VM shop-web-1 <- create VM shop-web-1",
            ], PlanText.Up(changed, PlanText.After(One)).Lines());
    }

    [Fact]
    public void No_start_creates_only() =>
        Assert.Equal(["create network shop_default", "create VM shop-web-1"], PlanText.Up(One, options: new UpOptions { NoStart = true }).Names());

    [Fact]
    public void With_restart_a_vm_goes_along_with_the_one_that_it_depends_on()
    {
        const string Pair = "services: { a: { image: nginx, depends_on: { b: { condition: service_started, restart: true } } }, b: { image: tools } }";
        var changed = Pair.Replace("image: tools", "image: tools, hostname: other", StringComparison.Ordinal);
        Assert.Equal("restart VM shop-a-1 <- start VM shop-b-1", PlanText.Up(changed, PlanText.After(Pair)).Lines()[^1]);
    }

    [Fact]
    public void Links_are_names_on_the_networks_and_an_order()
    {
        const string Linked = "services: { a: { image: nginx, links: ['b:database'] }, b: { image: tools } }";
        Assert.Equal("start VM shop-a-1 <- create VM shop-a-1, start VM shop-b-1", PlanText.Up(Linked).Lines()[^1]);
        var project = PlanText.Project(Linked);
        var endpoint = MachineRequest.Of(project, project.Services[1], "shop-b-1", 1, "", "").NetworkingConfig!.EndpointsConfig!["shop_default"]!;
        Assert.Equal(["shop-b-1", "b", "database"], endpoint.Aliases!);
    }

    [Fact]
    public void Wait_asks_for_every_vm_and_for_a_one_shot_s_end()
    {
        const string OneShot = """
            services:
              web: { image: nginx, depends_on: { init: { condition: service_completed_successfully } } }
              init: { image: tools }
            """;
        Assert.Equal(
            ["await completion of VM shop-init-1", "await VM shop-web-1"],
            PlanText.Up(OneShot, options: new UpOptions { Wait = true }).Names().Where(n => n.StartsWith("await", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("services: { web: { build: . } }", "compose.yaml:1:20: services.web has build and no image")]
    [InlineData("services: { web: { image: x, network_mode: host } }", "compose.yaml:1:30: services.web.network_mode host")]
    [InlineData("services: { web: { image: x, network_mode: 'service:db' } }", "compose.yaml:1:30: services.web.network_mode service:db")]
    [InlineData("services: { web: { image: x, volumes: ['data:/data'] } }\nvolumes: { data: { external: true } }", "compose.yaml:2:12: the volume data is external and is not there")]
    [InlineData("services: { web: { image: x, volumes: [{ type: volume, source: data, target: /d, volume: { subpath: a } }] } }\nvolumes: { data: }", "compose.yaml:1:40: services.web.volumes: a subpath (a) is not supported")]
    [InlineData("services: { web: { image: x, volumes: [data] } }\nvolumes: { data: }", "compose.yaml:1:40: services.web.volumes: 'data' is no place in the VM, which begins with /.")]
    [InlineData("services: { web: { image: x, volumes: ['./html:/html:rshared'] } }", "compose.yaml:1:40: services.web: ")]
    [InlineData("services: { web: { image: x, configs: [c] } }\nconfigs: { c: { external: true } }", "compose.yaml:1:40: services.web: the config c is external, and there is no swarm that keeps it")]
    [InlineData("services: { web: { image: x, scale: 2, volumes: ['data:/data'] } }\nvolumes: { data: }", "compose.yaml:1:50: web has 2 replicas and the volume data read-write")]
    [InlineData("services: { web: { image: x, secrets: [key] } }\nsecrets: { key: { file: ./none } }", "compose.yaml:2:12: the secret key cannot be read: ")]
    [InlineData("services: { web: { image: x, secrets: [key] } }\nsecrets: { key: { environment: HYPR_NOT_SET } }", "compose.yaml:2:12: the secret key is the variable HYPR_NOT_SET, which is not set")]
    [InlineData("services: { web: { image: x, configs: [{ source: c, uid: www }] } }\nconfigs: { c: { content: x } }", "compose.yaml:1:40: services.web: 'www' is no number of a user or group")]
    [InlineData("services: { web: { image: x, restart: sometimes } }", "compose.yaml:1:30: services.web.restart 'sometimes' is unknown")]
    [InlineData("services: { web: { image: x, pull_policy: never } }", "compose.yaml:1:20: the image x of web is not there")]
    [InlineData("services: { web: { image: x, networks: [out] } }\nnetworks: { out: { external: true } }", "compose.yaml:2:13: the network out is external and is not there")]
    public void What_cannot_be_is_an_error_with_its_place_and_nothing_is_done(string yaml, string expected)
    {
        using var folder = new StackFolder(("compose.yaml", yaml));
        var project = folder.Load().Project;
        var error = Assert.Throws<ComposeException>(() => UpPlan.Of(project, Present.Nothing, new UpOptions()));
        Assert.StartsWith(expected, Assert.Single(error.Problems).ToString().Replace(folder.Path + "/", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Several_vms_of_what_only_one_can_have_are_errors()
    {
        const string Single = "services: { web: { image: nginx, container_name: w, ports: ['80:80'], networks: { a: { ipv4_address: 10.0.0.2 } } } }\nnetworks: { a: }";
        var error = Assert.Throws<ComposeException>(() => PlanText.Up(Single, options: new UpOptions { Scale = new Dictionary<string, int> { ["web"] = 2 } }));
        Assert.Equal(3, error.Problems.Count);
    }

    [Fact]
    public void What_is_left_out_without_harm_is_a_warning()
    {
        var plan = PlanText.Up("services: { web: { image: nginx, build: ., volumes: [/cache], logging: { driver: syslog } } }");
        Assert.Equal(2, plan.Warnings.Count);
        Assert.All(plan.Warnings, w => Assert.Equal(1, w.At.Line));
    }

    [Fact]
    public void An_unknown_service_is_an_error_that_says_which_there_are()
    {
        var error = Assert.Throws<ComposeException>(() => PlanText.Up(One, options: new UpOptions { Services = ["wbe"] }));
        Assert.EndsWith("no such service: wbe. There are: web", error.Message);
    }
}
