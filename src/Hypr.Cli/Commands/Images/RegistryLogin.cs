using System.Text;
using System.Text.Json;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Images;

/// <summary>
/// What <c>docker login</c> and <c>hypr login</c> keep: <c>~/.docker/config.json</c>, or <c>$DOCKER_CONFIG/config.json</c>.
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
        string path = ConfigPath(session);
        if (!File.Exists(path))
            return "";
        using var config = JsonDocument.Parse(File.ReadAllBytes(path));
        string key = Key(imageName);
        if (Helper(config.RootElement, key) is { } helper)
            return CredentialHelper.Get(helper, key) is var (user, secret) ? Line(user == "<token>" ? "" : user, secret, user == "<token>", key) : "";
        var entry = config.RootElement.At("auths", key);
        string token = entry.Text("identitytoken");
        string auth = entry.Text("auth");
        if (auth.Length == 0 && token.Length == 0)
            return "";
        string[] pair = Decode(path, key, auth).Split(':', 2);
        return token.Length > 0 ? Line(pair[0], token, isToken: true, key) : Line(pair[0], pair.ElementAtOrDefault(1) ?? "", isToken: false, key);
    }

    /// <summary>The registry's own helper comes before the one for all (docker/cli, config/configfile/file.go).</summary>
    private static string? Helper(JsonElement config, string key) =>
        config.Text("credHelpers", key) is { Length: > 0 } own ? own : config.Text("credsStore") is { Length: > 0 } all ? all : null;

    private static string Line(string user, string secret, bool isToken, string key)
    {
        var contract = new Api.Contracts.AuthConfig
        {
            Username = user,
            Password = isToken || secret.Length == 0 ? null : secret,
            IdentityToken = isToken ? secret : null,
            ServerAddress = key,
        };
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(contract, Api.Contracts.HyprJson.Wire.AuthConfig);
        return $"X-Registry-Auth: {Convert.ToBase64String(json).Replace('+', '-').Replace('/', '_')}\r\n";
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
