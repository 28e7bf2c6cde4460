using Hypr.Api.Contracts;
using Hypr.Daemon.Http;
using Hypr.Images;
using Hypr.Primitives;

namespace Hypr.Daemon.Endpoints.Images;

/// <summary>POST /auth: tries a login at its registry. The client keeps it, and sends it with each pull.</summary>
internal static class LoginEndpoint
{
    public static void Map(Router routes) => routes.Map("POST", "/auth", RunAsync);

    private static async Task RunAsync(ApiCall call)
    {
        var auth = await call.ReadAsync(HyprJson.Wire.AuthConfig);
        if (string.IsNullOrEmpty(auth.Username) && string.IsNullOrEmpty(auth.IdentityToken))
        {
            throw HyprException.Invalid("no user is named: username and password are due");
        }

        var token = await call.Engine.LoginAsync(auth.ServerAddress ?? "", new RegistryCredentials(auth.Username, auth.Password, auth.IdentityToken), call.Aborted);
        await call.JsonAsync(new AuthResponse { Status = "Login Succeeded", IdentityToken = token ?? "" }, HyprJson.Wire.AuthResponse);
    }
}
