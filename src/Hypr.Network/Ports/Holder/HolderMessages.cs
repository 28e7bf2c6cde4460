using System.Text.Json.Serialization;

namespace Hypr.Network.Ports.Holder;

/// <summary>
/// What hyprd says to the port holder: one JSON object a line on its socket, each answered by one line. A holder may be older or newer than hyprd: fields are only
/// ever added.
/// </summary>
internal sealed record HolderRequest
{
    /// <summary><c>reserve</c>, <c>release</c>, <c>keep</c>, <c>exit</c>.</summary>
    public required string Do { get; init; }
    public string Owner { get; init; } = "";
    public IReadOnlyList<HeldPort> Ports { get; init; } = [];

    /// <summary>For <c>keep</c>.</summary>
    public IReadOnlyList<string> Owners { get; init; } = [];
}

/// <param name="Target">Where connections are carried to in user space, <c>10.88.0.2:80</c>; null: the port is only held.</param>
internal sealed record HeldPort(string Address, int Port, PortProtocol Protocol, string? Target);

internal sealed record HolderAnswer
{
    public HeldPort? Refused { get; init; }
    public string? Reason { get; init; }
    public int HolderPid { get; init; }
    public string? HolderName { get; init; }

    /// <summary>The request could not be done at all.</summary>
    public string? Error { get; init; }
}

[JsonSourceGenerationOptions(UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(HolderRequest))]
[JsonSerializable(typeof(HolderAnswer))]
internal sealed partial class HolderJson : JsonSerializerContext;
