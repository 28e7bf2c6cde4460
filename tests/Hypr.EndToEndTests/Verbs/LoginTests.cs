using System.Text.Json.Nodes;
using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Verbs;

/// <summary>A registry that lets nobody in without a password: login, pull and logout by hypr and by every docker CLI, in one file.</summary>
public sealed class LoginTests : IClassFixture<LoginTests.LockedHost>
{
    private const string Image = LockedRegistry.Address + "/library/tools:latest";
    private readonly LockedHost _host;
    private readonly string _config;

    public LoginTests(LockedHost host)
    {
        _host = host;
        _config = Path.Combine(host.Folder, "docker");
        if (Directory.Exists(_config))
        {
            Directory.Delete(_config, recursive: true);
        }

        Directory.CreateDirectory(_config);
    }

    public static TheoryData<string> Clients { get; } = ["hypr", .. DockerCli.Paths];

    [Theory]
    [MemberData(nameof(Clients))]
    public void A_pull_is_let_in_from_login_to_logout(string client)
    {
        Refused(client, "no basic auth credentials", "authentication required");
        var login = Run(client, "secret\n", "login", "-u", "me", "--password-stdin", LockedRegistry.Address);
        Assert.True(login.Succeeded, login.Error);
        Assert.Contains("Login Succeeded", login.Output, StringComparison.Ordinal);
        foreach (var other in (string[])["hypr", .. DockerCli.Paths])
        {
            Assert.Equal(0, Run(other, "", "pull", "-q", Image).ExitCode);
            _host.MustHypr("rmi", Image);
        }

        Assert.Contains("Removing login credentials", Run(client, "", "logout", LockedRegistry.Address).Output, StringComparison.Ordinal);
        Refused(client, "no basic auth credentials", "authentication required");
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void A_wrong_password_is_said_and_not_kept(string client)
    {
        var login = Run(client, "wrong\n", "login", "-u", "me", "--password-stdin", LockedRegistry.Address);
        Assert.Equal(1, login.ExitCode);
        Assert.Contains("unauthorized: incorrect username or password", login.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1", Config(), StringComparison.Ordinal);
        var nobody = Run(client, "secret\n", "login", "-u", "me", "--password-stdin", "127.0.0.1:1");
        Assert.Equal(1, nobody.ExitCode);
        Assert.Contains("127.0.0.1:1", nobody.Error, StringComparison.Ordinal);
        Assert.Contains("refused", nobody.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void What_is_kept_is_tried_again_and_read_by_its_owner_alone()
    {
        Assert.True(Run("hypr", "secret", "login", "-u", "me", "--password-stdin", LockedRegistry.Address).Succeeded);
        Assert.Equal("600\n", _host.Must("stat", "-c", "%a", Path.Combine(_config, "config.json")));
        var again = Run("hypr", "", "login", LockedRegistry.Address);
        Assert.Contains("existing credentials", again.Output, StringComparison.Ordinal);
        Assert.Contains("Login Succeeded", again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_credential_helper_keeps_the_login_in_place_of_the_file()
    {
        var kept = Path.Combine(_config, "kept");
        var helper = Path.Combine(_host.Folder, "bin", "docker-credential-file");
        Directory.CreateDirectory(Path.GetDirectoryName(helper)!);
        File.WriteAllText(helper, $$"""
            #!/bin/sh
            case $1 in
              store) cat > {{kept}} ;;
              erase) rm {{kept}} ;;
              get) cat {{kept}} 2>/dev/null || { echo 'credentials not found in native keychain'; exit 1; } ;;
            esac
            """);
        _host.Must("chmod", "755", helper);
        File.WriteAllText(Path.Combine(_config, "config.json"), """{"credsStore":"file","detachKeys":"ctrl-x"}""");
        Assert.True(Run("hypr", "secret", "login", "-u", "me", "--password-stdin", LockedRegistry.Address).Succeeded);
        Assert.DoesNotContain("auth\"", Config(), StringComparison.Ordinal);
        Assert.Contains("ctrl-x", Config(), StringComparison.Ordinal);
        Assert.Equal("secret", JsonNode.Parse(File.ReadAllText(kept))!["Secret"]!.ToString());
        Assert.Equal(0, Run("hypr", "", "pull", "-q", Image).ExitCode);
        _host.MustHypr("rmi", Image);
        Assert.True(Run("hypr", "", "logout", LockedRegistry.Address).Succeeded);
        Assert.False(File.Exists(kept));
        Refused("hypr", "authentication required");
    }

    /// <summary>The registry names a token server, which wants the password; the registry itself takes only its tokens.</summary>
    [Theory]
    [MemberData(nameof(Clients))]
    public void A_registry_with_a_token_server_lets_in_who_has_a_token_for_the_password(string client)
    {
        using var registry = new StandInRegistry(_host.Space, LayerFault.Locked);
        var stranger = Run(client, "", "pull", registry.Image);
        Assert.Equal(1, stranger.ExitCode);
        var wrong = Run(client, "wrong\n", "login", "-u", "me", "--password-stdin", registry.Address);
        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains("incorrect username or password", wrong.Error, StringComparison.Ordinal);
        Assert.Equal(0, registry.Tokens);
        var login = Run(client, "secret\n", "login", "-u", "me", "--password-stdin", registry.Address);
        Assert.True(login.Succeeded, login.Error);
        var pull = Run(client, "", "pull", "-q", registry.Image);
        Assert.True(pull.Succeeded, pull.Error);
        Assert.InRange(registry.Tokens, 2, 10);
        _host.MustHypr("rmi", registry.Image);
    }

    /// <summary>Asked for on a terminal; what script(1) shows of it has the name and not the password.</summary>
    [Theory]
    [MemberData(nameof(Clients))]
    public void On_a_terminal_name_and_password_are_asked_for_and_hypr_does_not_show_the_password(string client)
    {
        var line = client == "hypr" ? $"HYPR_RUNTIME_DIR={_host.RuntimeDir} exec {Repository.Hypr}" : $"DOCKER_HOST=unix://{_host.Socket} exec {client}";
        // A question has no line's end: the file has it, the test's pipe not yet.
        var shown = Path.Combine(_config, "shown");
        using var login = _host.Space.Start("env", "SHELL=/bin/sh", "DOCKER_CONFIG=" + _config, "script", "-qefc", $"{line} login {LockedRegistry.Address}", shown);
        Assert.True(Probe.Until(() => Shown().Contains("Username", StringComparison.Ordinal)), Shown());
        login.Write("me\n");
        Assert.True(Probe.Until(() => Shown().Contains("Password: ", StringComparison.Ordinal)), Shown());
        login.Write("secret\n");
        var result = login.WaitForEnd();
        Assert.True(result.Succeeded, result.Output);
        Assert.Contains("Login Succeeded", Shown(), StringComparison.Ordinal);

        // docker asks before it turns the echo off (cli/command/registry.go): what is typed at once may be seen.
        if (client == "hypr")
            Assert.DoesNotContain("secret", Shown(), StringComparison.Ordinal);
        Assert.Contains(LockedRegistry.Address, Config(), StringComparison.Ordinal);

        string Shown() => File.Exists(shown) ? File.ReadAllText(shown) : "";
    }

    private string Config() => File.Exists(Path.Combine(_config, "config.json")) ? File.ReadAllText(Path.Combine(_config, "config.json")) : "";

    private void Refused(string client, params string[] words)
    {
        var pull = Run(client, "", "pull", Image);
        Assert.Equal(1, pull.ExitCode);
        Assert.True(words.Any(w => pull.Error.Contains(w, StringComparison.Ordinal)), pull.Error);
    }

    private ProgramResult Run(string client, string input, params string[] arguments)
    {
        string[] program = client == "hypr" ? ["HYPR_RUNTIME_DIR=" + _host.RuntimeDir, Repository.Hypr] : ["DOCKER_HOST=unix://" + _host.Socket, client];
        var started = _host.Space.Start(
            "env", ["DOCKER_CONFIG=" + _config, $"PATH={_host.Folder}/bin:{Environment.GetEnvironmentVariable("PATH")}", .. program, .. arguments]);
        started.WriteAndClose(input);
        return started.WaitForEnd(TimeSpan.FromMinutes(2));
    }

    public sealed class LockedHost : HyprHost
    {
        public LockedHost()
        {
            try
            {
                LockedRegistry.Serve(this);
            }
            catch
            {
                Dispose();
                throw;
            }
        }
    }
}
