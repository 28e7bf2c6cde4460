namespace Hypr.Compose.Tests;

/// <summary>The compose files of the specification's networking page, to the letter.</summary>
public sealed class SpecificationFilesTests
{
    private const string Stack = """
        version: "3.8"

        services:
          web:
            image: nginx:latest
            ports:
              - "8080:80"
            networks:
              - frontend

          api:
            image: myapi:latest
            networks:
              - frontend
              - backend

          db:
            image: postgres:16
            networks:
              - backend

        networks:
          frontend:
          backend:
        """;

    [Fact]
    public void The_stack_of_three_services_loads_without_a_word()
    {
        using var folder = new StackFolder(("docker-compose.yml", Stack));
        var loaded = folder.Load();
        Assert.Empty(loaded.Warnings);
        Assert.Empty(loaded.Notes);
        Assert.Equal("shop", loaded.Project.Name);
        Assert.Equal(["web", "api", "db"], loaded.Project.Services.Select(s => s.Name));
        Assert.Equal(["frontend", "backend"], loaded.Project.Services[1].Networks.Select(n => n.Key));
        Assert.Equal(["shop_backend", "shop_frontend"], loaded.Project.Networks.Values.Select(n => n.Name).Order());
        var port = Assert.Single(loaded.Project.Services[0].Ports);
        Assert.Equal((80, "8080", "tcp"), (port.Target, port.Published, port.Protocol));
    }

    [Fact]
    public void Subnet_and_gateway_of_a_network()
    {
        using var folder = new StackFolder(("compose.yaml", """
            services: { a: { image: nginx, networks: [internal] } }
            networks:
              internal:
                driver: bridge
                ipam:
                  config:
                    - subnet: 10.90.0.0/16
                      gateway: 10.90.0.1
            """));
        var network = folder.Load().Project.Networks["internal"];
        Assert.Equal("bridge", network.Driver);
        var subnet = Assert.Single(network.Subnets);
        Assert.Equal(("10.90.0.0/16", "10.90.0.1"), (subnet.Cidr, subnet.Gateway));
        Assert.False(network.Internal);
    }

    [Fact]
    public void Several_networks_one_of_them_internal()
    {
        using var folder = new StackFolder(("compose.yaml", """
            services:
              proxy:
                image: nginx:latest
                networks:
                  - public
                  - internal

            networks:
              public:
              internal:
                internal: true  # No external access
            """));
        var project = folder.Load().Project;
        Assert.True(project.Networks["internal"].Internal);
        Assert.False(project.Networks["public"].Internal);
    }

    [Fact]
    public void A_service_that_names_no_network_is_on_the_default_one()
    {
        using var folder = new StackFolder(("compose.yaml", "services: { web: { image: 'nginx:latest', ports: ['8080:80', '443:443'] } }"));
        var project = folder.Load().Project;
        Assert.Equal("shop_default", project.Networks["default"].Name);
        Assert.Equal(["8080", "443"], project.Services[0].Ports.Select(p => p.Published));
    }
}
