namespace Hypr.Compose.Tests;

public sealed class MergeTests
{
    [Fact]
    public void An_override_file_is_laid_over_the_first()
    {
        using var folder = new StackFolder(
            ("compose.yaml", """
                services:
                  web:
                    image: nginx:1
                    command: ["a", "b"]
                    environment: [A=1, B=2]
                    ports: ["8080:80", "9090:90"]
                    dns: 10.0.0.1
                    volumes: ["data:/data:ro"]
                volumes: { data: , other: }
                """),
            ("compose.override.yaml", """
                services:
                  web:
                    image: nginx:2
                    command: c
                    environment: { B: 3, C: 4 }
                    ports: ["8080:80", "7070:70"]
                    dns: [10.0.0.2]
                    volumes: ["other:/data"]
                """));
        var web = folder.Load().Project.Services[0];
        Assert.Equal("nginx:2", web.Image);
        Assert.Equal(["c"], web.Command);
        Assert.Equal(new Dictionary<string, string?> { ["A"] = "1", ["B"] = "3", ["C"] = "4" }, web.Environment);
        Assert.Equal(["8080", "9090", "7070"], web.Ports.Select(p => p.Published));
        Assert.Equal(["10.0.0.1", "10.0.0.2"], web.Dns);
        var mount = Assert.Single(web.Volumes);
        Assert.Equal(("other", false), (mount.Source, mount.ReadOnly));
    }

    [Fact]
    public void Reset_removes_and_override_replaces()
    {
        using var folder = new StackFolder(
            ("a.yaml", "services: { web: { image: nginx, ports: ['1:1', '2:2'], dns: [10.0.0.1] } }"),
            ("b.yaml", "services: { web: { ports: !override ['3:3'], dns: !reset [] } }"));
        folder.Files.AddRange(["a.yaml", "b.yaml"]);
        var web = folder.Load().Project.Services[0];
        Assert.Equal(["3"], web.Ports.Select(p => p.Published));
        Assert.Empty(web.Dns);
    }

    [Fact]
    public void Anchors_and_merge_keys()
    {
        using var folder = new StackFolder(("compose.yaml", """
            x-base: &base
              image: nginx
              environment: { A: 1 }
            services:
              one:
                <<: *base
                image: other
              two: *base
            """));
        var project = folder.Load().Project;
        Assert.Equal(["other", "nginx"], project.Services.Select(s => s.Image));
        Assert.All(project.Services, s => Assert.Equal("1", s.Environment["A"]));
    }

    [Fact]
    public void A_service_extends_one_of_another_folder_whose_paths_are_its_own()
    {
        using var folder = new StackFolder(
            ("compose.yaml", "services: { web: { extends: { file: base/common.yaml, service: base }, environment: { B: 2 } } }"),
            ("base/common.yaml", "services: { base: { image: nginx, env_file: own.env, depends_on: [gone] } }"),
            ("base/own.env", "A=1\n"));
        var web = folder.Load().Project.Services[0];
        Assert.Equal("nginx", web.Image);
        Assert.Equal(["1", "2"], web.Environment.Values.Order());
        Assert.Empty(web.DependsOn);
    }

    [Fact]
    public void An_included_file_has_the_paths_and_variables_of_its_own_folder()
    {
        using var folder = new StackFolder(
            ("compose.yaml", "include: [sub/compose.yaml]\nservices: { web: { image: nginx, depends_on: [db] } }"),
            ("sub/compose.yaml", "services: { db: { image: 'postgres:$V', env_file: db.env } }"),
            ("sub/.env", "V=16\n"),
            ("sub/db.env", "X=y\n"));
        var db = folder.Load().Project.Services.Single(s => s.Name == "db");
        Assert.Equal("postgres:16", db.Image);
        Assert.Equal("y", db.Environment["X"]);
    }

    [Fact]
    public void Our_own_file_names_come_first_and_a_note_says_which()
    {
        using var folder = new StackFolder(
            ("docker-compose.yml", "services: { a: { image: docker } }"), ("Hyprfile", "services: { a: { image: hypr } }"), ("deep/er/x", ""));
        folder.From = "deep/er";
        var loaded = folder.Load();
        Assert.Equal("hypr", loaded.Project.Services[0].Image);
        Assert.Contains("Hyprfile is used", Assert.Single(loaded.Notes));
    }

    [Fact]
    public void A_profile_that_is_not_active_leaves_its_service_out()
    {
        using var folder = new StackFolder(("compose.yaml", "services: { web: { image: a }, debug: { image: b, profiles: [debug] } }"));
        Assert.Equal(["web"], folder.Load().Project.Services.Select(s => s.Name));
        folder.Profiles.Add("debug");
        Assert.Equal(["web", "debug"], folder.Load().Project.Services.Select(s => s.Name));
    }
}
