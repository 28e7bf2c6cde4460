using Hypr.Compose.Plan;

namespace Hypr.Compose.Tests.Plan;

public sealed class LifePlansTests
{
    private const string Chain = """
        services:
          web: { image: nginx, depends_on: [api] }
          api: { image: tools, depends_on: { db: { condition: service_healthy } } }
          db: { image: tools }
        """;

    [Fact]
    public void Down_stops_first_what_nothing_depends_on_and_removes_networks_last() => Assert.Equal(
        [
            "stop VM shop-web-1",
            "stop VM shop-api-1 <- stop VM shop-web-1",
            "stop VM shop-db-1 <- stop VM shop-api-1",
            "remove VM shop-web-1 <- stop VM shop-web-1",
            "remove VM shop-api-1 <- stop VM shop-api-1",
            "remove VM shop-db-1 <- stop VM shop-db-1",
            "remove network shop_default <- remove VM shop-web-1, remove VM shop-api-1, remove VM shop-db-1",
        ], LifePlans.Down(PlanText.After(Chain), "shop", null, [], anonymous: false, timeout: null).Lines());

    [Fact]
    public void Down_leaves_orphans_and_the_networks_that_they_use_and_says_so()
    {
        var plan = LifePlans.Down(PlanText.After(Chain), "shop", new HashSet<string> { "web", "api" }, [], anonymous: false, timeout: null);
        Assert.DoesNotContain(plan.Names(), n => n.Contains("db") || n.Contains("network"));
        Assert.Equal(2, plan.Notes.Count);
    }

    [Fact]
    public void Down_leaves_networks_of_others()
    {
        var present = PlanText.After(Chain) with { Networks = [new PresentNetwork("1", "bridge", "", "", ""), new PresentNetwork("2", "other_default", "other", "default", "")] };
        Assert.DoesNotContain(LifePlans.Down(present, "shop", null, [], anonymous: false, timeout: null).Names(), n => n.Contains("network"));
    }

    [Fact]
    public void Volumes_go_when_asked_after_the_vms() =>
        Assert.StartsWith("remove volume shop_data <- remove VM", LifePlans.Down(PlanText.After(Chain), "shop", null, ["shop_data"], anonymous: true, timeout: null).Lines()[^1]);

    [Fact]
    public void Start_goes_by_the_labels_with_their_conditions() => Assert.Equal(
        [
            "start VM shop-db-1",
            "await health of VM shop-db-1 <- start VM shop-db-1",
            "start VM shop-api-1 <- await health of VM shop-db-1",
            "start VM shop-web-1 <- start VM shop-api-1",
        ], LifePlans.Start(PlanText.After(Chain, "exited").Machines).Lines());

    [Fact]
    public void Labels_that_depend_in_a_circle_end()
    {
        PresentMachine Of(string name, string on) => new(name, name, name, 1, "running", new HashSet<string>()) { DependsOn = PresentDependency.Parse(on) };
        var circle = new[] { Of("a", "b:service_started:false"), Of("b", "a:service_healthy:false") };
        Assert.Equal(2, LifePlans.Stop(circle, null).Steps.Count);
        Assert.Equal(2, LifePlans.Restart(circle, null).Steps.Count);
    }
}
