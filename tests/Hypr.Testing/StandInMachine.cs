using System.Net;
using Hypr.Linux.Netlink;
using Hypr.Linux.Sysctl;
using Hypr.Linux.Tap;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Testing;

/// <summary>
/// Stands in for a VM: a namespace whose NICs are TAPs, joined by <see cref="FramePump"/> to the host's TAP queues, so that the host side is exactly what a VM
/// has. Nobody restrains what it sends.
/// </summary>
public sealed class StandInMachine : IDisposable
{
    private readonly Dictionary<string, FramePump> _nics = [];

    /// <param name="space">Becomes this machine's: disposed with it.</param>
    public StandInMachine(TestNamespace space) => Space = space;

    public TestNamespace Space { get; }

    /// <summary>Plugs the host's TAP queue in as a NIC that is up.</summary>
    public void Plug(string nic, SafeFileHandle queue, byte[] mac, IEnumerable<(IPAddress Address, int Prefix)> addresses, params IPAddress[] gateways)
    {
        var own = Space.Run(() =>
        {
            var tap = TapDevice.Create(nic);
            // The guest's agent does the same: a port in hairpin mode echoes the solicitation, which would look like a duplicate.
            if (KernelSetting.TryRead($"net.ipv6.conf.{nic}.accept_dad") is not null)
                KernelSetting.Write($"net.ipv6.conf.{nic}.accept_dad", "0");
            return tap;
        });
        _nics.Add(nic, new FramePump(queue, own));
        Space.Netlink.Links.Set(nic, new LinkSettings { Mac = mac });
        Space.Netlink.Links.Set(nic, new LinkSettings { Up = true });
        foreach (var (address, prefix) in addresses)
            LabNetwork.Address(Space, nic, address, prefix);
        foreach (var gateway in gateways)
            LabNetwork.Route(Space, gateway.GetAddressBytes().Length == 4 ? "0.0.0.0/0" : "::/0", gateway);
    }

    public void Unplug(string nic)
    {
        if (_nics.Remove(nic, out var pump))
            pump.Dispose();
    }

    public void Dispose()
    {
        foreach (var pump in _nics.Values)
            pump.Dispose();
        Space.Dispose();
    }
}
