using System.Text;
using System.Text.Json;

namespace Hypr.Cli.Tests.Commands;

/// <summary>What a pull sends to the daemon of ~/.docker/config.json: logins in it, and those that a helper keeps.</summary>
public sealed class CredentialTests : CommandRunner
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-login-").FullName;
    private readonly string? _path = System.Environment.GetEnvironmentVariable("PATH");

    public CredentialTests()
    {
        Environment["DOCKER_CONFIG"] = _folder;
        Write("docker-credential-test", """
            #!/bin/sh
            read -r server
            case $server in
              a.example) echo '{"ServerURL":"a.example","Username":"me","Secret":"pass"}' ;;
              b.example) echo '{"ServerURL":"b.example","Username":"<token>","Secret":"idtoken"}' ;;
              c.example) echo 'credentials not found in native keychain'; exit 1 ;;
              d.example) echo 'the keychain is locked'; exit 1 ;;
              *) echo nonsense ;;
            esac
            """);
        System.Diagnostics.Process.Start("chmod", ["755", Path.Combine(_folder, "docker-credential-test")]).WaitForExit();
        System.Environment.SetEnvironmentVariable("PATH", $"{_folder}:{_path}");
        Daemon.On("POST /images/create", """{"status":"done"}""");
    }

    public override void Dispose()
    {
        System.Environment.SetEnvironmentVariable("PATH", _path);
        Directory.Delete(_folder, recursive: true);
        base.Dispose();
    }

    [Theory]
    [InlineData("a.example", "me", "pass", null)]
    [InlineData("b.example", "", null, "idtoken")]
    [InlineData("auth.example", "you", "word", null)]
    public void A_login_goes_with_the_pull(string registry, string user, string? password, string? token)
    {
        Config();
        Assert.Equal(0, Run($"pull {registry}/x:1").Code);
        var json = Sent()!.Value;
        Assert.Equal((user, password, token), (Text(json, "username")!, Text(json, "password"), Text(json, "identitytoken")));
    }

    [Fact]
    public void Nobody_is_logged_in_where_the_helper_knows_nobody()
    {
        Config();
        Assert.Equal(0, Run("pull c.example/x:1").Code);
        Assert.Null(Sent());
    }

    [Theory]
    [InlineData("d.example", "the keychain is locked")]
    [InlineData("e.example", "not JSON")]
    [InlineData("f.example", "docker-credential-none is not there")]
    public void A_helper_that_fails_is_named(string registry, string words)
    {
        Config();
        var (code, _, error) = Run($"pull {registry}/x:1");
        Assert.Equal(1, code);
        Assert.Contains(words, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    private void Config() => Write("config.json", $$$"""
        {"auths":{"auth.example":{"auth":"{{{Convert.ToBase64String("you:word"u8)}}}"}},
         "credHelpers":{"a.example":"test","b.example":"test","c.example":"test","d.example":"test","e.example":"test","f.example":"none"}}
        """);

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text + "\n");

    private JsonElement? Sent()
    {
        const string Header = "X-Registry-Auth: ";
        var line = Daemon.Requests[^1].Head.Split("\r\n").FirstOrDefault(h => h.StartsWith(Header, StringComparison.Ordinal));
        return line is null ? null : JsonDocument.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(line[Header.Length..].Replace('-', '+').Replace('_', '/')))).RootElement;
    }

    private static string? Text(JsonElement json, string key) => json.TryGetProperty(key, out var value) && value.GetString() is { Length: > 0 } text ? text : key == "username" ? "" : null;
}
