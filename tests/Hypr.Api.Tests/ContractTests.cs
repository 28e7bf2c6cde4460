using System.Text.Json;
using System.Text.Json.Serialization;
using Hypr.Api.Contracts;

namespace Hypr.Api.Tests;

public sealed class ContractTests
{
    [Fact]
    public void What_the_docker_CLI_sends_for_run_is_understood()
    {
        // docker 28.2: run -d -p 8080:80 nginx, shortened to what matters here; nulls as it writes them.
        const string body = """
            {"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":true,"AttachStderr":true,"ExposedPorts":{"80/tcp":{}},
             "Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":null,"Cmd":null,"Image":"nginx","Volumes":{},"WorkingDir":"","Entrypoint":null,"OnBuild":null,"Labels":{},
             "HostConfig":{"Binds":null,"ContainerIDFile":"","LogConfig":{"Type":"","Config":{}},"NetworkMode":"default","PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"8080"}]},
             "RestartPolicy":{"Name":"no","MaximumRetryCount":0},"ConsoleSize":[0,0],"Memory":0,"MemorySwappiness":-1,"Devices":[],"MaskedPaths":null},
             "NetworkingConfig":{"EndpointsConfig":{"default":{"IPAMConfig":null,"Links":null,"Aliases":null,"MacAddress":"","DriverOpts":null,"GwPriority":0,"IPPrefixLen":0}}}}
            """;
        var request = JsonSerializer.Deserialize(body, HyprJson.Wire.CreateContainerRequest)!;
        Assert.Equal("nginx", request.Image);
        Assert.Null(request.Cmd);
        Assert.Equal("8080", request.HostConfig!.PortBindings!["80/tcp"]![0].HostPort);
        Assert.True(request.NetworkingConfig!.EndpointsConfig!.ContainsKey("default"));
    }

    [Fact]
    public void A_null_for_a_number_or_a_flag_is_as_if_it_were_missing()
    {
        // docker-py 5.0, for docker-compose 1.29.
        const string body = """
            {"Image":"nginx","Tty":null,"StopTimeout":null,"Healthcheck":{"Test":["CMD-SHELL","true"],"Interval":1000000000,"Timeout":null,"Retries":null,"StartPeriod":null},
             "HostConfig":{"Memory":null,"Init":null,"ShmSize":null}}
            """;
        var request = JsonSerializer.Deserialize(body, HyprJson.Wire.CreateContainerRequest)!;
        Assert.Equal((1_000_000_000, 0, 0), (request.Healthcheck!.Interval, request.Healthcheck.Timeout, request.Healthcheck.Retries));
        Assert.Equal((false, 0L), (request.Tty, request.HostConfig!.Memory));
        Assert.Null(request.StopTimeout);
        Assert.Null(request.HostConfig.Init);
        Assert.Null(request.HostConfig.ShmSize);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"Tty":"yes"}""", HyprJson.Wire.CreateContainerRequest));
    }

    [Theory]
    [InlineData("""{"Cmd":"top"}""", "top")]
    [InlineData("""{"Cmd":["sh","-c","x y"]}""", "sh|-c|x y")]
    [InlineData("""{"cmd":[]}""", "")]
    public void A_command_is_a_string_or_a_list(string json, string words) =>
        Assert.Equal(words, string.Join('|', JsonSerializer.Deserialize(json, HyprJson.Wire.CreateExecRequest)!.Cmd!));

    [Theory]
    [InlineData("""{"Cmd":[1]}""")]
    [InlineData("""{"Cmd":{}}""")]
    [InlineData("""{"Cmd":["a",["b"]]}""")]
    public void A_command_of_anything_else_is_refused(string json) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, HyprJson.Wire.CreateExecRequest));

    [Fact]
    public void What_is_missing_keeps_its_default()
    {
        var info = JsonSerializer.Deserialize("{}", HyprJson.Wire.SystemInfo)!;
        Assert.Equal("inactive", info.Swarm.LocalNodeState);
        Assert.Empty(info.Warnings);
    }

    [Fact]
    public void Docker_writes_null_for_what_is_not_given_and_so_do_we()
    {
        var json = JsonSerializer.Serialize(new WaitResponse { StatusCode = 3 }, HyprJson.Wire.WaitResponse);
        Assert.Equal("""{"StatusCode":3,"Error":null}""", json);
        Assert.Contains("\"Entrypoint\":null", JsonSerializer.Serialize(new ContainerInspect(), HyprJson.Wire.ContainerInspect), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_is_readable_in_the_answer() => Assert.Equal(
        """{"message":"/a's <név> + \"x\""}""", JsonSerializer.Serialize(new ErrorMessage { Message = "/a's <név> + \"x\"" }, HyprJson.Wire.ErrorMessage));

    [Fact]
    public void Every_property_has_a_setter_so_that_defaults_survive()
    {
        var lost = from type in typeof(HyprJson).Assembly.GetTypes()
                   where type.Namespace == typeof(HyprJson).Namespace && typeof(HyprJson) != type && !typeof(JsonConverter).IsAssignableFrom(type)
                   from property in type.GetProperties()
                   where property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Any(m => m.Name == "IsExternalInit") == true
                   select $"{type.Name}.{property.Name}";
        Assert.Empty(lost);
    }
}
