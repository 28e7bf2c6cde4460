using Hypr.Compose.Model;

namespace Hypr.Compose.Load;

/// <summary>Of a service: the networks it joins and the ports it publishes.</summary>
internal sealed class NetworkBinder(Problems problems)
{
    public List<ServiceNetwork> Networks(Fields f, string service)
    {
        if (f.Text("network_mode") is not null)
        {
            if (f.Node("networks") is not null)
            {
                problems.Error(f.Place("network_mode"), $"services.{service}: network_mode and networks exclude each other");
            }

            return [];
        }

        if (f.Mapping("networks") is not { Entries.Count: > 0 } networks)
        {
            return [new ServiceNetwork("default", f.At)];
        }

        return [.. networks.Entries.Select(e => Network(service, e))];
    }

    private ServiceNetwork Network(string service, Entry entry)
    {
        if (entry.Value is not Mapping m)
        {
            if (entry.Value is not Scalar { IsNull: true })
            {
                problems.Error(entry.Value.At, $"services.{service}.networks.{entry.Key} is {entry.Value.Kind}; a mapping or nothing is due");
            }

            return new ServiceNetwork(entry.Key, entry.At);
        }

        var f = new Fields(m, $"services.{service}.networks.{entry.Key}", problems);
        var network = new ServiceNetwork(entry.Key, entry.At)
        {
            Aliases = f.List("aliases"),
            IPv4Address = f.Text("ipv4_address"),
            IPv6Address = f.Text("ipv6_address"),
            MacAddress = f.Text("mac_address"),
            Priority = f.Number("priority") ?? 0,
            GwPriority = f.Number("gw_priority") ?? 0,
            InterfaceName = f.Text("interface_name"),
            DriverOpts = f.Map("driver_opts"),
        };
        f.WarnOfTheRest();
        return network;
    }

    public ServicePort? Port(string service, Mapping m)
    {
        var f = new Fields(m, $"services.{service}.ports", problems);
        var target = f.Number("target", 1, 65535);
        var port = new ServicePort(target ?? 0, f.Text("published") ?? "", f.Text("host_ip"), f.Text("protocol") ?? "tcp", m.At);
        f.Ignore("mode", "name", "app_protocol");
        f.WarnOfTheRest();
        if (target is null)
        {
            problems.Error(m.At, $"services.{service}.ports: a target port from 1 to 65535 is due");
        }

        if (port.Protocol is not ("tcp" or "udp" or "sctp"))
        {
            problems.Error(m.At, $"services.{service}.ports: the protocol '{port.Protocol}' is unknown; tcp, udp and sctp are known");
        }

        return target is null ? null : port;
    }
}
