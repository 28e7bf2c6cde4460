using System.Globalization;
using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;

namespace Hypr.Cli.Commands.Machines;

/// <summary>
/// The networks of <c>run</c> and <c>create</c>: <c>--network</c> in both forms, and the options that speak of the first network.
/// </summary>
internal static class NetworkChoice
{
    /// <summary>Sets the request's network mode, to the first network's name, and the settings of each network.</summary>
    /// <exception cref="UsageException">A field is unknown or wrong, or a network comes twice.</exception>
    public static void Apply(CommandLine line, CreateContainerRequest request)
    {
        var settings = new Dictionary<string, EndpointSettings>();
        string? first = null;
        foreach (string network in line.All("network"))
        {
            var (name, endpoint) = network.Contains('=') ? LongForm(line, network) : (network, new EndpointSettings());
            if (name.Length == 0)
                throw new UsageException(line, "--network \"\": the name is empty. See hypr network ls");
            if (!settings.TryAdd(name, endpoint))
                throw new UsageException(line, $"--network {name}: given twice");
            first ??= name;
        }
        bool speaksOfFirst = line.Has("ip") || line.Has("ip6") || line.Has("mac-address") || line.Has("network-alias");
        if (first is null && speaksOfFirst)
            settings[first = "default"] = new EndpointSettings();
        if (first is null)
            return;
        if (speaksOfFirst)
            Merge(line, settings[first]);
        request.HostConfig!.NetworkMode = first;
        request.NetworkingConfig = new NetworkingConfig { EndpointsConfig = settings! };
    }

    private static void Merge(CommandLine line, EndpointSettings first)
    {
        if (line.Text("ip") is { } ip)
            (first.IpamConfig ??= new EndpointIpamConfig()).IPv4Address = Once(line, "ip", first.IpamConfig.IPv4Address, ip);
        if (line.Text("ip6") is { } ip6)
            (first.IpamConfig ??= new EndpointIpamConfig()).IPv6Address = Once(line, "ip6", first.IpamConfig.IPv6Address, ip6);
        if (line.Text("mac-address") is { } mac)
            first.MacAddress = Once(line, "mac-address", first.MacAddress, mac);
        if (line.Has("network-alias"))
            (first.Aliases ??= []).AddRange(line.All("network-alias"));
    }

    private static string Once(CommandLine line, string option, string? inLongForm, string value) =>
        inLongForm is null ? value : throw new UsageException(line, $"--{option} {value}: --network says {inLongForm} already");

    private static (string Name, EndpointSettings Settings) LongForm(CommandLine line, string text)
    {
        string name = "";
        var settings = new EndpointSettings();
        foreach (string field in text.Split(','))
        {
            string[] pair = field.Split('=', 2);
            if (pair.Length < 2)
                throw new UsageException(line, $"--network \"{text}\": \"{field}\" is not of the form key=value");
            string value = pair[1];
            switch (pair[0].ToLowerInvariant())
            {
                case "name": name = value; break;
                case "alias": (settings.Aliases ??= []).Add(value); break;
                case "ip": (settings.IpamConfig ??= new EndpointIpamConfig()).IPv4Address = value; break;
                case "ip6": (settings.IpamConfig ??= new EndpointIpamConfig()).IPv6Address = value; break;
                case "mac-address": settings.MacAddress = value; break;
                case "link-local-ip": ((settings.IpamConfig ??= new EndpointIpamConfig()).LinkLocalIPs ??= []).Add(value); break;
                case "driver-opt":
                    string[] option = value.Split('=', 2);
                    (settings.DriverOpts ??= [])[option[0]] = option.Length == 2 ? option[1] : "";
                    break;
                case "gw-priority":
                    settings.GwPriority = int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int priority)
                        ? priority
                        : throw new UsageException(line, $"--network \"{text}\": gw-priority \"{value}\" is no number");
                    break;
                case var key:
                    string near = Nearest.Of(key, Keys) is { } meant
                        ? $". Did you mean {meant}?"
                        : $". There are {string.Join(", ", Keys)}";
                    throw new UsageException(line, $"--network \"{text}\": unknown key {key}{near}");
            }
        }
        return name.Length > 0 ? (name, settings) : throw new UsageException(line, $"--network \"{text}\": name= is missing");
    }

    private static readonly string[] Keys = ["name", "alias", "ip", "ip6", "mac-address", "link-local-ip", "driver-opt", "gw-priority"];
}
