using System.Text;
using System.Text.Json;
using Hypr.Api.Contracts;
using Hypr.Daemon.Endpoints.Containers;
using Hypr.Daemon.Endpoints.Images;
using Hypr.Daemon.Http;
using Hypr.Engine.Health;
using Hypr.Engine.Machines;
using Hypr.Primitives;

namespace Hypr.Daemon.Tests.Endpoints;

public sealed class ShapeTests
{
    private static readonly DateTimeOffset Now = new(2024, 1, 15, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void States_have_Dockers_words()
    {
        Assert.Equal("Created", MachineWords.Status(new MachineState { Status = MachineStatus.Created }, null, Now));
        Assert.Equal("Up 3 minutes", MachineWords.Status(new MachineState { Status = MachineStatus.Running, StartedAt = Now.AddMinutes(-3) }, null, Now));
        Assert.Equal("Up 3 minutes (health: starting)", Running(HealthStatus.Starting));
        Assert.Equal("Up 3 minutes (healthy)", Running(HealthStatus.Healthy));
        Assert.Equal("Up 3 minutes (unhealthy)", Running(HealthStatus.Unhealthy));
        Assert.Equal("Up About an hour (Paused)", MachineWords.Status(new MachineState { Status = MachineStatus.Paused, StartedAt = Now.AddHours(-1) }, null, Now));
        Assert.Equal("Exited (137) 2 hours ago", MachineWords.Status(new MachineState { Status = MachineStatus.Exited, ExitCode = 137, FinishedAt = Now.AddHours(-2) }, null, Now));
        Assert.Equal("Restarting (1) 5 seconds ago", MachineWords.Status(new MachineState { Status = MachineStatus.Restarting, ExitCode = 1, FinishedAt = Now.AddSeconds(-5) }, null, Now));
        Assert.Equal("exited", MachineWords.State(new MachineState { Status = MachineStatus.Starting, FinishedAt = Now }));

        static string Running(HealthStatus health) =>
            MachineWords.Status(new MachineState { Status = MachineStatus.Running, StartedAt = Now.AddMinutes(-3) }, new HealthState(health, 0, []), Now);
    }

    [Fact]
    public void A_request_becomes_the_engines_configuration()
    {
        var config = CreateContainer.ToConfig(JsonSerializer.Deserialize("""
            {"Image":"nginx","Entrypoint":[],"Cmd":["a","b"],"Env":["X=1"],"MacAddress":"02:42:00:00:00:01","StopTimeout":3,
             "HostConfig":{"NetworkMode":"front","PortBindings":{"80":[{"HostIp":"127.0.0.1","HostPort":"80-90"}],"53/udp":null},"Memory":1,"NanoCpus":2,
               "RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3},"Tmpfs":{"/a":"size=1"},
               "Mounts":[{"Type":"tmpfs","Target":"/b","ReadOnly":true,"TmpfsOptions":{"SizeBytes":5,"Mode":511}}]},
             "NetworkingConfig":{"EndpointsConfig":{"front":{"Aliases":["web"],"IPAMConfig":{"IPv4Address":"10.0.0.9"}},"back":null}}}
            """, HyprJson.Wire.CreateContainerRequest)!);
        Assert.Null(config.Entrypoint);
        Assert.Equal(["a", "b"], config.Cmd);
        Assert.Equal(("on-failure", 3, 1L, 2L, 3), (config.Restart.Name, config.Restart.MaximumRetryCount, config.Memory, config.NanoCpus, config.StopTimeout));
        Assert.Equal(["127.0.0.1|80-90|80", "||53/udp"], config.PortBindings.Select(b => $"{b.HostIp}|{b.HostPort}|{b.GuestPort}"));
        Assert.Equal("ro,size=5,mode=777", config.Tmpfs["/b"]);
        Assert.Equal(["front", "back"], config.Networks.Select(n => n.Network));
        Assert.Equal(("10.0.0.9", "02:42:00:00:00:01", "web"), (config.Networks[0].IPv4, config.Networks[0].MacAddress, config.Networks[0].Aliases[0]));
    }

    [Theory]
    [InlineData("nginx", "1.25", "nginx:1.25")]
    [InlineData("nginx:1", "2", "nginx:2")]
    [InlineData("nginx", "", "nginx")]
    [InlineData("127.0.0.1:5000/a", "x", "127.0.0.1:5000/a:x")]
    [InlineData("nginx", "sha256:abc", "nginx@sha256:abc")]
    public void A_pulls_name_and_tag_are_one_reference(string name, string tag, string reference) => Assert.Equal(reference, PullImage.Reference(name, tag));

    [Theory]
    [InlineData("""{"username":"u","password":"p"}""", "u", "p")]
    [InlineData("""{"auth":"dTpwOjE="}""", "u", "p:1")]
    [InlineData("""{"username":"u","password":"ü??>>"}""", "u", "ü??>>")]
    public void Credentials_come_in_either_base64(string json, string user, string password)
    {
        var standard = Convert.ToBase64String(Encoding.UTF8.GetBytes(json));
        foreach (var header in new[] { standard, standard.Replace('+', '-').Replace('/', '_'), standard.TrimEnd('=') })
        {
            var credentials = RegistryAuth.Parse(header)!;
            Assert.Equal((user, password), (credentials.Username, credentials.Password));
        }
    }

    [Fact]
    public void No_credentials_are_none_and_nonsense_is_refused()
    {
        Assert.Null(RegistryAuth.Parse(""));
        Assert.Null(RegistryAuth.Parse(Convert.ToBase64String("{}"u8)));
        Assert.Null(RegistryAuth.Parse(Convert.ToBase64String("null"u8)));
        Assert.Throws<HyprException>(() => RegistryAuth.Parse("*"));
    }

    [Theory]
    [InlineData("nginx", "nginx:latest", true)]
    [InlineData("ng*", "nginx:latest", true)]
    [InlineData("*/nginx", "me/nginx:1", true)]
    [InlineData("*", "a/b/c:1", true)]
    [InlineData("nginx:1.*", "nginx:1.25", true)]
    [InlineData("nginx:2", "nginx:1", false)]
    [InlineData("me*", "me/nginx:1", false)]
    public void References_are_matched_as_paths(string pattern, string name, bool matches) => Assert.Equal(matches, ImagePattern.Matches(pattern, name));

    [Theory]
    [InlineData("1705314600", "2024-01-15T10:30:00Z")]
    [InlineData("1705314600.5", "2024-01-15T10:30:00.5Z")]
    [InlineData("2024-01-15T10:30:00.000000001Z", "2024-01-15T10:30:00Z")]
    [InlineData("1h30m", "2024-01-15T10:30:00Z")]
    [InlineData("90m", "2024-01-15T10:30:00Z")]
    [InlineData("0", "0001-01-01T00:00:00Z")]
    public void Times_of_queries_are_read(string text, string time) => Assert.Equal(time, Timestamps.Rfc3339(When.Parse("since", text, Now)));

    [Theory]
    [InlineData("yesterday")]
    [InlineData("5x")]
    [InlineData("9999999999999999")]
    public void What_is_no_time_is_refused(string text) => Assert.Throws<HyprException>(() => When.Parse("since", text, Now));

    [Theory]
    [InlineData("/containers/json", "list", "")]
    [InlineData("/containers/abc/json", "inspect", "abc")]
    [InlineData("//containers//abc/json", "inspect", "abc")]
    [InlineData("/containers/%2Fabc/json", "inspect", "/abc")]
    [InlineData("/images/a/b:c/json", "image", "a/b:c")]
    [InlineData("/images/a/b", "", "")]
    [InlineData("/containers/a/b/json", "", "")]
    public void Routes_are_found(string path, string route, string name)
    {
        var (router, hit) = (new Router(), "");
        foreach (var (pattern, called) in new[] { ("/containers/json", "list"), ("/containers/{name}/json", "inspect"), ("/images/{name*}/json", "image") })
        {
            router.Map("GET", pattern, _ =>
            {
                hit = called;
                return Task.CompletedTask;
            });
        }

        var found = router.Find("GET", ApiPath.Parse("/v1.51" + path).Segments);
        _ = found?.Handler(null!);
        Assert.Equal((route, name), (hit, found?.Name ?? ""));
    }
}
