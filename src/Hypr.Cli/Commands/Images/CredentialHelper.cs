using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Images;

/// <summary>A program that keeps logins (docker-credential-NAME, github.com/docker/docker-credential-helpers): asked on its stdin, it answers in JSON.</summary>
internal static class CredentialHelper
{
    /// <summary>It says so in these words, on stdout, with code 1: nobody logged in there.</summary>
    private const string NotFound = "credentials not found in native keychain";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>User and secret; null when it knows none. The user <c>&lt;token&gt;</c> says that the secret is an identity token.</summary>
    public static (string User, string Secret)? Get(string name, string server)
    {
        string program = "docker-credential-" + name;
        var start = new ProcessStartInfo(program, ["get"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Write(server);
            process.StandardInput.Close();
            var answer = process.StandardOutput.ReadToEndAsync();
            if (!answer.Wait(Patience) || !process.WaitForExit(Patience))
            {
                process.Kill();
                throw HyprException.Unavailable($"{program} does not answer for {server} within {Patience.TotalSeconds} s");
            }

            string text = answer.Result.Trim();
            if (process.ExitCode != 0)
                return text.Contains(NotFound, StringComparison.Ordinal) ? null : throw HyprException.Unavailable($"{program} gives no login for {server}: {text}");
            var json = JsonDocument.Parse(text).RootElement;
            return (json.Text("Username"), json.Text("Secret"));
        }
        catch (Win32Exception)
        {
            throw HyprException.NotFound($"{program} is not there, and ~/.docker/config.json names it for {server}: install it, or take it out of credHelpers or credsStore");
        }
        catch (JsonException)
        {
            throw HyprException.Unavailable($"{program} answers for {server} with what is not JSON");
        }
    }
}
