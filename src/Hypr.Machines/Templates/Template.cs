using Hypr.Machines.Vmm;

namespace Hypr.Machines.Templates;

/// <summary>A saved guest with what it fits.</summary>
internal sealed record Template(TemplateHeader Header, SavedGuest Guest);

/// <summary>What is known of a template without reading it whole.</summary>
/// <param name="Shape">All that it depends on (<see cref="Vmm.IVmm.Shape"/>).</param>
/// <param name="StateBytes">Of CPUs and devices.</param>
internal sealed record TemplateHeader(string Shape, int Cpus, long MemoryBytes, DateTimeOffset Created, int StateBytes);
