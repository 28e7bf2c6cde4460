namespace Hypr.Compose.Tests;

/// <summary>Each with its file, line and column.</summary>
public sealed class BadFilesTests
{
    [Theory]
    [InlineData("services:\n  web: [\n", "compose.yaml:3:1: not valid YAML")]
    [InlineData("- a\n", "compose.yaml:1:1: a compose file is a mapping with services; this is a list")]
    [InlineData("", "empty: a compose file needs services")]
    [InlineData("services: {}\n", "compose.yaml:1:1: no services")]
    [InlineData("services: { a: { image: x }, a: { image: y } }", "compose.yaml:1:30: the key a stands twice")]
    [InlineData("services:\n  web:\n    image: [x]\n", "compose.yaml:3:12: services.web: image is a single value; this is a list")]
    [InlineData("services:\n  web:\n    image: x\n    tty: maybe\n", "compose.yaml:4:10: services.web: tty is true or false; this is 'maybe'")]
    [InlineData("services:\n  web:\n    image: x\n    ports: ['0:80']\n", "compose.yaml:4:13: '0:80': 0 is no port from 1 to 65535")]
    [InlineData("services:\n  web:\n    image: x\n    ports: ['90-80:1-2']\n", "the range 90-80 goes from 90 to 80")]
    [InlineData("services:\n  web:\n    image: x\n    ports: ['90-99:1-2']\n", "are of unequal length")]
    [InlineData("services:\n  web:\n    image: x\n    depends_on: [bd]\n  db: { image: y }\n", "compose.yaml:4:18: web depends on bd, which is no service. There are: db, web")]
    [InlineData("services:\n  a: { image: x, links: [b] }\n  b: { image: x, volumes_from: ['a:ro'] }\n", "in a circle: a -> b -> a")]
    [InlineData("services:\n  a: { image: x, volumes_from: ['b:ro'] }\n", "compose.yaml:2:18: a takes volumes from b, which is no service; one that is not of the stack is container:b")]
    [InlineData("services:\n  a: { image: x, depends_on: [b] }\n  b: { image: x, depends_on: [c] }\n  c: { image: x, depends_on: [a] }\n", "in a circle: a -> b -> c -> a")]
    [InlineData("services:\n  a: { image: x, networks: [n] }\n", "compose.yaml:2:29: a is on the network n, which is not under networks. There are none")]
    [InlineData("services:\n  a: { image: x, networks: { n: { ipv4_address: 10.0.0.9 } } }\nnetworks: { n: { ipam: { config: [ { subnet: 10.1.0.0/16 } ] } } }\n", "10.0.0.9 is outside the subnet 10.1.0.0/16 of the network n")]
    [InlineData("services:\n  a: { image: x, ports: ['80:80'] }\n  b: { image: x, ports: ['80:81'] }\n", "compose.yaml:3:26: b publishes the port 80/tcp, which a publishes too")]
    [InlineData("services:\n  a: { image: '${V:?set V}' }\n", "compose.yaml:2:15: required variable V is missing a value: set V")]
    [InlineData("services:\n  a: { image: x, env_file: gone.env }\n", "no such file")]
    [InlineData("services:\n  a: { image: x, healthcheck: { test: [curl] } }\n", "a test begins with CMD, CMD-SHELL or NONE")]
    [InlineData("services:\n  a: { image: x, stop_grace_period: 10 }\n", "stop_grace_period is a time such as 1m30s; this is '10'")]
    [InlineData("services:\n  a: { image: x, mem_limit: lots }\n", "mem_limit is a size such as 512m or 1gb; this is 'lots'")]
    [InlineData("services:\n  a: { command: 'echo \"x' , image: y}\n", "the closing \" is missing")]
    [InlineData("services:\n  a: { extends: { service: b } }\n", "a extends b, which is no service of")]
    [InlineData("services:\n  a: { extends: b }\n  b: { extends: a }\n", "extends itself: a -> b -> a")]
    [InlineData("include: [compose.yaml]\nservices: { a: { image: x } }\n", "includes itself")]
    [InlineData("services:\n  a: {}\n", "compose.yaml:2:3: the service a has no image")]
    [InlineData("name: Shop!\nservices: { a: { image: x } }\n", "compose.yaml:1:7: the stack's name 'Shop!' is not allowed")]
    [InlineData("services: { a: { image: *nobody } }\n", "the alias *nobody has no anchor")]
    [InlineData("services: { a: { image: x } }\n---\nservices: {}\n", "several YAML documents")]
    public void Is_told(string yaml, string expected) => Assert.Contains(StackFolder.ErrorsOf(yaml), e => e.Contains(expected));

    [Fact]
    public void All_errors_are_told_at_once()
    {
        var errors = StackFolder.ErrorsOf("services:\n  a: { image: x, tty: 7x, init: 9 }\n  b: { image: y, depends_on: [z], ports: ['x'] }\n");
        Assert.Equal(4, errors.Count);
    }

    /// <summary>Each kind of mistake, one a line; and of two files each with its own name.</summary>
    [Fact]
    public void Mistakes_of_every_kind_and_of_several_files_are_told_together_each_with_file_line_and_column()
    {
        using var folder = new StackFolder(
            ("compose.yaml", """
                services:
                  type: { image: x, tty: maybe }
                  unknown: { image: x, depends_on: [nobody] }
                  one: { image: x, depends_on: [two] }
                  two: { image: x, depends_on: [one] }
                  lost: { image: x, networks: [nowhere] }
                  outside: { image: x, networks: { n: { ipv4_address: 10.0.0.9 } } }
                  first: { image: x, ports: ["80:80"] }
                  second: { image: x, ports: ["80:81"] }
                networks: { n: { ipam: { config: [{ subnet: 10.1.0.0/16 }] } } }
                """),
            ("compose.override.yaml", "services:\n  type:\n    init: perhaps\n"));
        Assert.Equal(
            ["compose.override.yaml:3:11", "compose.yaml:2:26", "compose.yaml:3:37", "compose.yaml:4:3", "compose.yaml:6:32", "compose.yaml:7:36", "compose.yaml:9:31"],
            folder.Errors().Select(e => string.Join(':', e.Split(':').Take(3))).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("services:\n  a: { image: '${V?set V}' }\n  b: { image: '${W:?set W}', command: '${X' }\n", "compose.yaml:2:15", "compose.yaml:3:15", "compose.yaml:3:39")]
    [InlineData("services:\n  a: { image: x, ports: ['70000:80', 'x:80', '80:99999'] }\n", "compose.yaml:2:26", "compose.yaml:2:38", "compose.yaml:2:46")]
    public void Several_of_one_kind_each_have_their_place(string yaml, params string[] places) =>
        Assert.Equal(places, StackFolder.ErrorsOf(yaml).Select(e => string.Join(':', e.Split(':').Take(3))));

    [Fact]
    public void Aliases_that_blow_up_are_stopped()
    {
        var yaml = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + string.Concat(Enumerable.Range(1, 9)
            .Select(i => $"b{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n")) + "services: { w: { image: x } }\n";
        Assert.Contains(StackFolder.ErrorsOf(yaml), e => e.Contains("values once its aliases are resolved"));
    }

    [Fact]
    public void A_key_that_is_not_supported_is_a_warning_with_its_place_and_an_extension_is_silent()
    {
        using var folder = new StackFolder(("compose.yaml", "services:\n  web:\n    image: x\n    blkio_config: {}\n    x-mine: 1\n"));
        Assert.Contains("compose.yaml:4:5: services.web: the key blkio_config is not supported", Assert.Single(folder.Load().Warnings).ToString());
    }
}
