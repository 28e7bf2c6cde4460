using System.Text;
using Hypr.Compose.Plan;

namespace Hypr.Compose.Tests.Plan;

public sealed class VolumePlanTests
{
    private const string Shop = """
        name: shop
        services:
          web: { image: nginx, volumes: ["data:/data:ro"] }
          db: { image: postgres, volumes: [{ type: volume, source: data, target: /var/lib/db, volume: { nocopy: true } }, /cache] }
        volumes: { data: { driver_opts: { size: 20g }, labels: { a: b } }, unused: }
        """;

    [Fact]
    public void A_volume_is_made_before_the_vms_that_use_it_and_only_if_one_does()
    {
        var plan = PlanText.Up(Shop);
        Assert.Equal(
            ["create network shop_default", "create volume shop_data"], plan.Names().Where(n => n.StartsWith("create network", StringComparison.Ordinal) || n.Contains("volume")));
        Assert.All(plan.Steps.OfType<CreateMachine>(), m => Assert.Contains(m.After, s => s is CreateVolume { Volume.Name: "shop_data" }));
        Assert.DoesNotContain(PlanText.Up(Shop, PlanText.After(Shop)).Steps, s => s is CreateVolume);
    }

    [Fact]
    public void A_volume_says_its_size_and_whose_it_is()
    {
        var project = PlanText.Project(Shop);
        var volume = project.Volumes["data"];
        var request = VolumeRequest.Of(project, volume, VolumeRequest.Hash(volume));
        Assert.Equal(("shop_data", "local", "20g"), (request.Name, request.Driver, request.DriverOpts!["size"]));
        Assert.Equal("a=b com.docker.compose.project=shop com.docker.compose.volume=data",
            string.Join(' ', request.Labels!.Where(l => !l.Key.EndsWith("version", StringComparison.Ordinal) && !l.Key.EndsWith("hash", StringComparison.Ordinal)).Select(l => $"{l.Key}={l.Value}").Order()));
    }

    [Fact]
    public void A_service_has_named_and_anonymous_volumes_at_their_places()
    {
        var project = PlanText.Project(Shop);
        var mounts = MachineRequest.Of(project, project.Services[1], "shop-db-1", 1, "h", "sha256:1").HostConfig!.Mounts!;
        Assert.Equal([("shop_data", "/var/lib/db", false, true), (null, "/cache", false, false)],
            mounts.Select(m => (m.Source, m.Target, m.ReadOnly, m.VolumeOptions?.NoCopy ?? false)));
        Assert.True(MachineRequest.Of(project, project.Services[0], "shop-web-1", 1, "h", "sha256:1").HostConfig!.Mounts![0].ReadOnly);
    }

    [Fact]
    public void A_vm_that_takes_another_s_volumes_is_made_after_it_and_anew_with_it()
    {
        const string Before = "services: { a: { image: nginx, volumes_from: [b] }, b: { image: postgres, volumes: [/cache] } }";
        static Step Making(StackPlan plan, string service) => plan.Steps.OfType<CreateMachine>().Single(c => c.Service.Name == service);
        var up = PlanText.Up(Before);
        Assert.Contains(Making(up, "b"), Making(up, "a").After);
        Assert.Empty(PlanText.Up(Before, PlanText.After(Before)).Steps);

        var again = PlanText.Up(Before.Replace("[/cache]", "[/other]", StringComparison.Ordinal), PlanText.After(Before));
        Assert.Contains(Making(again, "b"), Making(again, "a").After);
    }

    [Fact]
    public void A_vm_that_is_made_anew_has_the_anonymous_volumes_of_the_one_before()
    {
        const string Changed = "services: { db: { image: postgres, environment: { A: b }, volumes: [/cache] } }";
        const string Before = "services: { db: { image: postgres, volumes: [/cache] } }";
        var present = PlanText.After(Before);
        present = present with
        {
            Machines = [.. present.Machines.Select(m => m with { Volumes = new Dictionary<string, string> { ["/cache"] = "a1", ["/of-the-image"] = "b2", ["/named"] = "shop_data" } })],
            Volumes = [new PresentVolume("a1", "", "", true), new PresentVolume("b2", "", "", true), new PresentVolume("shop_data", "shop", "", false)],
        };
        var create = Assert.Single(PlanText.Up(Changed, present).Steps.OfType<CreateMachine>());
        var mounts = MachineRequest.Of(PlanText.Project(Changed), create.Service, create.Name, 1, "h", "sha256:1", create.Inherited).HostConfig!.Mounts!;
        Assert.Equal([("a1", "/cache"), ("b2", "/of-the-image")], mounts.Select(m => (m.Source, m.Target)));
    }

    [Fact]
    public void A_volume_that_the_file_now_has_otherwise_stays_with_a_warning()
    {
        var plan = PlanText.Up(Shop.Replace("20g", "30g", StringComparison.Ordinal), PlanText.After(Shop));
        Assert.Contains("the volume shop_data is not as the file has it now", Assert.Single(plan.Warnings).ToString(), StringComparison.Ordinal);
        Assert.Empty(plan.Steps);
    }

    [Fact]
    public void Configs_and_secrets_are_files_of_the_vm_and_part_of_its_hash()
    {
        const string Yaml = """
            services:
              web:
                image: nginx
                configs: [site, { source: site, target: /etc/site, uid: "101", gid: "102", mode: 0440 }]
                secrets: [key, { source: key, target: other }]
            configs: { site: { content: "listen ${PORT:-80}" } }
            secrets: { key: { file: ./key.txt } }
            """;
        using var folder = new StackFolder(("compose.yaml", Yaml), ("key.txt", "hush"));
        var project = folder.Load().Project;
        var service = project.Services[0];
        var files = MachineRequest.Of(project, service, "web", 1, "h", "sha256:1").HostConfig!.HyprFiles!;
        Assert.Equal(
            [("/site", "listen 80", 0u, 0u, 0x124u), ("/etc/site", "listen 80", 101u, 102u, 0x120u), ("/run/secrets/key", "hush", 0u, 0u, 0x124u), ("/run/secrets/other", "hush", 0u, 0u, 0x124u)],
            files.Select(f => (f.Path, Encoding.UTF8.GetString(f.Content), f.Uid, f.Gid, f.Mode)));
        var hash = MachineRequest.Hash(project, service);
        File.WriteAllText(Path.Combine(folder.Path, "key.txt"), "other");
        Assert.NotEqual(hash, MachineRequest.Hash(project, service));
    }
}
