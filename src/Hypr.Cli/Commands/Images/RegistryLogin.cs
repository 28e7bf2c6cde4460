using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hypr.Api.Contracts;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Images;

/// <param name="IsToken">The secret is an identity token, which stands for the password.</param>
internal sealed record Credentials(string User, string Secret, bool IsToken);

/// <summary>
/// The logins that <c>docker login</c> and <c>hypr login</c> keep: in <c>~/.docker/config.json</c>, or <c>$DOCKER_CONFIG/config.json</c>, or with the helper that is named there.
/// </summary>
internal static class RegistryLogin
{
    public static string ConfigPath(Session session)
    {
        string? folder = session.Environment("DOCKER_CONFIG");
        return Path.Combine(string.IsNullOrEmpty(folder)
            ? Path.Combine(session.Environment("HOME") ?? "/root", ".docker")
            : folder, "config.json");
    }

    /// <summary>The registry's key in that file: Docker Hub's is an address of its own (docker/cli, registry.IndexServer).</summary>
    public static string Key(string imageName)
    {
        string first = ImageName.Full(imageName).Split('/')[0];
        return first == "docker.io" ? "https://index.docker.io/v1/" : first;
    }

    /// <summary>The X-Registry-Auth line for the image's registry; empty when nobody logged in there.</summary>
    /// <exception cref="JsonException">The file is not JSON.</exception>
    public static string Header(Session session, string imageName)
    {
        string key = Key(imageName);
        if (Find(session, key) is not { } login)
            return "";
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(Contract(login, key), HyprJson.Wire.AuthConfig);
        return $"X-Registry-Auth: {Convert.ToBase64String(json).Replace('+', '-').Replace('/', '_')}\r\n";
    }

    public static AuthConfig Contract(Credentials login, string key) => new()
    {
        Username = login.User,
        Password = login.IsToken || login.Secret.Length == 0 ? null : login.Secret,
        IdentityToken = login.IsToken ? login.Secret : null,
        ServerAddress = key,
    };

    /// <summary>Null: nobody logged in there.</summary>
    public static Credentials? Find(Session session, string key)
    {
        string path = ConfigPath(session);
        if (!File.Exists(path))
            return null;
        using var config = JsonDocument.Parse(File.ReadAllBytes(path));
        if (Helper(config.RootElement, key) is { } helper)
            return CredentialHelper.Get(helper, key);
        var entry = config.RootElement.At("auths", key);
        string token = entry.Text("identitytoken");
        string auth = entry.Text("auth");
        if (auth.Length == 0 && token.Length == 0)
            return null;
        string[] pair = Decode(path, key, auth).Split(':', 2);
        return token.Length > 0 ? new Credentials(pair[0], token, IsToken: true) : new Credentials(pair[0], pair.ElementAtOrDefault(1) ?? "", IsToken: false);
    }

    /// <returns>The file that holds the password as it is; null: a helper keeps it.</returns>
    public static string? Keep(Session session, string key, Credentials login)
    {
        string path = ConfigPath(session);
        var config = Read(path);
        string? helper = HelperOf(config, key);
        var entry = new JsonObject();
        if (helper is not null)
            CredentialHelper.Store(helper, key, login);
        else
            entry["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{login.User}:{(login.IsToken ? "" : login.Secret)}"));
        if (helper is null && login.IsToken)
            entry["identitytoken"] = login.Secret;
        // With a helper the entry stays empty (docker/cli, config/credentials/native_store.go).
        Logins(config)[key] = entry;
        Write(path, config);
        return helper is null ? path : null;
    }

    /// <summary>False: nobody was logged in there.</summary>
    public static bool Forget(Session session, string key)
    {
        string path = ConfigPath(session);
        var config = Read(path);
        bool known = HelperOf(config, key) is { } helper && CredentialHelper.Erase(helper, key);
        if (!Logins(config).Remove(key))
            return known;
        Write(path, config);
        return true;
    }

    private static JsonObject Logins(JsonObject config)
    {
        if (config["auths"] is not JsonObject auths)
            config["auths"] = auths = [];
        return auths;
    }

    private static JsonObject Read(string path) => (File.Exists(path) ? JsonNode.Parse(File.ReadAllBytes(path)) : null) as JsonObject ?? [];

    private static string? HelperOf(JsonObject config, string key)
    {
        using var read = JsonDocument.Parse(config.ToJsonString());
        return Helper(read.RootElement, key);
    }

    /// <summary>The registry's own helper comes before the one for all (docker/cli, config/configfile/file.go).</summary>
    private static string? Helper(JsonElement config, string key) =>
        config.Text("credHelpers", key) is { Length: > 0 } own ? own : config.Text("credsStore") is { Length: > 0 } all ? all : null;

    /// <summary>What else is in the file stays. Only its owner may read it; whole or not at all.</summary>
    private static void Write(string path, JsonObject config)
    {
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

    private static string Decode(string path, string key, string auth)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(auth));
        }
        catch (FormatException)
        {
            throw HyprException.Invalid($"{path}: the entry of {key} is not base64. Log in again: hypr login {key}");
        }
    }
}
