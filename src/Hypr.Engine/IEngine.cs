using System.Net;
using Hypr.Dns;
using Hypr.Engine.Doctor;
using Hypr.Engine.Events;
using Hypr.Engine.Machines;
using Hypr.Engine.Networks;
using Hypr.Engine.Volumes;
using Hypr.Guest.Protocol.Messages;
using Hypr.Images;
using Hypr.Machines;
using Hypr.Network.Networks;
using Hypr.Network.Ports;

namespace Hypr.Engine;

/// <summary>
/// The use cases: what the API offers, in the words of the domain. A machine, image or network is named by full id, name or unique id prefix. Every
/// failure is a <see cref="Hypr.Primitives.HyprException"/>; after one nothing half-made remains. Safe for many callers at once.
/// </summary>
public interface IEngine
{
    EventLog Events { get; }

    IReadOnlyList<MachineView> Machines();

    MachineView Machine(string nameOrId);

    /// <summary>NotFound when the image is missing (a client then pulls); Conflict when the name is taken. A missing network is found out at start.</summary>
    Task<MachineCreated> CreateAsync(string? name, MachineConfig config, CancellationToken cancel);

    /// <summary>NotModified when it runs already.</summary>
    Task StartAsync(string nameOrId, CancellationToken cancel);

    /// <param name="seconds">Null: the machine's own stop time-out, 10 by default; negative: without end.</param>
    /// <param name="signal">Null: the machine's, else the image's, else SIGTERM.</param>
    Task StopAsync(string nameOrId, int? seconds, string? signal, CancellationToken cancel);

    Task RestartAsync(string nameOrId, int? seconds, string? signal, CancellationToken cancel);

    /// <summary>A signal by name (with or without SIG) or number; SIGKILL ends the VM.</summary>
    Task KillAsync(string nameOrId, string? signal, CancellationToken cancel);

    Task PauseAsync(string nameOrId, CancellationToken cancel);

    Task UnpauseAsync(string nameOrId, CancellationToken cancel);

    Task RenameAsync(string nameOrId, string newName, CancellationToken cancel);

    /// <param name="volumes">Also the volumes that were made for it alone.</param>
    Task RemoveAsync(string nameOrId, bool force, bool volumes, CancellationToken cancel);

    /// <summary>The name is resolved before the first await: NotFound comes at once, the result when the condition is met.</summary>
    Task<WaitResult> WaitAsync(string nameOrId, WaitCondition condition, CancellationToken cancel);

    /// <summary>
    /// The streams of the image's process. Of a machine that does not run yet: completes when it starts, with every byte from the first; cancelled when the
    /// caller gives up. So send the 101 before awaiting it.
    /// </summary>
    Task<IGuestSession> AttachAsync(string nameOrId, CancellationToken cancel);

    Task ResizeAsync(string nameOrId, ushort rows, ushort columns, CancellationToken cancel);

    IAsyncEnumerable<LogEntry> Logs(string nameOrId, LogQuery query, CancellationToken cancel);

    /// <summary>Gives the exec's id. Conflict when the machine does not run.</summary>
    string CreateExec(string nameOrId, ExecConfig config);

    Task<IGuestSession> StartExecAsync(string execId, bool tty, ushort rows, ushort columns, CancellationToken cancel);

    ExecView Exec(string execId);

    Task ResizeExecAsync(string execId, ushort rows, ushort columns, CancellationToken cancel);

    /// <summary>NotFound when there is nothing; Conflict when the machine does not run. So for the four below.</summary>
    Task<PathStatus> LookAsync(string nameOrId, string path, CancellationToken cancel);

    /// <summary>A tar of what stands at a path, its names beginning with the path's last part.</summary>
    Task<GuestArchive> ReadFilesAsync(string nameOrId, string path, CancellationToken cancel);

    /// <param name="keepFolders">A folder is not replaced by a file, nor the other way round.</param>
    /// <param name="ownedByUser">Belongs to the machine's user, where one was given; else to whom the tar says.</param>
    Task WriteFilesAsync(string nameOrId, string path, Stream tar, bool keepFolders, bool ownedByUser, CancellationToken cancel);

    /// <summary>A tar of the whole root, without what is mounted in it.</summary>
    Task<GuestArchive> ExportAsync(string nameOrId, CancellationToken cancel);

    Task<IReadOnlyList<FileChange>> ChangesAsync(string nameOrId, CancellationToken cancel);

    /// <param name="psArgs">ps's: <c>-ef</c>, <c>aux</c>, <c>-o pid,cmd</c>.</param>
    Task<ProcessList> ProcessesAsync(string nameOrId, string psArgs, CancellationToken cancel);

    /// <summary>Bytes of the host's disk that are the machine's own.</summary>
    long DiskUsage(string nameOrId);

    /// <summary>Null when it does not run.</summary>
    Task<UsageView?> UsageAsync(string nameOrId, CancellationToken cancel);

    /// <summary>Gives what a person should know of it: a new size counts from the next start.</summary>
    Task<IReadOnlyList<string>> UpdateAsync(string nameOrId, MachineUpdate update, CancellationToken cancel);

    Task<Image> PullAsync(string reference, PullOptions options, CancellationToken cancel);

    /// <summary>Docker's login: tries credentials at a registry; an identity token where it gives one.</summary>
    Task<string?> LoginAsync(string server, RegistryCredentials credentials, CancellationToken cancel);

    /// <summary>Docker's load: the images of a tar archive, all or none.</summary>
    Task<IReadOnlyList<LoadedImage>> LoadAsync(Stream archive, CancellationToken cancel);

    /// <summary>Docker's save: NotFound comes before the first byte.</summary>
    Task SaveAsync(IReadOnlyList<string> names, Stream to, CancellationToken cancel);

    /// <summary>Docker's import: a tar of a root file system.</summary>
    Task<Image> ImportAsync(Stream root, ImportOptions options, CancellationToken cancel);

    /// <summary>An image of a running machine's files. Conflict when it does not run.</summary>
    Task<Image> CommitAsync(string nameOrId, CommitOptions options, CancellationToken cancel);

    /// <summary>What made an image, newest first.</summary>
    IReadOnlyList<HistoryItem> History(string nameOrId);

    /// <summary>One more name for an image.</summary>
    Image TagImage(string nameOrId, string name);

    IReadOnlyList<Image> Images();

    /// <summary>NotFound when there is none.</summary>
    Image Image(string nameOrId);

    IReadOnlyList<ImageRemoval> RemoveImage(string nameOrId, bool force);

    IReadOnlyList<NetworkView> Networks();

    NetworkView Network(string nameOrId);

    /// <summary>The names that a machine finds which is on this network alone.</summary>
    IReadOnlyList<DnsRecord> Names(string network);

    Task<NetworkCreated> CreateNetworkAsync(NetworkSpec spec, CancellationToken cancel);

    /// <param name="force">HYPR's own: detaches the machines first.</param>
    Task RemoveNetworkAsync(string nameOrId, bool force, CancellationToken cancel);

    /// <summary>Removes the networks that <paramref name="matches"/> and nobody uses; gives their names.</summary>
    Task<IReadOnlyList<string>> PruneNetworksAsync(Func<VmNetwork, bool> matches, CancellationToken cancel);

    /// <summary>
    /// A running machine has its NIC when the call returns. Unavailable when no slot is free for it: it is attached all the same, and its next start has it.
    /// </summary>
    Task ConnectAsync(string network, string machine, NetworkAttachment settings, CancellationToken cancel);

    /// <param name="force">Goes on when the guest does not answer.</param>
    Task DisconnectAsync(string network, string machine, bool force, CancellationToken cancel);

    /// <summary>HYPR's own: publishes more ports, now and at every start; gives what is published by it, nothing while the machine does not run.</summary>
    Task<IReadOnlyList<PublishedPort>> PublishAsync(string nameOrId, IReadOnlyList<PortBinding> bindings, CancellationToken cancel);

    /// <summary>HYPR's own: the reverse; gives what was published.</summary>
    /// <param name="published">By the host's port: <c>8081</c>, <c>127.0.0.1:8081/udp</c>, <c>8000-8010</c>.</param>
    Task<IReadOnlyList<PublishedPort>> UnpublishAsync(string nameOrId, IReadOnlyList<string> published, CancellationToken cancel);

    /// <summary>HYPR's own: the saved guests that VMs of their size go on from.</summary>
    IReadOnlyList<MachineTemplate> Templates();

    /// <summary>HYPR's own: sees that there is one for VMs of this size. 0: the size of a VM of which nothing was said.</summary>
    Task<MachineTemplate> WarmAsync(int cpus, long memoryBytes, CancellationToken cancel);

    /// <summary>HYPR's own: which rule of the host stops clients from published ports of a machine that runs.</summary>
    /// <param name="published">By the host's port, as for <see cref="UnpublishAsync"/>; null: all of them.</param>
    /// <param name="from">A client's address; null: a neighbour on each of the host's links.</param>
    Task<IReadOnlyList<PortProbe>> ProbePortsAsync(string nameOrId, string? published, IPAddress? from, CancellationToken cancel);

    IReadOnlyList<VolumeView> Volumes();

    VolumeView Volume(string name);

    /// <summary>One that is there already is given as it is, unless another size is asked for (Conflict).</summary>
    Task<VolumeView> CreateVolumeAsync(VolumeSpec spec, CancellationToken cancel);

    /// <summary>Conflict while a machine has it, running or not.</summary>
    Task RemoveVolumeAsync(string name, bool force, CancellationToken cancel);

    /// <summary>Removes the volumes that <paramref name="matches"/> and no machine has; gives their names and what the host's disk won.</summary>
    Task<(IReadOnlyList<string> Names, long Bytes)> PruneVolumesAsync(Func<Volume, bool> matches, CancellationToken cancel);

    Task<EngineInfo> InfoAsync(CancellationToken cancel);

    /// <summary>HYPR's own: what is wrong with the host's network, a machine, or the way from a machine to a target, and what mends it.</summary>
    /// <param name="nameOrId">Null: the host alone.</param>
    /// <param name="target"><c>VM</c>, <c>VM:PORT</c> or a name outside; null: the machine alone.</param>
    Task<IReadOnlyList<Finding>> ExamineAsync(string? nameOrId, string? target, CancellationToken cancel);

    /// <summary>How often something of ours on the host's network was mended since hyprd's start.</summary>
    long Repairs { get; }

    /// <summary>Questions for names by result and latency since the start.</summary>
    DnsCounts NameCounts { get; }

    /// <summary>HYPR's own: whether database, kernel, files and processes agree.</summary>
    Task<ConsistencyReport> CheckAsync(CancellationToken cancel);
}

/// <param name="Notes">What a person should know: no KVM and why, a moved default subnet, a foreign firewall opened.</param>
public sealed record EngineInfo(HypervisorInfo Hypervisor, IReadOnlyList<string> Notes);
