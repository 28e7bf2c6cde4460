using System.Globalization;
using System.Net;
using Hypr.Api.Contracts;
using Hypr.Daemon.Http;
using Hypr.Network.Ports;
using Hypr.Primitives;

namespace Hypr.Daemon.Endpoints.Containers;

/// <summary>HYPR's own: which rule of the host stops clients from a VM's published ports. <c>port</c>: by the host's number; <c>from</c>: a client's address.</summary>
internal static class PortChecks
{
    public static async Task RunAsync(ApiCall call)
    {
        IPAddress? from = null;
        if (call.Query("from") is { Length: > 0 } text && !IPAddress.TryParse(text, out from))
        {
            throw HyprException.Invalid($"invalid client address {text}: an IP address such as 192.0.2.7 is due");
        }

        var found = await call.Engine.ProbePortsAsync(call.Name, call.Query("port") is { Length: > 0 } port ? port : null, from, call.Aborted);
        await call.JsonAsync([.. found.Select(Check)], HyprJson.Wire.ListPortCheck);
    }

    private static PortCheck Check(PortProbe probe) => new()
    {
        Port = $"{probe.Port.GuestPort.ToString(CultureInfo.InvariantCulture)}/{EndpointViews.Word(probe.Port.Protocol)}",
        HostIp = probe.Port.HostIp.ToString(),
        HostPort = probe.Port.HostPort == 0 ? "" : probe.Port.HostPort.ToString(CultureInfo.InvariantCulture),
        Target = $"{probe.Guest}",
        Vm = probe.Answer switch
        {
            GuestAnswer.Listens => "listens",
            GuestAnswer.Refuses => "refuses",
            GuestAnswer.Silent => "silent",
            _ => "unknown",
        },
        Ways = [.. probe.Ways.Select(w => new PortWay { Link = w.Link, From = $"{w.From}", To = $"{w.To}", State = State(w.End), By = w.By })],
    };

    private static string State(ProbeEnd end) => end switch
    {
        ProbeEnd.Arrives => "open",
        ProbeEnd.Dropped => "dropped",
        ProbeEnd.Astray => "astray",
        ProbeEnd.HostOnly => "host-only",
        _ => "lost",
    };
}
