namespace Hypr.Guest.Protocol;

/// <summary>
/// The other side sent what the protocol does not allow: a length beyond its bound, more than its credit, a message that ends too early. The host closes the
/// connection; the agent ignores everything up to the next reset.
/// </summary>
public sealed class ProtocolException(string message) : Exception(message);
