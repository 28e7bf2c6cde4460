using Microsoft.Win32.SafeHandles;

namespace Hypr.Machines.Vmm;

/// <summary>A guest that stands still. Any number of VMMs go on from it, each with a copy of its own of what it changes.</summary>
/// <param name="Memory">Sealed: a VMM in its guest's hands cannot change what the next one starts from.</param>
/// <param name="State">CPUs and devices, in the VMM's own form.</param>
internal sealed record SavedGuest(SafeFileHandle Memory, ReadOnlyMemory<byte> State);
