using System.Text;
using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;
using Hypr.Cli.Terminal;
using Hypr.Primitives;

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
        Examples =
        [
            ("hypr login -u me --password-stdin registry.example < token", "the password is in no history"),
            ("hypr login registry.example", "asks for both; with a login that is kept, tries that"),
        ],
        Run = RunLogin,
    };

    public static readonly CommandSpec Logout = new("logout", "Log out from a registry")
    {
        Words = "[SERVER]",
        Count = (0, 1),
        Examples = [("hypr logout registry.example", "forgets the password")],
        Run = RunLogout,
    };

    private static string Key(CommandLine line)
    {
        string server = line.Words.Count == 0 ? "" : line.Words[0];
        int scheme = server.IndexOf("://", StringComparison.Ordinal);
        string host = (scheme < 0 ? server : server[(scheme + 3)..]).Split('/')[0];
        // A bare word is a registry here, not a name on Docker Hub.
        return host is "" or "docker.io" or "index.docker.io" ? RegistryLogin.Key("docker.io/x") : host;
    }

    private static int RunLogin(CommandLine line, Session session)
    {
        string key = Key(line);
        if (line.Has("password") && line.On("password-stdin"))
            throw new UsageException(line, "login: --password and --password-stdin are two passwords: give one");
        if (line.Has("password"))
            session.Warn("Using --password via the CLI is insecure. Use --password-stdin.");
        bool isAsked = line.Has("username") || line.Has("password") || line.On("password-stdin");
        if (!isAsked && RegistryLogin.Find(session, key) is { } kept)
        {
            session.Io.WriteLine("Authenticating with existing credentials...");
            return Try(session, key, kept);
        }
        string user = line.Text("username") ?? Prompt(line, session, "Username: ", "--username is missing");
        string password = line.Text("password") ?? ReadPassword(line, session);
        return password.Length == 0
            ? throw new UsageException(line, "login: the password is empty")
            : Try(session, key, new Credentials(user, password, IsToken: false));
    }

    private static int Try(Session session, string key, Credentials login)
    {
        var request = RegistryLogin.Contract(login, key);
        var answer = session.Api.Post(new Query("auth"), JsonSerializer.SerializeToUtf8Bytes(request, HyprJson.Wire.AuthConfig));
        var kept = answer.Text("IdentityToken") is { Length: > 0 } token ? login with { Secret = token, IsToken = true } : login;
        if (RegistryLogin.Keep(session, key, kept) is { } file && !kept.IsToken)
            session.Warn($"the password is kept in {file} as it is; a credential helper keeps it better (credsStore in that file)");
        session.Io.WriteLine(answer.Text("Status") is { Length: > 0 } status ? status : "Login Succeeded");
        return 0;
    }

    private static string ReadPassword(CommandLine line, Session session)
    {
        if (line.On("password-stdin"))
        {
            using var reader = new StreamReader(session.Io.Input, leaveOpen: true);
            return reader.ReadToEnd().TrimEnd('\r', '\n');
        }
        using var silent = RawMode.Silence();
        string password = Prompt(line, session, "Password: ", "no password. Hand it over with --password-stdin, as: hypr login -u me --password-stdin < file");
        session.Io.WriteError("");
        return password;
    }

    /// <summary>A line of the terminal, byte by byte: what is typed ahead is the next question's.</summary>
    private static string Prompt(CommandLine line, Session session, string question, string missing)
    {
        if (!session.Io.InputIsTerminal)
            throw new UsageException(line, "login: " + missing);
        session.Io.Error.Write(Encoding.UTF8.GetBytes(question));
        var bytes = new List<byte>();
        while (session.Io.Input.ReadByte() is var b and >= 0 && b != '\n')
            bytes.Add((byte)b);
        string text = Encoding.UTF8.GetString([.. bytes]).Trim();
        return text.Length > 0 ? text : throw HyprException.Invalid("login: nothing was typed");
    }

    private static int RunLogout(CommandLine line, Session session)
    {
        string key = Key(line);
        session.Io.WriteLine(RegistryLogin.Forget(session, key) ? $"Removing login credentials for {key}" : $"Not logged in to {key}");
        return 0;
    }
}
