using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Hypr.Api.Contracts;
using Hypr.Images;
using Hypr.Primitives;

namespace Hypr.Daemon.Endpoints.Images;

/// <summary>X-Registry-Auth: the JSON of <see cref="AuthConfig"/> in base64url; old clients write plain base64.</summary>
internal static class RegistryAuth
{
    /// <summary>Null: anonymous.</summary>
    public static RegistryCredentials? Parse(string? header)
    {
        if (string.IsNullOrEmpty(header))
        {
            return null;
        }

        AuthConfig? auth;
        try
        {
            auth = JsonSerializer.Deserialize(Base64Url.DecodeFromChars(header.Replace('+', '-').Replace('/', '_')), HyprJson.Wire.AuthConfig);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw HyprException.Invalid("X-Registry-Auth is not base64url of a JSON object");
        }

        if (auth is null)
        {
            return null;
        }

        var (user, password) = (auth.Username, auth.Password);
        if (string.IsNullOrEmpty(user) && auth.Auth is { Length: > 0 } joined && Basic(joined) is { } pair)
        {
            (user, password) = pair;
        }

        return string.IsNullOrEmpty(user) && string.IsNullOrEmpty(auth.IdentityToken) ? null : new RegistryCredentials(user, password, auth.IdentityToken);
    }

    private static (string, string)? Basic(string joined)
    {
        var bytes = new byte[joined.Length];
        if (!Convert.TryFromBase64String(joined, bytes, out var length))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(bytes, 0, length).TrimEnd('\0');
        var colon = text.IndexOf(':');
        return colon < 0 ? null : (text[..colon], text[(colon + 1)..]);
    }
}
