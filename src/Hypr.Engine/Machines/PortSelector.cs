using System.Net;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>Published ports as a person names them: <c>8081</c>, <c>8081/udp</c>, <c>127.0.0.1:8081</c>, <c>[::1]:8000-8010/tcp</c>.</summary>
/// <param name="HostIp">Null: whatever address they are on.</param>
internal sealed record PortSelector(string Text, IPAddress? HostIp, int First, int Last, PortProtocol Protocol)
{
    public static PortSelector Parse(string text)
    {
        var rest = text;
        var protocol = PortProtocol.Tcp;
        if (text.IndexOf('/') is >= 0 and var slash)
        {
            rest = text[..slash];
            protocol = PortPlan.ProtocolOf(text, text[(slash + 1)..]);
        }

        IPAddress? address = null;
        var colon = rest.LastIndexOf(':');
        if (colon >= 0 && !IPAddress.TryParse(rest[..colon].TrimStart('[').TrimEnd(']'), out address))
        {
            throw Bad(text, $"{rest[..colon]} is not an IP address");
        }

        var (first, last) = PortPlan.Range(rest[(colon + 1)..]) ?? throw Bad(text, "a port from 1 to 65535 or a rising range such as 8000-8010 is due");
        return new PortSelector(text, address, first, last, protocol);
    }

    public bool Has(int port) => port >= First && port <= Last;

    public bool Matches(PublishedPort port) => Has(port.HostPort) && port.Protocol == Protocol && (HostIp is null || HostIp.Equals(port.HostIp));

    public override string ToString() => Text;

    private static HyprException Bad(string text, string why) =>
        HyprException.Invalid($"invalid published port {text}: {why}. Write [IP:]HOST_PORT[/PROTOCOL], as 8081, 127.0.0.1:8081 or 53/udp");
}
