using System.Text;
using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;
using Hypr.Cli.Templates;

namespace Hypr.Cli.Commands.Daemon;

/// <summary><c>hypr info</c></summary>
internal static class InfoCommand
{
    public static readonly CommandSpec Command = new("info", "Display system-wide information")
    {
        Options = [Option.Text("format", 'f', "Format output: json, or a Go template")],
        Examples = [("hypr info", "VMs, images, the VMM and whether KVM works"), ("hypr info -f '{{.NCPU}}'", "one value")],
        Run = Run,
    };

    private static int Run(CommandLine line, Session session)
    {
        string? format = line.Text("format");
        var template = format is null or "" or "json" ? null : Template.Parse(format);
        var info = session.Api.Get(new Query("info"));
        session.Io.Write(template is not null
            ? template.Render(info) + "\n"
            : format == "json" ? JsonText.Compact(info) + "\n" : Text(info));
        foreach (var warning in format is null or "" ? info.Items("Warnings") : [])
            session.Io.WriteError(warning.GetString()!);
        return 0;
    }

    private static string Text(JsonElement info)
    {
        var text = new StringBuilder();
        Add(0, "VMs", info.Text("Containers"));
        Add(1, "Running", info.Text("ContainersRunning"));
        Add(1, "Paused", info.Text("ContainersPaused"));
        Add(1, "Stopped", info.Text("ContainersStopped"));
        Add(0, "Images", info.Text("Images"));
        Add(0, "Server Version", info.Text("ServerVersion"));
        Add(0, "Storage Driver", info.Text("Driver"));
        foreach (var pair in info.Items("DriverStatus").Where(p => p.GetArrayLength() == 2))
            Add(1, pair[0].GetString()!, pair[1].GetString()!);
        Add(0, "Logging Driver", info.Text("LoggingDriver"));
        Add(0, "Networks", string.Join(' ', info.Items("Plugins", "Network").Select(n => n.GetString())));
        Add(0, "Default Runtime", info.Text("DefaultRuntime"));
        Add(0, "Kernel Version", info.Text("KernelVersion"));
        Add(0, "Operating System", info.Text("OperatingSystem"));
        Add(0, "OSType", info.Text("OSType"));
        Add(0, "Architecture", info.Text("Architecture"));
        Add(0, "CPUs", info.Text("NCPU"));
        Add(0, "Total Memory", info.Number("MemTotal") is > 0 and var bytes ? Sizes.HumanBinary(bytes) : "");
        Add(0, "Name", info.Text("Name"));
        Add(0, "ID", info.Text("ID"));
        Add(0, "Data Directory", info.Text("DockerRootDir"));
        Add(0, "HTTP Proxy", info.Text("HttpProxy"));
        Add(0, "HTTPS Proxy", info.Text("HttpsProxy"));
        Add(0, "No Proxy", info.Text("NoProxy"));
        AddList("Labels", info.Items("Labels").Select(l => l.GetString()!));
        AddList("Insecure Registries", info.Items("RegistryConfig", "InsecureRegistryCIDRs").Select(c => c.GetString()!));
        AddList("Registry Mirrors", info.Items("RegistryConfig", "Mirrors").Select(m => m.GetString()!));
        AddList("Default Address Pools", info.Items("DefaultAddressPools").Select(p => $"Base: {p.Text("Base")}, Size: {p.Text("Size")}"));
        return text.ToString();

        void Add(int depth, string name, string value)
        {
            if (value.Length > 0)
                text.Append(' ', depth).Append(name).Append(": ").Append(value).Append('\n');
        }

        void AddList(string name, IEnumerable<string> values)
        {
            string[] all = values.ToArray();
            if (all.Length > 0)
                text.Append(name).Append(":\n").Append(string.Concat(all.Select(v => $" {v}\n")));
        }
    }
}
