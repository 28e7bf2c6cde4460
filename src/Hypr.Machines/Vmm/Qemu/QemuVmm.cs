using System.IO.Pipes;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hypr.Linux;
using Hypr.Linux.Files;
using Hypr.Linux.Processes;
using Hypr.Machines.Folders;
using Hypr.Machines.Lifecycle;
using Hypr.Primitives;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Machines.Vmm.Qemu;

/// <summary>QEMU's <c>microvm</c>.</summary>
internal sealed class QemuVmm(MachineHostSettings settings, MachineFolders folders, FolderServers servers, TimeProvider clock) : IVmm
{
    private readonly QemuProbe _probe = new(settings);
    private readonly SemaphoreSlim _probing = new(1, 1);
    private readonly long _tscKhz = TscFrequency.Read();
    private HypervisorInfo? _hypervisor;

    public async Task<HypervisorInfo> ProbeAsync(CancellationToken cancel)
    {
        if (_hypervisor is { } known)
            return known;
        await _probing.WaitAsync(cancel);
        try
        {
            return _hypervisor ??= await _probe.RunAsync(cancel);
        }
        finally
        {
            _probing.Release();
        }
    }

    public void Validate(VmmRequest request)
    {
        if (Tool.Find(settings.Qemu) is null)
            throw HyprException.Unavailable($"{settings.Qemu} is missing: install it with: apt-get install qemu-system-x86");
        if (Tool.Find("setpriv") is null)
            throw HyprException.Unavailable("setpriv is missing: install it with: apt-get install util-linux");
        ValidateGuestFile(settings.Kernel, "kernel", "build it with ./dev build, or name another with HYPR_KERNEL");
        ValidateGuestFile(settings.Initramfs, "initramfs", "build it with ./dev build");
        if (request.RootFs is not null && !File.Exists(request.RootFs))
            throw HyprException.NotFound($"the image's file system {request.RootFs} is missing: remove the image and pull it again");
        foreach (var volume in request.Volumes.Where(volume => !File.Exists(volume.Disk)))
            throw HyprException.Unavailable($"the volume {volume.Name} has lost its disk {volume.Disk}: put it back, or remove the volume");
        if (Math.Max(0, request.Nics.Count - 1) + request.Volumes.Count + Math.Min(1, request.Folders.Count) > QemuCommandLine.MostPorts)
        {
            throw HyprException.Invalid(
                $"{request.Name} has {request.Volumes.Count} volumes and {request.Nics.Count} networks: a VM has {QemuCommandLine.MostPorts} places for volumes, "
                + "for networks beyond the first, and one for all of the host's folders");
        }

        foreach (var nic in request.Nics.Where(nic => !QemuCommandLine.IsNicName(nic.Name)))
            throw HyprException.Invalid($"'{nic.Name}' is no name for a NIC: up to 15 letters, digits, dots and dashes are");
    }

    public IVmmProcess Start(VmmRequest request, HypervisorInfo hypervisor)
    {
        var runFolder = request.RunFolder;
        var descriptors = new Dictionary<int, SafeHandle>();
        // Closed here when QEMU has its copies.
        var ours = new List<IDisposable>();
        Socket? console = null;
        AnonymousPipeServerStream? errors = null;
        SafeFileHandle? stateWriter = null;
        try
        {
            // 1. Everything that QEMU gets of the host, opened with our rights.
            void Give(int number, SafeHandle handle)
            {
                ours.Add(handle);
                descriptors.Add(number, handle);
            }

            if (request.From is { } saved)
            {
                descriptors.Add(QemuCommandLine.Memory, saved.Memory);
                (var stateReader, stateWriter) = Descriptor.Pipe();
                Give(QemuCommandLine.State, stateReader);
            }
            else
            {
                Give(QemuCommandLine.Kernel, File.OpenHandle(settings.Kernel));
                Give(QemuCommandLine.Initramfs, File.OpenHandle(settings.Initramfs));
            }

            if (request.RecordTo is { } memory)
                descriptors.Add(QemuCommandLine.Memory, memory);
            if (request.RootFs is { } root && request.WritableDisk is { } writable)
            {
                Give(QemuCommandLine.RootFs, File.OpenHandle(root));
                Give(
                    QemuCommandLine.WritableDisk,
                    File.OpenHandle(writable, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));
            }

            Give(QemuCommandLine.Qmp, LocalSocket.Listen(QemuSockets.Monitor(runFolder)));
            Give(QemuCommandLine.Agent, LocalSocket.Listen(QemuSockets.Agent(runFolder)));
            Give(QemuCommandLine.Console, LocalSocket.Listen(QemuSockets.Console(runFolder)));
            for (var i = 0; i < QemuCommandLine.NicsAtOnce(request.From is not null, request.Nics.Count); i++)
                descriptors.Add(QemuCommandLine.FirstTap + i, request.Nics[i].Tap);

            var plan = Plan(request, hypervisor);
            for (var i = 0; i < request.Volumes.Count; i++)
            {
                var (disk, readOnly) = plan.Volumes[i];
                Give(
                    disk,
                    File.OpenHandle(
                        request.Volumes[i].Disk, FileMode.Open, readOnly ? FileAccess.Read : FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));
            }

            // 2. The console is listened to before there is anything to hear; stderr is a pipe, so that QEMU cannot fill a disk either.
            console = LocalSocket.Connect(QemuSockets.Console(runFolder));
            errors = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.None);
            descriptors.Add(1, errors.ClientSafePipeHandle);
            descriptors.Add(2, errors.ClientSafePipeHandle);

            // 3. Who serves the host's folders: QEMU has nothing of them but a connection.
            if (plan.Folders is { } fd)
            {
                var server = servers.Start(request, errors.ClientSafePipeHandle);
                ours.Add(server);
                descriptors.Add(fd, server.SafeHandle);
            }

            // 4. setpriv drops every right and becomes QEMU: the pid stays.
            if (settings.Faults?.Fails(Seam.VmmStart) == true)
                throw new LinuxException("start", settings.Qemu, Errno.ENOMEM);
            var process = LinuxProcess.Start(new ProcessStart
            {
                Program = Tool.Find("setpriv")!,
                Arguments =
                [
                    .. request.EndsWithThread ? ["--pdeathsig=KILL"] : Array.Empty<string>(),
                    .. QemuProbe.Privileges(settings, VmmUser.Of(request.MachineId), hypervisor.Accelerator == "kvm"),
                    Tool.Find(settings.Qemu)!,
                    .. QemuCommandLine.Build(plan),
                ],
                Environment = [$"PATH={Tool.Path}", "LC_ALL=C"],
                WorkingDirectory = "/",
                Descriptors = descriptors,
            });
            errors.DisposeLocalCopyOfClientHandle();
            if (stateWriter is not null)
                QemuMigration.Feed(stateWriter, request.From!.State);
            return new QemuProcess(
                request.MachineId, process, runFolder, request.ConsoleFile, new NetworkStream(console, ownsSocket: true), errors, clock,
                settings.Faults, plan);
        }
        catch (Exception e)
        {
            console?.Dispose();
            errors?.Dispose();
            stateWriter?.Dispose();
            if (e is LinuxException or IOException or UnauthorizedAccessException)
                throw HyprException.Unavailable($"the VMM of {request.Name} did not start: {e.Message}", e);
            throw;
        }
        finally
        {
            foreach (var handle in ours)
                handle.Dispose();
        }
    }

    /// <summary>Folders are served by a process that shares the guest's memory, and a saved guest's is a copy that nobody else sees.</summary>
    public bool FitsSaved(VmmRequest request) =>
        request.Folders.Count == 0 && request.Volumes.Count <= QemuCommandLine.SpareDisks
        && request.Nics.Count - QemuCommandLine.NicsAtOnce(isResumed: true, request.Nics.Count) <= settings.SparePorts;

    public string Shape(int cpus, long memoryBytes, HypervisorInfo hypervisor)
    {
        var plan = new QemuPlan
        {
            MachineFolder = "",
            Name = "",
            Accelerator = hypervisor.Accelerator,
            Cpus = cpus,
            MemoryBytes = memoryBytes,
            TscKhz = _tscKhz,
            Nics = [],
            SparePorts = settings.SparePorts,
            Start = QemuStart.Record,
            HasDisks = false,
            WritableBytes = settings.WritableDiskBytes,
        };
        return $"{QemuIdentity.Of(settings, hypervisor)}\n{string.Join('\n', QemuCommandLine.Build(plan))}";
    }

    public IVmmProcess? Adopt(MachineHandle handle)
    {
        if (LinuxProcess.Adopt(handle.Pid, handle.StartTime) is not { } process)
            return null;
        if (QemuCommandLine.MachineOf(ProcessTable.CommandLine(handle.Pid), folders.AllData) != handle.MachineId)
        {
            process.Dispose();
            return null;
        }

        var runFolder = folders.Runtime(handle.MachineId);
        Stream? console = null;
        try
        {
            console = new NetworkStream(LocalSocket.Connect(QemuSockets.Console(runFolder)), ownsSocket: true);
        }
        catch (IOException)
        {
            // It runs, and its console cannot be read any more.
        }

        return new QemuProcess(handle.MachineId, process, runFolder, folders.Console(handle.MachineId), console, errors: null, clock, settings.Faults);
    }

    public IEnumerable<MachineHandle> FindAll() => ProcessTable.Find(arguments => QemuCommandLine.MachineOf(arguments, folders.AllData));

    private QemuPlan Plan(VmmRequest request, HypervisorInfo hypervisor) => new()
    {
        MachineFolder = request.DataFolder,
        Name = request.Name,
        Accelerator = hypervisor.Accelerator,
        Cpus = request.Cpus,
        MemoryBytes = request.MemoryBytes,
        TscKhz = _tscKhz,
        Nics = [.. request.Nics.Select((nic, i) => (nic.Name, QemuCommandLine.FirstTap + i, nic.Mac))],
        Volumes = [.. request.Volumes.Select((volume, i) => (QemuCommandLine.FirstTap + request.Nics.Count + i, volume.ReadOnly))],
        Folders = request.Folders.Count > 0 ? QemuCommandLine.FirstTap + request.Nics.Count + request.Volumes.Count : null,
        SparePorts = settings.SparePorts,
        Start = request.From is not null ? QemuStart.Resume : request.RecordTo is not null ? QemuStart.Record : QemuStart.Boot,
        HasDisks = request.RootFs is not null,
        WritableBytes = settings.WritableDiskBytes,
    };

    private static void ValidateGuestFile(string path, string what, string remedy)
    {
        if (!File.Exists(path))
            throw HyprException.Unavailable($"the guest's {what} {path} is missing: {remedy}");
        // QEMU opens it again through /proc/self/fd, as the unprivileged user.
        if ((File.GetUnixFileMode(path) & UnixFileMode.OtherRead) == 0)
            throw HyprException.Unavailable(
                $"the guest's {what} {path} may be read by its owner only, and VMMs run as another user: chmod a+r {path}");
    }
}
