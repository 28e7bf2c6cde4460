using System.Text;
using Hypr.Daemon.Tests.Fakes;

namespace Hypr.Daemon.Tests.Http;

public sealed class ApiTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    [Theory]
    [InlineData("GET", "/_ping", "OK")]
    [InlineData("HEAD", "/_ping", "")]
    [InlineData("GET", "/v1.51/_ping", "OK")]
    [InlineData("GET", "/v1.24/_ping", "OK")]
    public async Task A_ping_tells_what_a_client_negotiates_by(string method, string target, string body)
    {
        var answer = await api.SendAsync(method, target);
        Assert.Equal((200, body), (answer.Status, answer.Text));
        Assert.Equal("1.51", answer.Fields["Api-Version"]);
        Assert.Equal("linux", answer.Fields["Ostype"]);
        Assert.Equal("false", answer.Fields["Docker-Experimental"]);
        Assert.StartsWith("hypr/", answer.Fields["Server"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1.12/_ping", 400, "client version 1.12 is too old")]
    [InlineData("/v1.99/info", 400, "client version 1.99 is too new")]
    [InlineData("/v1.x/info", 400, "invalid API version 1.x")]
    [InlineData("/nothing", 404, "page not found")]
    [InlineData("/v1.51/containers/json/more", 404, "page not found")]
    [InlineData("/containers/none/json", 404, "No such container: none")]
    [InlineData("/images/a/b/c:d/json", 404, "No such image: a/b/c:d")]
    [InlineData("/images/a%2Fb/json", 404, "No such image: a/b")]
    [InlineData("/networks/none", 404, "network none not found")]
    [InlineData("/volumes/x", 404, "get x: no such volume")]
    [InlineData("/exec/none/json", 404, "No such exec instance: none")]
    [InlineData("/containers/x/logs", 400, "you must choose at least one stream")]
    [InlineData("/images/search", 501, "docker search is not in HYPR")]
    [InlineData("/containers/x/top", 404, "No such container: x")]
    [InlineData("/nodes", 503, "This node is not a swarm manager.")]
    [InlineData("/services/x", 503, "This node is not a swarm manager.")]
    [InlineData("/containers/json?filters=nonsense", 400, "invalid filters")]
    [InlineData("/containers/json?filters=%7B%22colour%22%3A%7B%22red%22%3Atrue%7D%7D", 400, "invalid filter 'colour'")]
    [InlineData("/containers/json?limit=x", 400, "invalid limit=x")]
    public async Task A_failure_is_a_status_and_a_message(string target, int status, string message)
    {
        var answer = await api.SendAsync("GET", target);
        Assert.Equal(status, answer.Status);
        Assert.Contains(message, answer.Message, StringComparison.Ordinal);

        // With a charset behind it docker prints the raw JSON.
        Assert.Equal("application/json", answer.Fields["Content-Type"]);
    }

    [Theory]
    [InlineData("POST", "/containers/create", null, 400, "the request has no body")]
    [InlineData("POST", "/containers/create", "{", 400, "not the JSON that is due")]
    [InlineData("POST", "/containers/create", "null", 400, "body is null")]
    [InlineData("POST", "/containers/create", """{"Image":"nowhere"}""", 404, "No such image: nowhere")]
    [InlineData("POST", "/containers/create", """{"Image":"busybox","HostConfig":{"Binds":["/run/socket:/b"]}}""", 400, "this is a socket, a device or a pipe")]
    [InlineData("POST", "/containers/create", """{"Image":"busybox","HostConfig":{"Mounts":[{"Type":"bind","Source":"/none","Target":"/b"}]}}""", 400, "bind source path does not exist: /none")]
    [InlineData("POST", "/containers/create", """{"Image":"busybox","HostConfig":{"Mounts":[{"Type":"bind","Source":"none","Target":"/b"}]}}""", 400, "mount path must be absolute")]
    [InlineData("POST", "/containers/create", """{"Image":"busybox","HostConfig":{"Mounts":[{"Type":"bind","Target":"/b"}]}}""", 400, "field Source must not be empty")]
    [InlineData("POST", "/containers/create", """{"Image":"busybox","HostConfig":{"Links":["nobody:db"]}}""", 400, "could not get container for nobody")]
    [InlineData("POST", "/containers/create", """{"Image":"busybox","HostConfig":{"Links":["a:b:c"]}}""", 400, "invalid link a:b:c")]
    [InlineData("POST", "/containers/create", """{"Image":"busybox","HostConfig":{"PidMode":"host"}}""", 400, "--pid host")]
    [InlineData("POST", "/containers/create", """{"Image":"busybox","HostConfig":{"NetworkMode":"host"}}""", 400, "--network host")]
    [InlineData("POST", "/containers/create", """{"Image":"busybox","HostConfig":{"RestartPolicy":{"Name":"sometimes"}}}""", 400, "unknown policy 'sometimes'")]
    [InlineData("POST", "/networks/create", """{"Name":"bridge"}""", 409, "already exists")]
    [InlineData("DELETE", "/containers/none", null, 404, "No such container")]
    [InlineData("POST", "/containers/none/wait?condition=bad", null, 400, "invalid condition")]
    [InlineData("POST", "/containers/none/wait", null, 404, "No such container")]
    [InlineData("POST", "/volumes/create", """{"Name":"../x"}""", 400, "includes invalid characters for a local volume name")]
    [InlineData("POST", "/volumes/create", """{"Name":"a1","Driver":"nfs"}""", 400, "plugin \"nfs\" not found")]
    [InlineData("POST", "/volumes/create", """{"Name":"a1","DriverOpts":{"type":"nfs"}}""", 400, "invalid option: \"type\"")]
    [InlineData("POST", "/volumes/create", """{"Name":"a1","DriverOpts":{"size":"1x"}}""", 400, "invalid size: '1x'")]
    [InlineData("POST", "/volumes/create", """{"Name":"a1","DriverOpts":{"size":"1m"}}""", 400, "a volume has from 16m to 16t")]
    [InlineData("DELETE", "/volumes/none", null, 404, "get none: no such volume")]
    [InlineData("PATCH", "/info", null, 404, "page not found")]
    public async Task A_wrong_request_is_refused_with_its_reason(string method, string target, string? body, int status, string message)
    {
        var answer = await api.SendAsync(method, target, body);
        Assert.Equal(status, answer.Status);
        Assert.Contains(message, answer.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/containers/json?filters=%7B%22name%22%3A%5B%22nobody%22%5D%7D", "[]")]
    [InlineData("/containers/json?filters=%7B%22label%22%3A%7B%22nobody%3Dhas%22%3Atrue%7D%7D", "[]")]
    [InlineData("/networks?filters=%7B%22name%22%3A%5B%22nobody%22%5D%7D", "[]")]
    [InlineData("/images/json?filters=%7B%22reference%22%3A%5B%22nobody%22%5D%7D", "[]")]
    [InlineData("/volumes?filters=%7B%22name%22%3A%5B%22nobody%22%5D%7D", """{"Volumes":[],"Warnings":[]}""")]
    [InlineData("/plugins", "[]")]
    public async Task An_empty_list_is_empty_and_not_null(string target, string body) => Assert.Equal(body, (await api.SendAsync("GET", target)).Text.TrimEnd());

    [Fact]
    public async Task Both_forms_of_filters_mean_the_same()
    {
        await api.RunAsync("""{"Image":"busybox","Labels":{"a":"b=c","shared":"1"}}""", start: false);
        foreach (var filters in new[] { """{"label":{"a=b=c":true,"shared":true}}""", """{"label":["a=b=c","shared"]}""" })
        {
            var answer = await api.SendAsync("GET", $"/containers/json?all=1&filters={Uri.EscapeDataString(filters)}");
            Assert.Equal(1, answer.Json.GetArrayLength());
        }

        var none = await api.SendAsync("GET", "/containers/json?all=1&filters=" + Uri.EscapeDataString("""{"label":["a=b"]}"""));
        Assert.Equal(0, none.Json.GetArrayLength());
    }

    [Fact]
    public async Task A_wait_answers_its_head_at_once_and_its_body_at_the_end()
    {
        var id = await api.RunAsync("""{"Image":"busybox","Cmd":["cat"],"OpenStdin":true}""");
        using var socket = api.Connect();
        await socket.SendAsync(ApiFixture.Request("POST", $"/containers/{id}/wait?condition=next-exit", null, "Connection: close\r\n"));
        var buffer = new byte[8192];
        var read = await socket.ReceiveAsync(buffer);
        Assert.StartsWith("HTTP/1.1 200", Encoding.ASCII.GetString(buffer, 0, read), StringComparison.Ordinal);
        Assert.Equal(204, (await api.SendAsync("POST", $"/containers/{id}/kill")).Status);
        var rest = await ApiFixture.ReadAllAsync(socket);
        var answer = Answer.Parse([.. buffer.AsSpan(0, read), .. rest]);
        Assert.Equal(137, answer.Json.GetProperty("StatusCode").GetInt32());
    }

    [Fact]
    public async Task Starting_what_runs_and_stopping_what_does_not_is_304_without_a_body()
    {
        var id = await api.RunAsync("""{"Image":"busybox","Cmd":["sleep","1000"]}""");
        var again = await api.SendAsync("POST", $"/containers/{id}/start");
        Assert.Equal((304, 0), (again.Status, again.Body.Length));
        Assert.Equal(204, (await api.SendAsync("POST", $"/containers/{id}/stop?t=5")).Status);
        Assert.Equal(304, (await api.SendAsync("POST", $"/containers/{id}/stop")).Status);
    }

    [Fact]
    public async Task Ports_are_published_and_taken_back_of_a_running_machine_and_of_a_stopped_one()
    {
        var id = await api.RunAsync("""{"Image":"busybox","Cmd":["sleep","1000"]}""", name: "more-ports");
        var added = await api.SendAsync("POST", "/hypr/containers/more-ports/ports", """{"Ports":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8081"}],"53/udp":[{"HostPort":"8053"}]}}""");
        Assert.Equal("""[{"HostIp":"127.0.0.1","HostPort":"8081"}]""", added.Json.GetProperty("Ports").GetProperty("80/tcp").GetRawText());
        var twice = await api.SendAsync("POST", "/hypr/containers/more-ports/ports", """{"Ports":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8081"}]}}""");
        Assert.Equal(409, twice.Status);
        var inspected = (await api.SendAsync("GET", $"/containers/{id}/json")).Json;
        Assert.Equal("8053", inspected.GetProperty("HostConfig").GetProperty("PortBindings").GetProperty("53/udp")[0].GetProperty("HostPort").GetString());
        Assert.Equal("8081", inspected.GetProperty("NetworkSettings").GetProperty("Ports").GetProperty("80/tcp")[0].GetProperty("HostPort").GetString());
        var check = (await api.SendAsync("GET", "/hypr/containers/more-ports/ports/check?port=8053/udp&from=192.0.2.7")).Json[0];
        Assert.Equal(
            "53/udp 8053 10.88.0.2:53 eth0 192.0.2.7 open",
            $"{check.GetProperty("Port")} {check.GetProperty("HostPort")} {check.GetProperty("Target")} {check.GetProperty("Ways")[0].GetProperty("Link")} {check.GetProperty("Ways")[0].GetProperty("From")} {check.GetProperty("Ways")[0].GetProperty("State")}");
        Assert.Equal(2, (await api.SendAsync("GET", "/hypr/containers/more-ports/ports/check")).Json.GetArrayLength());
        Assert.Equal(404, (await api.SendAsync("GET", "/hypr/containers/more-ports/ports/check?port=80")).Status);
        Assert.Equal(400, (await api.SendAsync("GET", "/hypr/containers/more-ports/ports/check?from=here")).Status);
        Assert.Equal(404, (await api.SendAsync("DELETE", "/hypr/containers/more-ports/ports?published=8081,8053")).Status);
        Assert.Equal(404, (await api.SendAsync("DELETE", "/hypr/containers/more-ports/ports?published=127.0.0.2:8081")).Status);
        Assert.Equal(400, (await api.SendAsync("DELETE", "/hypr/containers/more-ports/ports?published=8081-80")).Status);
        Assert.Equal(400, (await api.SendAsync("DELETE", "/hypr/containers/more-ports/ports")).Status);
        Assert.Equal(200, (await api.SendAsync("DELETE", "/hypr/containers/more-ports/ports?published=127.0.0.1:8081,8053/udp")).Status);
        inspected = (await api.SendAsync("GET", $"/containers/{id}/json")).Json;
        Assert.Empty(inspected.GetProperty("HostConfig").GetProperty("PortBindings").EnumerateObject());
        Assert.Equal("""{"80/tcp":null}""", inspected.GetProperty("NetworkSettings").GetProperty("Ports").GetRawText());

        await api.SendAsync("POST", "/containers/more-ports/kill");
        await api.SendAsync("POST", "/containers/more-ports/wait");
        var stopped = await api.SendAsync("POST", "/hypr/containers/more-ports/ports", """{"Ports":{"80/tcp":[{"HostPort":"8081"}]}}""");
        Assert.Empty(stopped.Json.GetProperty("Ports").EnumerateObject());
        Assert.Equal(400, (await api.SendAsync("POST", "/hypr/containers/more-ports/ports", """{"Ports":{"80/tcp":[{"HostPort":"65536"}]}}""")).Status);
        Assert.Equal(400, (await api.SendAsync("POST", "/hypr/containers/more-ports/ports", """{"Ports":{"80/quic":[{"HostPort":"80"}]}}""")).Status);
    }

    [Fact]
    public async Task Inspect_and_list_show_ports_of_both_families_and_networks()
    {
        var id = await api.RunAsync(
            """{"Image":"busybox","Cmd":["sleep","1000"],"ExposedPorts":{"90/udp":{}},"HostConfig":{"PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"8080"}]}}}""", name: "ports");
        var ports = (await api.SendAsync("GET", $"/containers/{id}/json")).Json.GetProperty("NetworkSettings").GetProperty("Ports");
        Assert.Equal("""[{"HostIp":"0.0.0.0","HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}]""", ports.GetProperty("80/tcp").GetRawText());
        Assert.Equal("null", ports.GetProperty("90/udp").GetRawText());
        var list = (await api.SendAsync("GET", "/containers/json?filters=" + Uri.EscapeDataString("""{"name":["^/?ports$"]}"""))).Json[0];
        Assert.Equal(3, list.GetProperty("Ports").GetArrayLength());
        Assert.Equal("/ports", list.GetProperty("Names")[0].GetString());
        Assert.Equal("running", list.GetProperty("State").GetString());
        var address = list.GetProperty("NetworkSettings").GetProperty("Networks").GetProperty("bridge").GetProperty("IPAddress").GetString()!;
        Assert.StartsWith("10.88.0.", address, StringComparison.Ordinal);
        var network = (await api.SendAsync("GET", "/networks/bridge")).Json;
        Assert.Equal(address + "/16", network.GetProperty("Containers").GetProperty(id).GetProperty("IPv4Address").GetString());
        Assert.True(network.GetProperty("Status").GetProperty("IPAM").GetProperty("Subnets").TryGetProperty("10.88.0.0/16", out _));
    }

    [Fact]
    public async Task A_pull_that_fails_at_once_is_a_status_and_later_a_line_in_the_stream()
    {
        var missing = await api.SendAsync("POST", "/images/create?fromImage=missing&tag=latest");
        Assert.Equal(404, missing.Status);
        Assert.Contains("missing:latest not found", missing.Message, StringComparison.Ordinal);
        var broken = await api.SendAsync("POST", "/images/create?fromImage=broken&tag=latest");
        Assert.Equal(200, broken.Status);
        Assert.Contains("""{"errorDetail":{"message":"the registry lied about a digest"},"error":"the registry lied about a digest"}""", broken.Text, StringComparison.Ordinal);
        var good = await api.SendAsync("POST", "/images/create?fromImage=new&tag=1.0");
        Assert.Contains("""{"status":"Downloading","progressDetail":{"current":10,"total":20},"id":"0123456789ab"}""", good.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await api.SendAsync("GET", "/images/new:1.0/json")).Status);
    }

    [Fact]
    public async Task Events_come_as_lines_with_the_labels_of_the_machine()
    {
        await api.RunAsync("""{"Image":"busybox","Labels":{"project":"x"}}""", start: false, name: "eventful");
        var answer = await api.SendAsync("GET", "/events?since=1&until=" + DateTimeOffset.UtcNow.AddMilliseconds(100).ToUnixTimeMilliseconds() / 1000m
            + "&filters=" + Uri.EscapeDataString("""{"container":["eventful"]}"""));
        Assert.Contains("\"Action\":\"create\"", answer.Text, StringComparison.Ordinal);
        Assert.Contains("\"project\":\"x\"", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Removing_a_machine_that_is_starting_leaves_no_process()
    {
        var id = await api.RunAsync("""{"Image":"busybox","Cmd":["sleep","1000"]}""", start: false);
        var before = api.Machines.Running;
        var hold = api.Machines.Hold = new StartHold();
        var starting = api.SendAsync("POST", $"/containers/{id}/start");
        await hold.Reached.Task;
        var removing = api.SendAsync("DELETE", $"/containers/{id}?force=1");
        hold.Go.SetResult();
        Assert.Equal((204, 204), ((await starting).Status, (await removing).Status));
        Assert.Equal(404, (await api.SendAsync("GET", $"/containers/{id}/json")).Status);
        Assert.Equal(before, api.Machines.Running);
    }

    [Fact]
    public async Task A_client_that_gives_up_takes_its_start_back()
    {
        var id = await api.RunAsync("""{"Image":"busybox","Cmd":["sleep","1000"]}""", start: false);
        var hold = api.Machines.Hold = new StartHold();
        using (var socket = api.Connect())
        {
            await socket.SendAsync(ApiFixture.Request("POST", $"/containers/{id}/start"));
            await hold.Reached.Task;
        }

        // The removal waits for the start's end, whichever it is.
        Assert.Equal(204, (await api.SendAsync("DELETE", $"/containers/{id}")).Status);
        Assert.False(hold.Go.Task.IsCompleted);
    }

    [Fact]
    public async Task Two_hundred_clients_at_once_are_answered()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => api.SendAsync("GET", "/containers/json?all=1")));
        Assert.All(answers, a => Assert.Equal(200, a.Status));
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused()
    {
        using var socket = api.Connect();
        await socket.SendAsync(Encoding.ASCII.GetBytes("POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n"));
        Assert.Equal(413, Answer.Parse(await ApiFixture.ReadAllAsync(socket)).Status);
    }
}
