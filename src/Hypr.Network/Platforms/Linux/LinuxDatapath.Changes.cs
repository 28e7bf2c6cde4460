using Hypr.Linux;
using Hypr.Network.Platforms.Linux.Links;
using Hypr.Network.Platforms.Linux.Rules;
using Hypr.Network.Ports;
using Hypr.Primitives;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Network.Platforms.Linux;

/// <summary>The changes that IDatapath offers, each on the datapath's thread.</summary>
public sealed partial class LinuxDatapath
{
    private void Start(DatapathState desired)
    {
        _model.Networks.Clear();
        _model.Endpoints.Clear();
        _model.ClearPorts();
        _model.Taken.Clear();
        foreach (var network in desired.Networks)
            _model.Networks.Add(network.Id, network);
        foreach (var endpoint in desired.Endpoints)
            _model.Endpoints.Add(endpoint.Id, new AttachedEndpoint(endpoint, endpoint.Tap));
        foreach (var (machine, ports) in desired.Ports)
            _model.SetPorts(machine, ports);

        EnsureForwarding();
        foreach (var network in _model.Networks.Values)
        {
            try
            {
                _bridges.Ensure(network, out _);
            }
            catch (HyprException e)
            {
                // One network that cannot be there must not keep all others away.
                Note($"network {network.Id}", e.Message);
                LogWarning(_log, e.Message);
            }
        }

        RebuildRules();
        foreach (var attached in _model.Endpoints.Values.ToList())
            EnsureTap(attached, []);
        Sweep();
        WriteSettings();
        TellFirewalld();
    }

    private void AddNetwork(DatapathNetwork network)
    {
        if (_model.Networks.Values.FirstOrDefault(n => n.Bridge == network.Bridge && n.Id != network.Id) is { } other)
            throw HyprException.Conflict($"network {network.Name} cannot have the bridge {network.Bridge}: it is network {other.Name}'s");
        var before = _model.Networks.GetValueOrDefault(network.Id);
        var existed = _netlink.Links.Find(network.Bridge) is not null && !_remover.IsDoomed(network.Bridge);
        _model.Networks[network.Id] = network;
        try
        {
            // IPv6 forwarding goes on before the bridge has its address, or the address would not be the router's.
            EnsureForwarding();
            _bridges.Ensure(network, out _);
            _rules.Set(DatapathModel.OwnerOf(network), RuleElement.Of(network));
            TellFirewalld();
            SettleSoon();
        }
        catch
        {
            if (before is null)
                _model.Networks.Remove(network.Id);
            else
                _model.Networks[network.Id] = before;
            try
            {
                if (!existed)
                    _bridges.Remove(network);
            }
            catch (LinuxException)
            {
                // It bears our mark and is nobody's: it goes with the next comparison.
            }

            throw;
        }
    }

    private void RemoveNetwork(string id)
    {
        if (!_model.Networks.TryGetValue(id, out var network))
            return;
        if (_model.Endpoints.Values.FirstOrDefault(e => e.Endpoint.NetworkId == id) is { } attached)
            throw HyprException.Forbidden($"network {network.Name} has endpoints: machine {ObjectId.Short(attached.Endpoint.MachineId)}");
        _bridges.Remove(network);
        _rules.Set(DatapathModel.OwnerOf(network), []);
        RedirectNames(id, []);
        _model.Networks.Remove(id);
        _notes.TryRemove($"network {id}", out _);
        TellFirewalld();
        SettleSoon();
    }

    /// <summary>At once, though nothing waits for it: a machine that starts on the network wants its DNS.</summary>
    private void TellFirewalld() => _firewalld?.Want([.. _model.Networks.Values.Select(static n => n.Bridge)]);

    private DatapathLink Attach(DatapathEndpoint endpoint)
    {
        var network = _model.Networks.GetValueOrDefault(endpoint.NetworkId)
            ?? throw HyprException.NotFound($"no network {ObjectId.Short(endpoint.NetworkId)} is there to attach to");
        if (_model.Endpoints.TryGetValue(endpoint.Id, out var known) && known.Tap is { } has && _netlink.Links.Find(has) is not null)
            throw HyprException.Conflict($"machine {ObjectId.Short(endpoint.MachineId)} is attached to network {network.Name} already, by {has}");
        if (endpoint.Tap is { } existing && _netlink.Links.Find(existing) is null)
            throw HyprException.NotFound($"there is no {existing} to attach to network {network.Name}");

        string name;
        SafeFileHandle queue;
        if (endpoint.Tap is null)
            queue = _taps.Create(_model.TapsInUse(), out name);
        else
            (name, queue) = (endpoint.Tap, new SafeFileHandle());
        try
        {
            // The rules come first: no frame passes the bridge unwatched.
            var bridge = _netlink.Links.IndexOf(network.Bridge);
            _rules.Set(DatapathModel.OwnerOf(endpoint), RuleElement.Of(endpoint, network, name));
            _taps.Join(name, bridge, endpoint, network, NeedsHairpin(endpoint.MachineId));
            _model.Endpoints[endpoint.Id] = new AttachedEndpoint(endpoint, name);
            return new DatapathLink(name, queue);
        }
        catch
        {
            queue.Dispose();
            try
            {
                _rules.Set(DatapathModel.OwnerOf(endpoint), []);
            }
            catch (LinuxException)
            {
                // They are taken away with the next comparison.
            }

            throw;
        }
    }

    private void Detach(string id)
    {
        if (!_model.Endpoints.Remove(id, out var attached))
            return;
        // Each part whatever becomes of the others: what is left of one would be in the way of the next that has its name or address.
        List<Exception> failed = [];
        if (attached.Tap is { } tap)
            Try(() => _taps.Remove(tap, attached.Endpoint));
        Try(() => _rules.Set(DatapathModel.OwnerOf(attached.Endpoint), []));
        foreach (var address in attached.Endpoint.Addresses)
            Try(() => _conntrack.RemoveAddress(address));
        if (failed.Count > 0)
            throw failed[0];

        void Try(Action part)
        {
            try
            {
                part();
            }
            catch (LinuxException e)
            {
                failed.Add(e);
            }
        }
    }

    private void Publish(string machineId, IReadOnlyList<DatapathPort> ports)
    {
        if (_model.Holder(machineId, ports) is var (holder, port))
        {
            throw HyprException.Conflict(
                $"port {port.HostPort}/{port.Protocol.ToString().ToLowerInvariant()} of {port.HostIp} is published by machine {ObjectId.Short(holder)} already");
        }

        var before = _model.Ports.GetValueOrDefault(machineId, []);
        // The books first: whoever asks knows what was before, and what the kernel has not now it gets with the next comparison.
        _model.SetPorts(machineId, ports);
        _rules.Set(DatapathModel.PortsOwner(machineId), _model.ElementsOf(ports));

        // A UDP flow that goes on keeps the way that conntrack chose at its first datagram: to the host itself, or to the machine that had the port before.
        var (old, now) = (Flows(before), Flows(ports));
        if (old.Count + now.Count > 0)
            _conntrack.RemovePorts(RuleElement.NumberOf(PortProtocol.Udp), old.Except(now).Concat(now.Except(old)).Select(static p => (p.HostIp, p.HostPort)).ToHashSet());

        // The kernel's setting is read from a file: only where the first port comes or the last one goes.
        if ((before.Count > 0) == (ports.Count > 0))
            return;
        var taps = _model.Endpoints.Values.Where(e => e.Endpoint.MachineId == machineId && e.Tap is not null).Select(static e => e.Tap!).ToList();
        if (taps.Count > 0 && Taps.BridgeCallsNetfilter())
            taps.ForEach(tap => _taps.SetHairpin(tap, ports.Count > 0));
    }

    private static List<DatapathPort> Flows(IEnumerable<DatapathPort> ports) => [.. ports.Where(static p => p is { Protocol: PortProtocol.Udp, HostPort: not 0 })];

    private void RedirectNames(string networkId, IReadOnlyList<TakenPort> taken)
    {
        _rules.Set(DatapathModel.NamesOwner(networkId), [.. taken.Select(RuleElement.Of)]);
        if (taken.Count == 0)
            _model.Taken.Remove(networkId);
        else
            _model.Taken[networkId] = [.. taken];
    }

    private bool NeedsHairpin(string machineId) => _model.Publishes(machineId) && Taps.BridgeCallsNetfilter();

    private void EnsureForwarding()
    {
        foreach (var was in _forwarding.Ensure(_model.WantsIPv6))
        {
            var text = $"forwarding was switched on: {was}";
            Note(was, text);
            LogWarning(_log, text);
        }
    }

    private void RebuildRules()
    {
        _rules.ForgetAll();
        foreach (var network in _model.Networks.Values)
            _rules.Remember(DatapathModel.OwnerOf(network), RuleElement.Of(network));
        foreach (var (endpoint, tap) in _model.Endpoints.Values)
        {
            if (tap is not null && _model.Networks.TryGetValue(endpoint.NetworkId, out var network))
                _rules.Remember(DatapathModel.OwnerOf(endpoint), RuleElement.Of(endpoint, network, tap));
        }

        foreach (var (network, taken) in _model.Taken)
            _rules.Remember(DatapathModel.NamesOwner(network), [.. taken.Select(RuleElement.Of)]);
        foreach (var (machine, ports) in _model.Ports)
            _rules.Remember(DatapathModel.PortsOwner(machine), _model.ElementsOf(ports));
        _rules.Rebuild();
    }

    /// <summary>Puts a TAP that a VMM holds back to where it belongs. One that has gone cannot be made again: its queue went with it.</summary>
    private void EnsureTap(AttachedEndpoint attached, List<string> done)
    {
        if (attached.Tap is not { } tap || !_model.Networks.TryGetValue(attached.Endpoint.NetworkId, out var network))
            return;
        if (_netlink.Links.Find(tap) is not { } link || _netlink.Links.Find(network.Bridge) is not { } bridge || _remover.IsDoomed(tap))
            return;
        if (Taps.IsJoined(link, bridge.Index, network))
            return;
        try
        {
            _taps.Join(tap, bridge.Index, attached.Endpoint, network, NeedsHairpin(attached.Endpoint.MachineId));
            done.Add(link.Master == bridge.Index ? $"{tap} was changed" : $"{tap} was not on {network.Bridge}");
        }
        catch (LinuxException e) when (e.Errno == Errno.ENODEV)
        {
            // Its VMM ended at this moment.
        }
    }

    /// <summary>Removes links that bear our mark and are nobody's.</summary>
    private void Sweep()
    {
        var bridges = _model.Networks.Values.Select(static n => n.Bridge).ToHashSet();
        var taps = _model.TapsInUse();
        foreach (var link in _netlink.Links.List())
        {
            // What an endpoint uses stays, whatever kind of link it looks like.
            if (taps.Contains(link.Name))
                continue;
            if ((OurLinks.IsBridge(link) && !bridges.Contains(link.Name)) || OurLinks.IsTap(link) || (OurLinks.IsCarrier(link) && !_settings.KeepCarrier))
                _remover.Remove(link);
        }
    }
}
