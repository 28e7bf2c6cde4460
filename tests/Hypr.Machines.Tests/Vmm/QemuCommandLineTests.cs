using Hypr.Guest.Protocol.Messages;
using Hypr.Machines.Vmm.Qemu;
using Hypr.Primitives;

namespace Hypr.Machines.Tests.Vmm;

public sealed class QemuCommandLineTests
{
    private static readonly string Id = new('a', 64);

    [Fact]
    public void The_machine_is_a_microvm_with_a_sandbox_and_nothing_by_default()
    {
        var args = QemuCommandLine.Build(Plan());
        Assert.Equal("on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny", After(args, "-sandbox"));
        Assert.StartsWith("microvm,accel=tcg,acpi=on,pcie=on,", After(args, "-machine"), StringComparison.Ordinal);
        foreach (var alone in new[] { "-nodefaults", "-no-user-config", "-no-reboot" })
            Assert.Contains(alone, args);
        Assert.Equal("max", After(args, "-cpu"));
        Assert.Equal("2", After(args, "-smp"));
        Assert.Equal("512M", After(args, "-m"));
    }

    [Fact]
    public void A_TCG_guest_is_told_the_TSCs_frequency_and_a_KVM_guest_is_not()
    {
        Assert.EndsWith(" tsc_early_khz=2445400", After(QemuCommandLine.Build(Plan()), "-append"), StringComparison.Ordinal);
        Assert.DoesNotContain("tsc_early_khz", After(QemuCommandLine.Build(Plan() with { Accelerator = "kvm" }), "-append"), StringComparison.Ordinal);
        Assert.DoesNotContain("tsc_early_khz", After(QemuCommandLine.Build(Plan() with { TscKhz = 0 }), "-append"), StringComparison.Ordinal);
        Assert.Equal("host", After(QemuCommandLine.Build(Plan() with { Accelerator = "kvm" }), "-cpu"));
    }

    [Fact]
    public void No_device_sits_on_transport_0_whose_interrupt_QEMU_gives_to_another()
    {
        var args = QemuCommandLine.Build(Plan());
        Assert.DoesNotContain(args, a => a.Contains("bus=virtio-mmio-bus.0", StringComparison.Ordinal));
        Assert.Equal(4, args.Where(a => a.Contains("bus=virtio-mmio-bus.", StringComparison.Ordinal)).Select(a => a.Split("virtio-mmio-bus.")[1].Split(',')[0]).Distinct().Count());
    }

    [Fact]
    public void The_first_NIC_is_on_mmio_the_others_on_root_ports_and_the_spare_ports_stay_free()
    {
        var mac = MacAddress.Parse("02:42:0a:58:00:02");
        var args = QemuCommandLine.Build(Plan() with { Nics = [("eth0", 10, mac), ("eth1", 11, mac), ("eth2", 12, mac)], SparePorts = 8 });
        Assert.Contains("virtio-net-device,id=first-eth0,netdev=first,mac=02:42:0a:58:00:02,bus=virtio-mmio-bus.4", args);
        Assert.Contains("tap,id=first,fd=10,vhost=off", args);
        Assert.Contains("virtio-net-pci,id=nic0-eth1,netdev=net0,mac=02:42:0a:58:00:02,romfile=,bus=port0", args);
        Assert.Contains("virtio-net-pci,id=nic1-eth2,netdev=net1,mac=02:42:0a:58:00:02,romfile=,bus=port1", args);
        Assert.Equal(10, args.Count(a => a.StartsWith("pcie-root-port,", StringComparison.Ordinal)));
        Assert.Contains("pcie-root-port,id=port9,bus=pcie.0,addr=a,chassis=10,slot=10", args);
        Assert.Equal(DeviceSlot.Mmio(4), QemuCommandLine.SlotOf(0));
        Assert.Equal(DeviceSlot.PciePort(1), QemuCommandLine.SlotOf(1));
    }

    [Fact]
    public void Disks_come_as_descriptors_and_only_the_writable_one_is_locked_and_written()
    {
        var disks = QemuCommandLine.Build(Plan()).Where(a => a.StartsWith("driver=file,", StringComparison.Ordinal)).ToList();
        Assert.Contains("filename=/dev/fdset/5,read-only=on,auto-read-only=off,locking=off", disks[0], StringComparison.Ordinal);
        Assert.Contains("filename=/dev/fdset/6,read-only=off,auto-read-only=off,locking=on", disks[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Volumes_are_on_the_root_ports_behind_the_NICs_each_with_a_lock_on_its_file()
    {
        var mac = MacAddress.Parse("02:42:0a:58:00:02");
        var plan = Plan() with { Nics = [("eth0", 10, mac), ("eth1", 11, mac)], Volumes = [(12, false), (13, true)] };
        var args = QemuCommandLine.Build(plan);
        Assert.Contains("virtio-net-pci,id=nic0-eth1,netdev=net0,mac=02:42:0a:58:00:02,romfile=,bus=port0", args);
        Assert.Contains("virtio-blk-pci,id=vol1,bus=port1,drive=vol1,werror=report,rerror=report", args);
        Assert.Contains("virtio-blk-pci,id=vol2,bus=port2,drive=vol2,werror=report,rerror=report", args);
        Assert.Contains(args, a => a.Contains("node-name=vol1-file,filename=/dev/fdset/12,read-only=off,auto-read-only=off,locking=on", StringComparison.Ordinal));
        Assert.Contains(args, a => a.Contains("node-name=vol2-file,filename=/dev/fdset/13,read-only=on,auto-read-only=off,locking=on", StringComparison.Ordinal));
        Assert.Equal(11, args.Count(a => a.StartsWith("pcie-root-port,", StringComparison.Ordinal)));

        // The host's folders are one device behind them, whose other end is in the guest's memory.
        var shared = QemuCommandLine.Build(plan with { Folders = 14 });
        Assert.Contains("vhost-user-fs-pci,id=vol3,bus=port3,chardev=folders,tag=hypr", shared);
        Assert.Contains("socket,id=folders,fd=14", shared);
        Assert.Contains("memory-backend-memfd,id=ram,size=512M,share=on", shared);
        Assert.EndsWith(",memory-backend=ram", After(shared, "-machine"), StringComparison.Ordinal);
        Assert.DoesNotContain(args, a => a.Contains("memory-backend", StringComparison.Ordinal));

        // The bus has 31 places: the spare ones go first.
        var full = QemuCommandLine.Build(plan with { Volumes = [.. Enumerable.Range(12, 30).Select(fd => (fd, false))] });
        Assert.Equal(31, full.Count(a => a.StartsWith("pcie-root-port,", StringComparison.Ordinal)));
        Assert.Contains("virtio-blk-pci,id=vol30,bus=port30,drive=vol30,werror=report,rerror=report", full);
    }

    [Fact]
    public void A_process_is_known_again_by_its_folder_and_one_of_another_folder_is_not()
    {
        string[] args = ["qemu", .. QemuCommandLine.Build(Plan() with { MachineFolder = $"/var/lib/a,b/machines/{Id}" })];
        Assert.Equal(Id, QemuCommandLine.MachineOf(args, "/var/lib/a,b/machines"));
        Assert.Null(QemuCommandLine.MachineOf(args, "/var/lib/a"));
        Assert.Null(QemuCommandLine.MachineOf(["qemu", "-name"], "/var/lib/hypr/machines"));
        Assert.Null(QemuCommandLine.MachineOf(["qemu", "-name", "guest=/d/../../etc"], "/d"));
    }

    [Theory]
    [InlineData("nic3-eth1", 3, "eth1")]
    [InlineData("nic12-a-b", 12, "a-b")]
    public void A_devices_id_tells_port_and_name(string id, int port, string name) => Assert.Equal((port, name), QemuCommandLine.ParseNicId(id));

    [Theory]
    [InlineData("nic3-eth1", 3)]
    [InlineData("vol12", 12)]
    [InlineData("volx", null)]
    [InlineData("port3", null)]
    public void A_devices_id_tells_its_port(string id, int? port) => Assert.Equal(port, QemuCommandLine.ParsePort(id));

    [Theory]
    [InlineData("port3")]
    [InlineData("serial")]
    [InlineData("nic-eth0")]
    [InlineData("first-eth0")]
    public void Other_devices_are_no_NIC_on_a_port(string id) => Assert.Null(QemuCommandLine.ParseNicId(id));

    private static string After(List<string> args, string option) => args[args.IndexOf(option) + 1];

    private static QemuPlan Plan() => new()
    {
        MachineFolder = $"/var/lib/hypr/machines/{Id}",
        Name = "eager-fox-with-a-long-name",
        Accelerator = "tcg",
        Cpus = 2,
        MemoryBytes = 512L << 20,
        TscKhz = 2_445_400,
        Nics = [("eth0", 10, MacAddress.Parse("02:42:0a:58:00:02"))],
        SparePorts = 8,
    };
}
