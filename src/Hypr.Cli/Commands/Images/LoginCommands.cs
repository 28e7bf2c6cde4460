using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hypr.Api.Client;
using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;

namespace Hypr.Cli.Commands.Images;

/// <summary>
/// <c>hypr login</c> and <c>hypr logout</c>, in Docker's own file, so that one login serves both. The daemon tries the credentials (POST /auth);
/// the client keeps them.
/// </summary>
internal static class LoginCommands
{
    public static readonly CommandSpec Login = new("login", "Authenticate to a registry")
    {
        Words = "[SERVER]",
        Count = (0, 1),
        Options =
        [
            Option.Text("password", 'p', "Password (seen by others in ps: prefer --password-stdin)"),
            Option.Switch("password-stdin", '\0', "Take the password from stdin"),
            Option.Text("username", 'u', "Username"),
        ],
        Examples = [("hypr login -u me --password-stdin registry.example < token", "the password is in no history")],
        Run = RunLogin,
    };

    public static readonly CommandSpec Logout = new("logout", "Log out from a registry")
    {
        Words = "[SERVER]",
        Count = (0, 1),
        Examples = [("hypr logout registry.example", "forgets the password")],
        Run = RunLogout,
    };

    private static string Server(CommandLine line) =>
        line.Words.Count == 0 ? "docker.io" : line.Words[0].Replace("https://", "", StringComparison.Ordinal);

    private static int RunLogin(CommandLine line, Session session)
    {
        string server = Server(line);
        string key = RegistryLogin.Key(server + "/x");
        string user = line.Text("username") ?? throw new UsageException(line, "login: --username is missing");
        string password = line.Text("password") ?? ReadPassword(line, session);
        if (line.Has("password"))
            session.Warn("Using --password via the CLI is insecure. Use --password-stdin.");
        if (password.Length == 0)
            throw new UsageException(line, "login: the password is empty");
        var request = new AuthConfig { Username = user, Password = password, ServerAddress = key };
        var answer = session.Api.Post(new Query("auth"), JsonSerializer.SerializeToUtf8Bytes(request, HyprJson.Wire.AuthConfig));
        var entry = new JsonObject { ["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")) };
        if (answer.Text("IdentityToken") is { Length: > 0 } token)
            entry["identitytoken"] = token;
        Change(session, auths => auths[key] = entry);
        session.Io.WriteLine(answer.Text("Status") is { Length: > 0 } status ? status : "Login Succeeded");
        return 0;
    }

    private static string ReadPassword(CommandLine line, Session session)
    {
        if (!line.On("password-stdin"))
            throw new UsageException(line, "login: no password. Hand it over with --password-stdin, as: hypr login -u me --password-stdin < file");
        using var reader = new StreamReader(session.Io.Input, leaveOpen: true);
        return reader.ReadToEnd().TrimEnd('\r', '\n');
    }

    private static int RunLogout(CommandLine line, Session session)
    {
        string server = Server(line);
        Change(session, auths => auths.Remove(RegistryLogin.Key(server + "/x")));
        session.Io.WriteLine($"Removing login credentials for {server}");
        return 0;
    }

    /// <summary>Changes the logins and nothing else in the file, which only its owner may read; whole or not at all.</summary>
    private static void Change(Session session, Action<JsonObject> change)
    {
        string path = RegistryLogin.ConfigPath(session);
        var config = (File.Exists(path) ? JsonNode.Parse(File.ReadAllBytes(path)) : null) as JsonObject ?? [];
        if (config["auths"] is not JsonObject auths)
            config["auths"] = auths = [];
        change(auths);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string next = path + ".hypr";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(next, options))
        using (var writer = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true, IndentCharacter = '\t', IndentSize = 1 }))
            config.WriteTo(writer);
        File.Move(next, path, overwrite: true);
    }
}
