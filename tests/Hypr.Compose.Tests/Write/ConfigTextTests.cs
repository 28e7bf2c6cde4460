using Hypr.Compose.Plan;
using Hypr.Compose.Tests.Plan;
using Hypr.Compose.Write;

namespace Hypr.Compose.Tests.Write;

public sealed class ConfigTextTests
{
    private const string Everything = """
        services:
          web:
            image: nginx:1.27
            command: ["sh", "-c", "echo $$HOME: yes # no"]
            environment: { A: "true", B: "", C: "1.5", D: 'a "quote"', E: "two\nlines" }
            ports: ["8080:80", "127.0.0.1:53:53/udp"]
            networks: { front: { aliases: [www], ipv4_address: 10.9.0.5 }, back: }
            depends_on: { db: { condition: service_healthy } }
            deploy: { replicas: 1, resources: { limits: { cpus: "0.5", memory: 512m } } }
            healthcheck: { test: curl localhost, interval: 1m30s }
            init: false
            stop_grace_period: 1h5s
            sysctls: { a.b: "1" }
            tmpfs: [/run]
            labels: { "com.example/x": "y" }
            extra_hosts: ["a:1.2.3.4"]
            configs: [{ source: c, mode: 0440 }]
          db: { image: postgres, networks: [back], entrypoint: [], volumes: ["data:/data:ro"], ulimits: { nofile: { soft: 1, hard: 2 } } }
        networks:
          front: { ipam: { config: [{ subnet: 10.9.0.0/24, gateway: 10.9.0.1, aux_addresses: { x: 10.9.0.2 } }] }, enable_ipv6: false }
          back: { internal: true }
        volumes: { data: }
        configs: { c: { content: "on" } }
        """;

    [Fact]
    public void Read_again_it_is_the_same_project()
    {
        var project = PlanText.Project(Everything);
        var text = ConfigText.Of(project);
        var again = PlanText.Project(text);
        Assert.Equal(text, ConfigText.Of(again));
        foreach (var service in project.Services)
        {
            Assert.Equal(MachineRequest.Hash(project, service), MachineRequest.Hash(again, again.Services.Single(s => s.Name == service.Name)));
        }

        foreach (var network in project.Networks.Values)
        {
            Assert.Equal(NetworkRequest.Hash(network), NetworkRequest.Hash(again.Networks[network.Key]));
        }
    }

    [Fact]
    public void Short_forms_are_long_and_names_are_whole() => Assert.Equal(
        """
        name: shop
        services:
          web:
            image: nginx
            networks:
              default: {}
            ports:
              - mode: ingress
                target: 80
                published: "8080"
                protocol: tcp
        networks:
          default:
            name: shop_default

        """, ConfigText.Of(PlanText.Project("services: { web: { image: nginx, ports: ['8080:80'] } }")));
}
