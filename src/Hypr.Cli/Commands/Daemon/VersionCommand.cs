using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;
using Hypr.Cli.Templates;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Daemon;

/// <summary><c>hypr version</c>: of the client, and of the daemon where it answers.</summary>
internal static class VersionCommand
{
    public static readonly CommandSpec Command = new("version", "Show the version information of the client and the daemon")
    {
        Options = [Option.Text("format", 'f', "Format output: json, or a Go template")],
        Examples = [("hypr version", ""), ("hypr version -f '{{.Server.Version}}'", "the daemon's alone")],
        Run = Run,
    };

    private static int Run(CommandLine line, Session session)
    {
        string? format = line.Text("format");
        var template = format is null or "" or "json" ? null : Template.Parse(format);
        JsonElement server = default;
        HyprException? noServer = null;
        try
        {
            server = session.Api.Get(new Query("version"));
        }
        catch (HyprException e) when (e.Kind == ErrorKind.Unavailable)
        {
            noServer = e;
        }
        if (format is null or "")
            session.Io.Write(Text(session, server));
        else
        {
            var both = Both(server);
            session.Io.WriteLine(template is null ? JsonText.Compact(both) : template.Render(both));
        }
        return noServer is null ? 0 : throw noServer;
    }

    private static JsonElement Both(JsonElement server)
    {
        var both = new JsonObject
        {
            ["Client"] = new JsonObject
            {
                ["Version"] = App.Version,
                ["ApiVersion"] = server.Text("ApiVersion"),
                ["Os"] = OperatingSystem.IsMacOS() ? "darwin" : "linux",
                ["Arch"] = Architecture(),
            },
            ["Server"] = server.ValueKind == JsonValueKind.Undefined ? null : JsonNode.Parse(server.GetRawText()),
        };
        return JsonDocument.Parse(both.ToJsonString()).RootElement;
    }

    private static string Architecture() => RuntimeInformation.ProcessArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        var other => other.ToString().ToLowerInvariant(),
    };

    private static string Text(Session session, JsonElement server)
    {
        var text = new StringBuilder("Client: HYPR\n");
        Add("Version", App.Version);
        Add("OS/Arch", $"{(OperatingSystem.IsMacOS() ? "darwin" : "linux")}/{Architecture()}");
        Add("Host", "unix://" + session.Api.Host.SocketPath);
        if (server.ValueKind == JsonValueKind.Undefined)
            return text.ToString();
        text.Append($"\nServer: {(server.Text("Platform", "Name") is { Length: > 0 } name ? name : "hyprd")}\n");
        Add("Version", server.Text("Version"));
        Add("API version", $"{server.Text("ApiVersion")} (minimum version {server.Text("MinAPIVersion")})");
        Add("OS/Arch", $"{server.Text("Os")}/{server.Text("Arch")}");
        Add("Kernel", server.Text("KernelVersion"));
        Add("Built", server.Text("BuildTime"));
        foreach (var component in server.Items("Components").Where(c => c.Text("Name") is not ("Engine" or "hyprd")))
            text.Append($" {component.Text("Name")}:\n  {"Version:",-17}{component.Text("Version")}\n");
        return text.ToString();

        void Add(string name, string value)
        {
            if (value.Length > 0)
                text.Append($" {name + ":",-18}{value}\n");
        }
    }
}
