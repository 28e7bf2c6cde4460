using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hypr.Api.Contracts;

/// <summary>
/// The JSON of Docker's API. Names are matched without regard to case, as Go's decoder does; an unknown member is skipped; a null property is left out, but where
/// Docker writes <c>null</c>. Properties have setters, not <c>init</c>: the source generator would drop the default of an <c>init</c> property that is missing.
/// </summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(ErrorMessage))]
[JsonSerializable(typeof(VersionInfo))]
[JsonSerializable(typeof(SystemInfo))]
[JsonSerializable(typeof(DiskUsage))]
[JsonSerializable(typeof(AuthConfig))]
[JsonSerializable(typeof(AuthResponse))]
[JsonSerializable(typeof(BuildCachePruned))]
[JsonSerializable(typeof(CreateContainerRequest))]
[JsonSerializable(typeof(CreateContainerResponse))]
[JsonSerializable(typeof(List<ContainerSummary>))]
[JsonSerializable(typeof(ContainerInspect))]
[JsonSerializable(typeof(WaitResponse))]
[JsonSerializable(typeof(ContainersPruned))]
[JsonSerializable(typeof(PublishedPorts))]
[JsonSerializable(typeof(List<PortCheck>))]
[JsonSerializable(typeof(ContainerStats))]
[JsonSerializable(typeof(ContainerPathStat))]
[JsonSerializable(typeof(List<FilesystemChange>))]
[JsonSerializable(typeof(TopResponse))]
[JsonSerializable(typeof(UpdateResponse))]
[JsonSerializable(typeof(HostConfig))]
[JsonSerializable(typeof(CreateExecRequest))]
[JsonSerializable(typeof(StartExecRequest))]
[JsonSerializable(typeof(IdResponse))]
[JsonSerializable(typeof(ExecInspect))]
[JsonSerializable(typeof(CreateNetworkRequest))]
[JsonSerializable(typeof(CreateNetworkResponse))]
[JsonSerializable(typeof(List<NetworkSummary>))]
[JsonSerializable(typeof(NetworkInspect))]
[JsonSerializable(typeof(ConnectNetworkRequest))]
[JsonSerializable(typeof(DisconnectNetworkRequest))]
[JsonSerializable(typeof(NetworksPruned))]
[JsonSerializable(typeof(List<ImageSummary>))]
[JsonSerializable(typeof(ImageInspect))]
[JsonSerializable(typeof(List<ImageHistoryItem>))]
[JsonSerializable(typeof(List<ImageDeleted>))]
[JsonSerializable(typeof(ImagesPruned))]
[JsonSerializable(typeof(ProgressMessage))]
[JsonSerializable(typeof(EventMessage))]
[JsonSerializable(typeof(VolumeList))]
[JsonSerializable(typeof(VolumeInspect))]
[JsonSerializable(typeof(CreateVolumeRequest))]
[JsonSerializable(typeof(VolumesPruned))]
[JsonSerializable(typeof(Dictionary<string, Dictionary<string, bool>>))]
[JsonSerializable(typeof(List<NameRecord>))]
[JsonSerializable(typeof(List<TemplateInfo>))]
[JsonSerializable(typeof(HostNamesState))]
[JsonSerializable(typeof(ConsistencyState))]
[JsonSerializable(typeof(List<FindingState>))]
[JsonSerializable(typeof(List<string>))]
public sealed partial class HyprJson : JsonSerializerContext
{
    private static readonly Lazy<HyprJson> Relaxed = new(Create);

    /// <summary>What both ends use. Only what JSON itself demands is escaped: the API is no HTML, and people read it with curl.</summary>
    public static HyprJson Wire => Relaxed.Value;

    private static HyprJson Create() => new(new JsonSerializerOptions(Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new NullIsZero(), new NullIsIntZero(), new NullIsFalse() },
    });
}
