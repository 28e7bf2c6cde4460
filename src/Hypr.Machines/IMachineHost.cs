using System.Net;
using Hypr.Guest.Protocol.Messages;
using Hypr.Machines.Folders;
using Hypr.Primitives;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Machines;

/// <summary>
/// Starts microVMs and finds running ones again. It knows of no network, image or name: it is given disks, TAP descriptors and what to
/// tell the guest.
/// </summary>
public interface IMachineHost
{
    /// <summary>
    /// What runs guests here and why: for <c>hypr info</c>. Probed once by running a guest of a few instructions, and remembered.
    /// </summary>
    Task<HypervisorInfo> ProbeAsync(CancellationToken cancel);

    /// <summary>
    /// Boots the machine, greets its agent and starts the image's process. On return the process runs. On failure the VMM is gone, its
    /// files too, and the
    /// exception (a <see cref="HyprException"/>) says why, with the end of the console when the guest died; a start that fails on the
    /// image's own command has
    /// Docker's words ("executable file not found in $PATH", "permission denied") from which the CLI takes 126 and 127.
    /// </summary>
    Task<IRunningMachine> StartAsync(MachineSpec spec, CancellationToken cancel);

    /// <summary>
    /// Finds the machine of an earlier hyprd again: pid with start time, QMP and agent sockets. Null when it no longer runs;
    /// then <see cref="LastExit"/> may know how it ended. Waits for nobody: the agent is greeted behind it, and who asks it for something waits for that.
    /// </summary>
    /// <param name="isPaused">It is to be: the earlier hyprd may have been killed before it was. Its agent is greeted when it is resumed.</param>
    IRunningMachine? Adopt(MachineHandle handle, LogBounds? log, bool isPaused);

    /// <summary>How a machine that is no longer running ended, as far as its console and agent left word.</summary>
    MachineExit? LastExit(string machineId);

    /// <summary>
    /// At start, after the known machines were adopted: ends every VMM of ours (of this data directory, found in /proc) whose machine is
    /// not in
    /// <paramref name="keep"/>, and removes what it left in the run-time directory. A hyprd that was killed half-way through a start
    /// leaves one.
    /// </summary>
    Task SweepAsync(IReadOnlyCollection<string> keep, CancellationToken cancel);

    /// <summary>The saved guests that machines of their size go on from.</summary>
    IReadOnlyList<MachineTemplate> Templates();

    /// <summary>Sees that there is a saved guest of this size.</summary>
    Task<MachineTemplate> WarmAsync(int cpus, long memoryBytes, CancellationToken cancel);

    /// <summary>
    /// Where processes and folders disagree with what is known, a sentence each. Changes nothing; what is under way at this moment may show.
    /// </summary>
    /// <param name="starting">On their way up: their run-time folders, and who serves them folders, are there before their VMM is.</param>
    IReadOnlyList<string> Check(IReadOnlyCollection<string> known, IReadOnlyCollection<MachineHandle> running, IReadOnlyCollection<string> starting);

    /// <summary>Less memory than this does not boot the guest's kernel and agent.</summary>
    long MinimumMemoryBytes { get; }

    /// <summary>Unavailable when the disk has no room for one machine more: its disk, its log, and what is written about it.</summary>
    void RequireSpace();

    /// <summary>Removes the machine's files (writable disk, console, logs). It must not run.</summary>
    void Delete(string machineId);

    /// <summary>Volumes' disks.</summary>
    IVolumeFiles Volumes { get; }

    /// <summary>Folders and files of the host.</summary>
    IHostFolders Folders { get; }

    /// <summary>Bytes of the host's disk that its files take: what it wrote, its log and console.</summary>
    long DiskUsage(string machineId);

    /// <summary>The log of a machine, running or not: what the image's process wrote.</summary>
    /// <param name="bounds">The machine's own, always the same; null: the host's.</param>
    IMachineLog OpenLog(string machineId, LogBounds? bounds);
}

/// <summary>Docker's <c>max-size</c> and <c>max-file</c>.</summary>
public sealed record LogBounds(long FileBytes, int Files);

/// <param name="Vmm">For instance <c>qemu 7.2.22</c>.</param>
/// <param name="Accelerator"><c>kvm</c> or <c>tcg</c>.</param>
/// <param name="Note">Why not KVM; null when it is KVM.</param>
public sealed record HypervisorInfo(string Vmm, string Accelerator, string? Note, string Kernel);

/// <summary>A guest that was saved after its boot, knowing nothing of its machine.</summary>
/// <param name="Name">Of its file: a hash of all that it depends on.</param>
/// <param name="IsLoaded">It is in memory, too.</param>
public sealed record MachineTemplate(
    string Name, int Cpus, long MemoryBytes, DateTimeOffset Created, DateTimeOffset LastUsed, long DiskBytes, bool IsLoaded);

/// <summary>What the next hyprd needs to find the machine again; kept in the store.</summary>
/// <param name="StartTime">Field 22 of /proc/pid/stat, in clock ticks since boot: a pid alone may have been given to another
/// process.</param>
public sealed record MachineHandle(string MachineId, int Pid, ulong StartTime);

public sealed record MachineSpec
{
    /// <summary>64 hex digits.</summary>
    public required string Id { get; init; }

    /// <summary>For messages and the process's name only.</summary>
    public required string Name { get; init; }
    public required int Cpus { get; init; }
    public required long MemoryBytes { get; init; }

    /// <summary>The image's squashfs.</summary>
    public required string RootFs { get; init; }
    public required IReadOnlyList<MachineNic> Nics { get; init; }

    /// <summary>Each a further disk; who else may have it is not looked at here.</summary>
    public IReadOnlyList<MachineVolume> Volumes { get; init; } = [];

    /// <summary>Folders and files of the host; they are there.</summary>
    public IReadOnlyList<MachineFolder> Folders { get; init; } = [];
    public required GuestSpec Guest { get; init; }

    /// <summary>Null: the host's.</summary>
    public LogBounds? Log { get; init; }

    /// <summary>
    /// Called when the agent has its configuration and the image's process is about to start: who attaches here misses no byte of its
    /// output
    /// (<c>docker run</c> attaches before it starts). What it throws fails the start.
    /// </summary>
    public Func<IRunningMachine, CancellationToken, Task>? BeforeProcess { get; init; }

    /// <summary>Called as soon as the VMM's process is there, before anything is asked of it, so that its handle can be stored.</summary>
    public Action<MachineHandle>? Spawned { get; init; }
}

/// <summary>A NIC: the host's end and what the guest is told of it. The first is on virtio-mmio, the others on PCIe root ports.</summary>
/// <param name="Tap">An open, attached TAP descriptor; the VMM gets its own copy, the caller keeps and closes this one.</param>
public sealed record MachineNic(SafeFileHandle Tap, GuestNic Guest);

/// <summary>A volume: a disk, and the places where the guest has it.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Disk">Its ext4.</param>
/// <param name="WritesDisk">
/// Whether the VM may write to the disk at all. A disk that is not in order (<see cref="IVolumeFiles.IsInOrder"/>) must be written to.
/// </param>
public sealed record MachineVolume(string Name, string Disk, bool WritesDisk, IReadOnlyList<MachineMount> Mounts);

/// <param name="Source">A path of the host.</param>
/// <param name="Target">The place in the guest.</param>
public sealed record MachineFolder(string Source, string Target, bool ReadOnly);

/// <param name="CopyImage">What the image has at that place is copied into the volume if that is empty (Docker).</param>
public sealed record MachineMount(string Target, bool ReadOnly, bool CopyImage);

/// <summary>A file that the guest finds, read-only and kept in memory: a config or a secret.</summary>
public sealed record MachineFile(string Target, ReadOnlyMemory<byte> Content, uint User, uint Group, uint Mode);

/// <param name="Name"><c>eth0</c>, ...</param>
/// <param name="Gateway4">The default route, on the one NIC that has it; null elsewhere. So for <paramref name="Gateway6"/>.</param>
public sealed record GuestNic(
    string Name,
    MacAddress Mac,
    int Mtu,
    IReadOnlyList<InterfaceAddress> Addresses,
    IPAddress? Gateway4,
    IPAddress? Gateway6)
{
    /// <summary>
    /// The network's gateway on a NIC without the default route: answers to what came in on it leave by it. Null: the network has none.
    /// </summary>
    public IPAddress? ReturnGateway4 { get; init; }
    public IPAddress? ReturnGateway6 { get; init; }
}

/// <summary>Everything that the guest is told after its hello, besides its NICs. OCI runtime words where there are some.</summary>
public sealed record GuestSpec
{
    public required string Hostname { get; init; }
    public string? Domainname { get; init; }

    /// <summary>Lines of /etc/hosts beside localhost: address and names.</summary>
    public IReadOnlyList<HostsEntry> Hosts { get; init; } = [];
    public required ResolvConf Resolver { get; init; }
    public required GuestProcess Process { get; init; }
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();

    /// <summary>Mount point to options, Docker's <c>--tmpfs</c>.</summary>
    public IReadOnlyDictionary<string, string> Tmpfs { get; init; } = new Dictionary<string, string>();
    public bool ReadOnlyRoot { get; init; }

    /// <summary>Of /dev/shm; 0: Docker's 64 MB.</summary>
    public long SharedMemoryBytes { get; init; }
    public IReadOnlyList<MachineFile> Files { get; init; } = [];
}

public sealed record HostsEntry(string Address, string Names);

public sealed record ResolvConf(IReadOnlyList<string> Nameservers, IReadOnlyList<string> Search, IReadOnlyList<string> Options);

/// <summary>A process in the guest: the image's own or an exec.</summary>
public sealed record GuestProcess
{
    /// <summary>Entrypoint and command together, not empty.</summary>
    public required IReadOnlyList<string> Args { get; init; }

    /// <summary><c>KEY=value</c>; PATH and HOME are added by the guest when missing, as runc and Docker do.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary><c>user</c>, <c>uid</c>, <c>user:group</c>, ... looked up in the image's /etc/passwd and /etc/group. Empty: root.</summary>
    public string User { get; init; } = "";
    public string WorkingDir { get; init; } = "/";
    public bool Tty { get; init; }

    /// <summary>False: stdin is /dev/null.</summary>
    public bool OpenStdin { get; init; }

    /// <summary>The agent's own work, done as a process: the first argument is its name (Hypr.Guest.Protocol, Tool).</summary>
    public bool IsTool { get; init; }
    public ProcessRights Rights { get; init; } = new();

    /// <summary>Docker's <c>--init</c>.</summary>
    public bool HasInit { get; init; }
    public ushort Rows { get; init; } = 24;
    public ushort Columns { get; init; } = 80;
}
