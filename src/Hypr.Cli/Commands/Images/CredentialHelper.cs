using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Images;

/// <summary>A program that keeps logins (docker-credential-NAME, github.com/docker/docker-credential-helpers): asked on its stdin, it answers in JSON.</summary>
internal static class CredentialHelper
{
    /// <summary>It says so in these words, on stdout, with code 1: nobody logged in there.</summary>
    private const string NotFound = "credentials not found in native keychain";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Null when it knows none.</summary>
    public static Credentials? Get(string name, string server)
    {
        var (code, text) = Ask(name, "get", server, server);
        if (code != 0)
            return text.Contains(NotFound, StringComparison.Ordinal) ? null : throw Failed(name, server, "gives no login", text);
        try
        {
            var json = JsonDocument.Parse(text).RootElement;
            // This user says that the secret is an identity token.
            string user = json.Text("Username");
            return user == "<token>" ? new Credentials("", json.Text("Secret"), IsToken: true) : new Credentials(user, json.Text("Secret"), IsToken: false);
        }
        catch (JsonException)
        {
            throw HyprException.Unavailable($"{Program(name)} answers for {server} with what is not JSON");
        }
    }

    public static void Store(string name, string server, Credentials login)
    {
        var request = new JsonObject { ["ServerURL"] = server, ["Username"] = login.IsToken ? "<token>" : login.User, ["Secret"] = login.Secret };
        var (code, text) = Ask(name, "store", server, request.ToJsonString());
        if (code != 0)
            throw Failed(name, server, "does not keep the login", text);
    }

    /// <summary>False: it knew none.</summary>
    public static bool Erase(string name, string server)
    {
        bool known = Get(name, server) is not null;
        var (code, text) = Ask(name, "erase", server, server);
        return code == 0 || !known ? known : throw Failed(name, server, "does not forget the login", text);
    }

    private static string Program(string name) => "docker-credential-" + name;

    private static HyprException Failed(string name, string server, string what, string why) => HyprException.Unavailable($"{Program(name)} {what} for {server}: {why}");

    private static (int Code, string Output) Ask(string name, string verb, string server, string input)
    {
        string program = Program(name);
        var start = new ProcessStartInfo(program, [verb]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        try
        {
            using var process = Process.Start(start)!;
            try
            {
                process.StandardInput.Write(input);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It did not read to the end; its answer says why.
            }
            var answer = process.StandardOutput.ReadToEndAsync();
            if (answer.Wait(Patience) && process.WaitForExit(Patience))
                return (process.ExitCode, answer.Result.Trim());
            process.Kill();
            throw HyprException.Unavailable($"{program} does not answer for {server} within {Patience.TotalSeconds} s");
        }
        catch (Win32Exception)
        {
            throw HyprException.NotFound($"{program} is not there, and ~/.docker/config.json names it for {server}: install it, or take it out of credHelpers or credsStore");
        }
    }
}
