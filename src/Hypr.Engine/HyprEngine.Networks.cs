using System.Net;
using Hypr.Engine.Machines;
using Hypr.Engine.Networks;
using Hypr.Engine.Volumes;
using Hypr.Network.Networks;
using Hypr.Network.Ports;

namespace Hypr.Engine;

/// <summary>Networks, published ports and volumes.</summary>
public sealed partial class HyprEngine
{
    public IReadOnlyList<NetworkView> Networks() => _networkCases.All();

    public NetworkView Network(string nameOrId) => _networkCases.View(nameOrId);

    public IReadOnlyList<Hypr.Dns.DnsRecord> Names(string network) => _networkCases.Names(network);

    public Task<NetworkCreated> CreateNetworkAsync(NetworkSpec spec, CancellationToken cancel) => _networkCases.CreateAsync(spec, cancel);

    public Task RemoveNetworkAsync(string nameOrId, bool force, CancellationToken cancel) => _networkCases.RemoveAsync(nameOrId, force, cancel);

    public Task<IReadOnlyList<string>> PruneNetworksAsync(Func<VmNetwork, bool> matches, CancellationToken cancel) => _networkCases.PruneAsync(matches, cancel);

    public Task ConnectAsync(string network, string machine, NetworkAttachment settings, CancellationToken cancel) =>
        _networkCases.ConnectAsync(network, machine, settings, cancel);

    public Task DisconnectAsync(string network, string machine, bool force, CancellationToken cancel) =>
        _networkCases.DisconnectAsync(network, machine, force, cancel);

    public Task<IReadOnlyList<PublishedPort>> PublishAsync(string nameOrId, IReadOnlyList<PortBinding> bindings, CancellationToken cancel) =>
        _ports.AddAsync(nameOrId, bindings, cancel);

    public Task<IReadOnlyList<PublishedPort>> UnpublishAsync(string nameOrId, IReadOnlyList<string> published, CancellationToken cancel) =>
        _ports.RemoveAsync(nameOrId, published, cancel);

    public Task<IReadOnlyList<PortProbe>> ProbePortsAsync(string nameOrId, string? published, IPAddress? from, CancellationToken cancel) =>
        _ports.ProbeAsync(nameOrId, published, from, cancel);

    public IReadOnlyList<VolumeView> Volumes() => _volumes.All();

    public VolumeView Volume(string name) => _volumes.View(name);

    public Task<VolumeView> CreateVolumeAsync(VolumeSpec spec, CancellationToken cancel) => _volumes.CreateAsync(spec, cancel);

    public Task RemoveVolumeAsync(string name, bool force, CancellationToken cancel) => _volumes.RemoveAsync(name, force, cancel);

    public Task<(IReadOnlyList<string> Names, long Bytes)> PruneVolumesAsync(Func<Volume, bool> matches, CancellationToken cancel) =>
        _volumes.PruneAsync(matches, cancel);
}
