namespace Hypr.Compose.Tests;

public sealed class ServiceFormsTests
{
    [Fact]
    public void Short_and_long_ports()
    {
        var web = StackFolder.OneService("""
            ports:
              - 80
              - "127.0.0.1:8081:81"
              - "[::1]:8082:82/udp"
              - "9000-9002:90-92"
              - "8000-8010:70"
              - "127.0.0.1::71"
              - { target: 60, published: 6000, host_ip: 10.0.0.1, protocol: udp }
            """);
        Assert.Equal(
            ["|80", "127.0.0.1|8081|81", "::1|8082|82u", "9000|90", "9001|91", "9002|92", "8000-8010|70", "127.0.0.1||71", "10.0.0.1|6000|60u"],
            web.Ports.Select(p => (p.HostIp is null ? "" : p.HostIp + "|") + $"{p.Published}|{p.Target}" + (p.Protocol == "udp" ? "u" : "")));
    }

    [Fact]
    public void A_command_of_one_string_is_split_as_a_shell_would() =>
        Assert.Equal(["sh", "-c", "echo \"a b\" $HOME", "it's"], StackFolder.OneService("""command: 'sh -c "echo \"a b\" $$HOME" it\''s'""").Command);

    [Fact]
    public void Dependencies_short_and_long()
    {
        using var folder = new StackFolder(("compose.yaml", """
            services:
              a: { image: x, depends_on: [b] }
              b: { image: x, depends_on: { c: { condition: service_healthy, restart: true }, d: { condition: service_started, required: false } } }
              c: { image: x }
            """));
        var project = folder.Load().Project;
        Assert.Equal("service_started", project.Services[0].DependsOn[0].Condition);
        Assert.Equal(("service_healthy", true), (project.Services[1].DependsOn[0].Condition, project.Services[1].DependsOn[0].Restart));
    }

    [Fact]
    public void Health_limits_and_times()
    {
        var web = StackFolder.OneService("""
            healthcheck: { test: curl -f localhost, interval: 1m30s, timeout: 500ms, retries: 3 }
            stop_grace_period: 1m
            deploy: { replicas: 2, resources: { limits: { cpus: "1.5", memory: 256M } } }
            ulimits: { nofile: 1024, nproc: { soft: 1, hard: 2 } }
            extra_hosts: { db: 10.0.0.9 }
            """);
        Assert.Equal(["CMD-SHELL", "curl -f localhost"], web.HealthCheck!.Test);
        Assert.Equal((TimeSpan.FromSeconds(90), TimeSpan.FromMilliseconds(500), 3), (web.HealthCheck.Interval, web.HealthCheck.Timeout, web.HealthCheck.Retries));
        Assert.Equal(TimeSpan.FromMinutes(1), web.StopGracePeriod);
        Assert.Equal((1_500_000_000L, 256L << 20, 2), (web.NanoCpus, web.Memory, web.Scale));
        Assert.Equal((1024L, 1024L), web.Ulimits["nofile"]);
        Assert.Equal(["db=10.0.0.9"], web.ExtraHosts);
    }

    [Fact]
    public void A_variable_without_value_comes_from_the_shell_or_is_left_unset()
    {
        using var folder = new StackFolder(("compose.yaml", "services: { a: { image: x, environment: [A, B] } }"));
        folder.Shell["A"] = "from shell";
        Assert.Equal(new Dictionary<string, string?> { ["A"] = "from shell", ["B"] = null }, folder.Load().Project.Services[0].Environment);
    }
}
