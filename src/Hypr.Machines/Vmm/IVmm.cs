using Hypr.Guest.Protocol.Messages;
using Hypr.Primitives;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Machines.Vmm;

/// <summary>
/// A virtual machine monitor. QEMU is one; Cloud Hypervisor fits too: everything here is a process with a disk, NICs given as TAP
/// descriptors, a byte pipe to the
/// agent and a console.
/// </summary>
internal interface IVmm
{
    Task<HypervisorInfo> ProbeAsync(CancellationToken cancel);

    /// <summary>Everything that it needs and that may be missing on this machine, checked before anything is made.</summary>
    /// <exception cref="HyprException">What is missing and how to get it.</exception>
    void Validate(VmmRequest request);

    /// <summary>
    /// Everything that a saved guest of this size depends on, as text: VMM, kernel, initramfs, CPU, devices. One that was saved under another
    /// text cannot be trusted. The first line says what is common to all sizes.
    /// </summary>
    string Shape(int cpus, long memoryBytes, HypervisorInfo hypervisor);

    /// <summary>A saved guest has places for all the devices of this one.</summary>
    bool FitsSaved(VmmRequest request);

    /// <summary>Spawns the process. It is not waited for until the guest boots.</summary>
    IVmmProcess Start(VmmRequest request, HypervisorInfo hypervisor);

    /// <summary>The process of an earlier hyprd; null when it is gone.</summary>
    IVmmProcess? Adopt(MachineHandle handle);

    /// <summary>Processes of this data directory.</summary>
    IEnumerable<MachineHandle> FindAll();
}

internal sealed record VmmRequest
{
    public required string MachineId { get; init; }
    public required string Name { get; init; }

    /// <summary>By it the process is known again.</summary>
    public required string DataFolder { get; init; }

    /// <summary>For sockets.</summary>
    public required string RunFolder { get; init; }

    /// <summary>Null: the console is kept in memory only.</summary>
    public string? ConsoleFile { get; init; }
    public required int Cpus { get; init; }
    public required long MemoryBytes { get; init; }

    /// <summary>Opened read-only; many machines share it. Null, as the next: an empty disk that nobody reads.</summary>
    public string? RootFs { get; init; }
    public string? WritableDisk { get; init; }

    /// <summary>Of a guest that goes on from a saved one only the first are there at once (<see cref="IVmmProcess.NicsAtOnce"/>), the others are plugged.</summary>
    public required IReadOnlyList<VmmNic> Nics { get; init; }
    public IReadOnlyList<VmmVolume> Volumes { get; init; } = [];

    /// <summary>Not with <see cref="From"/> or <see cref="RecordTo"/>: who serves them shares the guest's memory.</summary>
    public IReadOnlyList<VmmFolder> Folders { get; init; } = [];

    /// <summary>The guest goes on from here, when <see cref="IVmmProcess.LoadAsync"/> was called. Null: it boots.</summary>
    public SavedGuest? From { get; init; }

    /// <summary>The guest's memory is this file, for <see cref="IVmmProcess.SaveAsync"/>. Null: it has one of its own.</summary>
    public SafeFileHandle? RecordTo { get; init; }

    /// <summary>The process ends when the thread does that starts it, thus with this process at the latest.</summary>
    public bool EndsWithThread { get; init; }
}

/// <param name="Name">The guest's word for it, <c>eth0</c>: the VMM remembers it for a later hyprd.</param>
internal sealed record VmmNic(string Name, SafeFileHandle Tap, MacAddress Mac);

/// <param name="Name">For messages.</param>
internal sealed record VmmVolume(string Name, string Disk, bool ReadOnly);

/// <param name="Source">Of the host: a folder or a file.</param>
internal sealed record VmmFolder(string Source, bool ReadOnly);

/// <param name="Cpu">User and system time of the process, its guest's included.</param>
internal readonly record struct VmmUsage(TimeSpan Cpu, long ReadBytes, long ReadOperations, long WrittenBytes, long WriteOperations);

internal interface IVmmProcess : IAsyncDisposable
{
    MachineHandle Handle { get; }

    DeviceSlot RootSlot { get; }

    DeviceSlot WritableSlot { get; }

    /// <summary>So many of as many NICs sit in their slots when it starts.</summary>
    int NicsAtOnce(int nics);

    /// <summary>Where the NICs sit that it was started with.</summary>
    DeviceSlot NicSlot(int index);

    /// <summary>Where the volumes sit that it was started with; of a process that was adopted nobody asks.</summary>
    DeviceSlot VolumeSlot(int index);

    /// <summary>Where the device of all folders sits; as with volumes.</summary>
    DeviceSlot FoldersSlot { get; }

    /// <summary>
    /// Completes when the process is gone: its signal, 0 for an exit by itself, null when that cannot be known. Never fails.
    /// </summary>
    Task<int?> Exited { get; }

    /// <summary>What it has used of CPUs.</summary>
    TimeSpan CpuTime { get; }

    /// <summary>A connection to the agent's port. One at a time: a second waits for the end of the first.</summary>
    Stream ConnectAgent();

    /// <summary>What the process and its guest said last, for error messages. Empty: nothing.</summary>
    string LastWords();

    void Kill();

    /// <summary>Loads what the request's saved guest was, and lets it go on. Returns before it is loaded: a failure ends the process.</summary>
    /// <exception cref="IOException">The VMM does not do it.</exception>
    Task LoadAsync(CancellationToken cancel);

    /// <summary>Stops the guest for good and gives the state of its CPUs and devices; its memory is in the request's file.</summary>
    /// <exception cref="IOException">The VMM does not do it.</exception>
    Task<byte[]> SaveAsync(CancellationToken cancel);

    Task PauseAsync(CancellationToken cancel);

    Task ResumeAsync(CancellationToken cancel);

    Task<VmmUsage> UsageAsync(CancellationToken cancel);

    /// <summary>Plugs a NIC into a free port.</summary>
    /// <exception cref="HyprException">Unavailable: no port is free.</exception>
    Task<DeviceSlot> PlugNicAsync(VmmNic nic, CancellationToken cancel);

    /// <summary>
    /// Closes the NIC's TAP and asks for the NIC's removal; the port is free when the guest has let go of it. One that is not on a port
    /// stays, without its TAP.
    /// </summary>
    Task UnplugNicAsync(string name, CancellationToken cancel);
}
