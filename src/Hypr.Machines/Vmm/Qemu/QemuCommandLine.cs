using System.Globalization;
using Hypr.Guest.Protocol.Messages;
using Hypr.Primitives;

namespace Hypr.Machines.Vmm.Qemu;

/// <summary>
/// What a <c>microvm</c> is made of. Everything of the host comes by descriptor number, so that QEMU needs no right on any file.
/// </summary>
internal sealed record QemuPlan
{
    /// <summary><c>DATA/machines/ID</c>: by it a process is known again in /proc.</summary>
    public required string MachineFolder { get; init; }
    public required string Name { get; init; }
    public required string Accelerator { get; init; }
    public required int Cpus { get; init; }
    public required long MemoryBytes { get; init; }

    /// <summary>Of the host's time-stamp counter, which a TCG guest sees; 0: not known.</summary>
    public required long TscKhz { get; init; }
    public required IReadOnlyList<(string Name, int Tap, MacAddress Mac)> Nics { get; init; }

    /// <summary>Behind the NICs' ports; a descriptor each.</summary>
    public IReadOnlyList<(int Disk, bool ReadOnly)> Volumes { get; init; } = [];

    /// <summary>A connection to who serves the host's folders; null: it has none.</summary>
    public int? Folders { get; init; }
    public required int SparePorts { get; init; }
    public QemuStart Start { get; init; }

    /// <summary>False: empty disks in their places.</summary>
    public bool HasDisks { get; init; } = true;

    /// <summary>Of every machine's own disk.</summary>
    public long WritableBytes { get; init; }

    /// <summary>The port of the first volume.</summary>
    public int FirstVolumePort => Math.Max(0, Nics.Count - 1);

    /// <summary>Behind the volumes.</summary>
    public int FoldersPort => FirstVolumePort + Volumes.Count;

    /// <summary>Devices on PCIe root ports.</summary>
    public int TakenPorts => FoldersPort + (Folders is null ? 0 : 1);
}

/// <summary>What the guest does first.</summary>
internal enum QemuStart
{
    /// <summary>It boots, in memory of its own.</summary>
    Boot,

    /// <summary>It boots in the memory of a file, to be saved.</summary>
    Record,

    /// <summary>It waits for the state of a saved one, and changes a copy of that one's memory.</summary>
    Resume,
}

/// <summary>QEMU's arguments (qemu(1), docs/system/i386/microvm.rst).</summary>
internal static class QemuCommandLine
{
    // The numbers that the descriptors have in QEMU. 0 to 2 are the null device and the pipe for its last words.
    public const int Kernel = 3;
    public const int Initramfs = 4;
    public const int RootFs = 5;
    public const int WritableDisk = 6;
    public const int Qmp = 7;
    public const int Agent = 8;
    public const int Console = 9;
    public const int Memory = 10;
    public const int State = 11;
    public const int FirstTap = 12;

    // Transport 0 cannot be used: its interrupt is pin 0 of the second I/O APIC, and QEMU's takes pin 0 of any for the PIT's and raises
    // pin 2 instead
    // (hw/intc/ioapic.c, ioapic_set_irq, 7.2): the guest waits for its disk for ever.
    public const int RootSlot = 1;
    public const int WritableSlot = 2;
    public const int AgentSlot = 3;
    public const int NicSlot = 4;

    /// <summary>
    /// Behind them places that only a saved guest has, bound to no driver and without anything behind them until a machine that goes on from it has NICs and
    /// volumes for them: so these need no hot-plug, which takes 0.3 s.
    /// </summary>
    public const int SpareNics = 2;
    public const int SpareDisks = 4;
    private const int FirstSpareNicSlot = NicSlot + 1;
    private const int FirstSpareDiskSlot = FirstSpareNicSlot + SpareNics;

    /// <summary>
    /// A guest that is saved with its disks bound has their sizes for good. An image's file system knows its own, and mounts on what is no smaller.
    /// </summary>
    private const long AnyImageBytes = 1L << 40;

    /// <summary>Its root ports are at 1.0, 2.0, ... of bus 0.</summary>
    public const int FirstPort = 1;

    /// <summary>A PCI bus has 32 devices, of which the host bridge is the first.</summary>
    public const int MostPorts = 31;
    public const string AgentPort = "hypr.agent";
    private const string FirstNetdev = "first";
    private const string NamePrefix = "guest=";

    public static List<string> Build(QemuPlan plan)
    {
        var kvm = plan.Accelerator == "kvm";
        var megabytes = $"{(plan.MemoryBytes + (1 << 20) - 1) >> 20}M";
        var isTemplate = plan.Start != QemuStart.Boot;
        List<string> args =
        [
            // Comma doubled: an option's value ends at a single one (qemu-options).
            "-name", $"{NamePrefix}{Escape(plan.MachineFolder)},process={Escape(ProcessName(plan.Name))}",
            "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            // ACPI and PCIe are for hot-plug: virtio-mmio has none.
            "-machine", $"microvm,accel={plan.Accelerator},acpi=on,pcie=on,isa-serial=off,usb=off,dump-guest-core=off,mem-merge=off"
                + (isTemplate || plan.Folders is not null ? ",memory-backend=ram" : ""),
            "-cpu", kvm ? "host" : "max",
            "-smp", plan.Cpus.ToString(CultureInfo.InvariantCulture),
            "-m", megabytes,
            // virtio 1.0 over MMIO: the legacy one is QEMU's default still.
            "-global", "virtio-mmio.force-legacy=off",
        ];
        if (isTemplate)
        {
            // Private: what this VM writes is its own, what it only reads is one page for all.
            var share = plan.Start == QemuStart.Record ? "on" : "off";
            args.AddRange(["-object", $"memory-backend-file,id=ram,size={megabytes},mem-path=/proc/self/fd/{Memory},share={share}"]);
        }

        // Who serves folders reads and writes the guest's memory itself (vhost-user).
        if (plan.Folders is not null)
            args.AddRange(["-object", $"memory-backend-memfd,id=ram,size={megabytes},share=on"]);

        if (plan.Start == QemuStart.Resume)
            args.AddRange(["-incoming", "defer"]);
        else
        {
            args.AddRange(
            [
                "-kernel", $"/proc/self/fd/{Kernel}", "-initrd", $"/proc/self/fd/{Initramfs}",
                "-append", KernelArguments(kvm, plan.TscKhz),
            ]);
        }

        Disk(args, plan.HasDisks, "root", RootFs, $"virtio-blk-device,bus=virtio-mmio-bus.{RootSlot}", readOnly: true, locking: false, AnyImageBytes);
        Disk(
            args, plan.HasDisks, "writable", WritableDisk, $"virtio-blk-device,bus=virtio-mmio-bus.{WritableSlot}", readOnly: false, locking: true,
            plan.WritableBytes);
        args.AddRange(
        [
            "-device", $"virtio-serial-device,id=serial,max_ports=2,bus=virtio-mmio-bus.{AgentSlot}",
            "-chardev", $"socket,id=agent,fd={Agent},server=on,wait=off",
            "-device", $"virtserialport,bus=serial.0,nr=1,chardev=agent,name={AgentPort}",
            "-chardev", $"socket,id=console,fd={Console},server=on,wait=off",
            "-device", "isa-serial,chardev=console",
            "-chardev", $"socket,id=qmp,fd={Qmp},server=on,wait=off",
            "-mon", "chardev=qmp,mode=control",
        ]);
        for (var port = 0; port < Ports(plan); port++)
        {
            var number = port + 1;
            args.Add("-device");
            args.Add($"pcie-root-port,id={PortId(port)},bus=pcie.0,addr={FirstPort + port:x},chassis={number},slot={number}");
        }

        for (var i = 0; !isTemplate && i < plan.Volumes.Count; i++)
        {
            var (disk, readOnly) = plan.Volumes[i];
            var port = plan.FirstVolumePort + i;
            Disk(args, true, VolumeId(port), disk, $"virtio-blk-pci,id={VolumeId(port)},bus={PortId(port)}", readOnly, locking: true);
        }

        if (plan.Folders is { } folders)
        {
            var port = plan.FoldersPort;
            args.AddRange(
            [
                "-chardev", $"socket,id=folders,fd={folders}",
                "-device", $"vhost-user-fs-pci,id={VolumeId(port)},bus={PortId(port)},chardev=folders,tag={FoldersConfiguration.Tag}",
            ]);
        }

        // A template's devices are those of every VM that goes on from it.
        for (var i = 0; isTemplate && i < SpareDisks; i++)
        {
            var (disk, readOnly) = i < plan.Volumes.Count ? plan.Volumes[i] : (0, false);
            Disk(args, i < plan.Volumes.Count, $"volume{i}", disk, $"virtio-blk-device,bus=virtio-mmio-bus.{FirstSpareDiskSlot + i}", readOnly, locking: true);
        }

        for (var i = plan.Nics.Count; isTemplate && i <= SpareNics; i++)
        {
            // Its hub has no other port.
            var (netdev, slot) = (SavedNetdev(i), SavedNicSlot(i).Number);
            args.AddRange(["-netdev", $"hubport,id={netdev},hubid={i}", "-device", $"virtio-net-device,id={netdev},netdev={netdev},bus=virtio-mmio-bus.{slot}"]);
        }

        for (var i = 0; i < NicsAtOnce(plan.Start == QemuStart.Resume, plan.Nics.Count); i++)
        {
            var (name, tap, mac) = plan.Nics[i];
            var netdev = isTemplate ? SavedNetdev(i) : i == 0 ? FirstNetdev : NetdevId(i - 1);
            // vhost=off: /dev/vhost-net is not the unprivileged user's.
            args.AddRange(["-netdev", $"tap,id={netdev},fd={tap},vhost=off"]);
            args.AddRange(
            [
                "-device",
                i == 0 || isTemplate
                    ? $"virtio-net-device,id={netdev}-{name},netdev={netdev},mac={mac},bus=virtio-mmio-bus.{SavedNicSlot(i).Number}"
                    : $"virtio-net-pci,id={NicId(i - 1, name)},netdev={netdev},mac={mac},romfile=,bus={PortId(i - 1)}",
            ]);
        }

        return args;
    }

    /// <summary>The first NIC is on virtio-mmio, the others take the first root ports.</summary>
    public static DeviceSlot SlotOf(int nic) => nic == 0 ? DeviceSlot.Mmio(NicSlot) : PortSlot(nic - 1);

    /// <summary>Of a saved guest the first NICs are on virtio-mmio, and as many disks for volumes.</summary>
    public static DeviceSlot SavedNicSlot(int nic) => DeviceSlot.Mmio(nic == 0 ? NicSlot : FirstSpareNicSlot + nic - 1);

    public static DeviceSlot SavedDiskSlot(int volume) => DeviceSlot.Mmio(FirstSpareDiskSlot + volume);

    /// <summary>So many have their places when QEMU starts; the others are plugged.</summary>
    public static int NicsAtOnce(bool isResumed, int nics) => isResumed ? Math.Min(1 + SpareNics, nics) : nics;

    public static DeviceSlot PortSlot(int port) => DeviceSlot.PciePort(FirstPort + port);

    public static string PortId(int port) => $"port{port}";

    public static string NetdevId(int port) => $"net{port}";

    /// <summary>A device's id says its port and its name in the guest: so a later hyprd reads both from QEMU itself.</summary>
    public static string NicId(int port, string name) => $"nic{port}-{name}";

    public static string VolumeId(int port) => $"vol{port}";

    /// <summary>The netdev of a NIC on virtio-mmio; null: the device is none. Its id is the netdev's and the NIC's name.</summary>
    public static string? ParseMmioNetdev(string id, string name) =>
        id.EndsWith($"-{name}", StringComparison.Ordinal) && id[..^(name.Length + 1)] is var netdev
        && Enumerable.Range(0, 1 + SpareNics).Any(nic => SavedNetdev(nic) == netdev)
            ? netdev
            : null;

    private static string SavedNetdev(int nic) => nic == 0 ? FirstNetdev : $"spare{nic}";

    /// <summary>The port and name of a device's id; null: it is no NIC of ours on a port.</summary>
    public static (int Port, string Name)? ParseNicId(string id)
    {
        var dash = id.IndexOf('-');
        return dash > 3 && id.StartsWith("nic", StringComparison.Ordinal)
            && int.TryParse(id.AsSpan(3, dash - 3), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? (port, id[(dash + 1)..])
            : null;
    }

    /// <summary>The port that a device's id says; null: it is none of ours on a port.</summary>
    public static int? ParsePort(string id) =>
        ParseNicId(id)?.Port
        ?? (id.StartsWith("vol", StringComparison.Ordinal) && int.TryParse(id.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : null);

    /// <summary>What QEMU takes in an id beside the first letter (id_wellformed, util/id.c).</summary>
    public static bool IsNicName(string name) =>
        name.Length is > 0 and <= 15 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');

    /// <summary>The machine's id, if the arguments are those of a VMM of this folder of machines.</summary>
    public static string? MachineOf(IReadOnlyList<string> arguments, string machinesFolder)
    {
        var start = $"{NamePrefix}{Escape(machinesFolder)}/";
        for (var i = 1; i < arguments.Count - 1; i++)
        {
            if (arguments[i] != "-name" || !arguments[i + 1].StartsWith(start, StringComparison.Ordinal))
                continue;
            var id = arguments[i + 1][start.Length..].Split(',')[0];
            return id.Length == ObjectId.FullLength && id.All(char.IsAsciiHexDigitLower) ? id : null;
        }

        return null;
    }

    /// <summary>
    /// pcie_ports=native: without it the guest sees nothing that is hot-plugged, microvm's ACPI knows no PCI hot-plug. A microvm with ACPI
    /// has no timer interrupt of a PIT
    /// (reduced hardware), so its kernel needs the TSC's frequency; under TCG on a busy host its calibration against the PIT's counter
    /// fails, and the kernel then
    /// waits for ever for a tick (calibrate_delay). Told the frequency it needs neither. KVM tells it by its own leaf.
    /// </summary>
    private static string KernelArguments(bool kvm, long tscKhz)
    {
        var tsc = kvm || tscKhz == 0 ? "" : $" tsc_early_khz={tscKhz.ToString(CultureInfo.InvariantCulture)}";
        return "console=ttyS0 quiet panic=-1 reboot=t pcie_ports=native tsc=reliable no_timer_check i8042.noaux i8042.nokbd i8042.nopnp "
            + "cryptomgr.notests random.trust_cpu=on "
            // Self-tests, trace points and certificates that nothing in a guest uses: 0.1 s under TCG.
            // Debian's without AppArmor and TOMOYO: without a policy they only cost, at each call.
            + "lsm=landlock,lockdown,yama,integrity,bpf "
            + $"initcall_blacklist=init_kprobe_trace,crypto_kdf108_init,load_system_certificate_list{tsc}";
    }

    private static int Ports(QemuPlan plan) => Math.Min(MostPorts, plan.SparePorts + (plan.Start == QemuStart.Resume ? 0 : plan.TakenPorts));

    /// <param name="isThere">False: an empty disk that nobody reads.</param>
    /// <param name="locking">QEMU's own lock on the file: one writer, or readers.</param>
    /// <param name="emptyBytes">Of the empty one.</param>
    private static void Disk(List<string> args, bool isThere, string name, int fd, string device, bool readOnly, bool locking, long emptyBytes = 1 << 20)
    {
        var (only, discard) = readOnly ? ("on", "ignore") : ("off", "unmap");
        if (isThere)
        {
            args.AddRange(
            [
                // -add-fd gives the descriptor to an fdset, the only way by which the file driver takes one.
                "-add-fd", $"fd={fd},set={fd}",
                "-blockdev",
                $"driver=file,node-name={name}-file,filename=/dev/fdset/{fd},read-only={only},auto-read-only=off,locking={(locking ? "on" : "off")},"
                    + $"aio=threads,cache.direct=off,discard={discard}",
                "-blockdev", $"driver=raw,node-name={name},file={name}-file,read-only={only},discard={discard}",
            ]);
        }
        else
        {
            // What a guest that binds its driver reads on the way, looking for partitions, is the same every time.
            args.AddRange(["-blockdev", $"driver=null-co,node-name={name},size={emptyBytes},read-zeroes=on,read-only={only},discard={discard}"]);
        }

        args.AddRange(
        [
            // report: the default stops the whole VM when the host's disk is full; the guest's process shall see the error instead.
            "-device", $"{device},drive={name},werror=report,rerror=report",
        ]);
    }

    private static string Escape(string value) => value.Replace(",", ",,", StringComparison.Ordinal);

    /// <summary>prctl(PR_SET_NAME) takes 15 bytes.</summary>
    private static string ProcessName(string name) => name.Length <= 15 ? name : name[..15];
}
