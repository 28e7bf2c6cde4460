using System.Text.Json.Serialization;
using Hypr.Machines.Lifecycle;
using Hypr.Machines.Templates;
using Hypr.Machines.Vmm.Qemu;

namespace Hypr.Machines;

/// <summary>The small files of this library, by generated code: NativeAOT has no reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ProbeRecord))]
[JsonSerializable(typeof(ExitRecord))]
[JsonSerializable(typeof(TemplateHeader))]
internal sealed partial class MachinesJson : JsonSerializerContext;
