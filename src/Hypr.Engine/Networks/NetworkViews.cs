using Hypr.Network.Endpoints;
using Hypr.Network.Networks;

namespace Hypr.Engine.Networks;

/// <summary>A machine's endpoint with its network.</summary>
public sealed record AttachedNetwork(VmNetwork Network, Endpoint Endpoint);

/// <summary>A network with what is on it: inspect.</summary>
public sealed record NetworkView(VmNetwork Network, IReadOnlyList<Endpoint> Endpoints, IReadOnlyList<SubnetUsage> Usage);
