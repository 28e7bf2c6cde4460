using System.Globalization;
using System.Net;
using Hypr.Images;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>What a machine publishes at its start: its bindings, and with <c>-P</c> every exposed port.</summary>
internal static class PortPlan
{
    public static IReadOnlyList<PortRequest> Of(MachineConfig config, ImageConfig image)
    {
        var plan = config.PortBindings.Select(Parse).ToList();
        if (config.PublishAllPorts)
        {
            plan.AddRange(image.ExposedPorts.Concat(config.ExposedPorts).Distinct()
                .Where(exposed => !config.PortBindings.Any(b => Same(b.GuestPort, exposed)))
                .Select(exposed => Parse(new PortBinding(exposed, "", ""))));
        }

        return plan;
    }

    public static PortRequest Parse(PortBinding binding)
    {
        var (guest, protocol) = GuestPort(binding.GuestPort);
        IPAddress? ip = null;
        if (binding.HostIp.Length > 0 && !IPAddress.TryParse(binding.HostIp, out ip))
        {
            throw HyprException.Invalid($"invalid publish {binding.HostIp}:{binding.HostPort}:{binding.GuestPort}: {binding.HostIp} is not an IP address");
        }

        if (binding.HostPort is "" or "0")
        {
            return new PortRequest(ip, 0, 0, guest, protocol);
        }

        var (first, last) = Range(binding.HostPort)
            ?? throw HyprException.Invalid($"invalid host port {binding.HostPort}: a port from 1 to 65535 or a rising range such as 8000-8010 is due");
        return new PortRequest(ip, first, last, guest, protocol);
    }

    /// <summary><c>8080</c> or <c>8000-8010</c>; null when it is neither.</summary>
    public static (int First, int Last)? Range(string text)
    {
        var ends = text.Split('-');
        return ends.Length <= 2 && TryPort(ends[0], out var first) && TryPort(ends[^1], out var last) && last >= first ? (first, last) : null;
    }

    /// <param name="of">The whole, for the message.</param>
    public static PortProtocol ProtocolOf(string of, string word) => word.ToLowerInvariant() switch
    {
        "tcp" => PortProtocol.Tcp,
        "udp" => PortProtocol.Udp,
        "sctp" => PortProtocol.Sctp,
        var other => throw HyprException.Invalid($"invalid port {of}: unknown protocol {other}; tcp, udp and sctp are known"),
    };

    private static (int Port, PortProtocol Protocol) GuestPort(string text)
    {
        var parts = text.Split('/');
        if (parts.Length > 2 || !TryPort(parts[0], out var port))
        {
            throw HyprException.Invalid($"invalid port {text}: a port from 1 to 65535 with /tcp, /udp or /sctp is due");
        }

        return (port, parts.Length == 1 ? PortProtocol.Tcp : ProtocolOf(text, parts[1]));
    }

    private static bool Same(string a, string b) => GuestPort(a) == GuestPort(b);

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65535;
}
