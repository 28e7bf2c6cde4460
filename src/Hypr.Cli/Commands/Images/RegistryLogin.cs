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
        var entry = config.RootElement.At("auths", key);
        string token = entry.Text("identitytoken");
        string auth = entry.Text("auth");
        if (auth.Length == 0 && token.Length == 0)
            return "";
        string[] pair = Decode(path, key, auth).Split(':', 2);
        var contract = new Api.Contracts.AuthConfig
        {
            Username = pair[0],
            Password = token.Length > 0 || pair.Length < 2 ? null : pair[1],
            IdentityToken = token.Length > 0 ? token : null,
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
