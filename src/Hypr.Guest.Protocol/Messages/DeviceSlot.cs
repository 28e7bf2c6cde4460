using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Messages;

public enum DeviceBus : byte
{
    /// <summary>A virtio-mmio transport of QEMU's <c>microvm</c>: the N of <c>virtio-mmio-bus.N</c>.</summary>
    Mmio = 0,

    /// <summary>Behind a PCIe root port on bus 0: the port's own device number * 8 + function (<c>addr=3.1</c> is 25).</summary>
    PciePort = 1,
}

/// <summary>Where a device sits, as both ends know it before any driver does.</summary>
public readonly record struct DeviceSlot(DeviceBus Bus, ushort Number)
{
    public static DeviceSlot Mmio(int number) => new(DeviceBus.Mmio, checked((ushort)number));

    public static DeviceSlot PciePort(int device, int function = 0) => new(DeviceBus.PciePort, checked((ushort)((device * 8) + function)));

    public override string ToString() => Bus == DeviceBus.Mmio ? $"virtio-mmio-bus.{Number}" : $"PCIe port {Number / 8:x}.{Number % 8}";

    public void Encode(WireWriter w)
    {
        w.U8((byte)Bus);
        w.U16(Number);
    }

    public static DeviceSlot Decode(ref WireReader r)
    {
        var bus = (DeviceBus)r.U8();
        return bus is DeviceBus.Mmio or DeviceBus.PciePort ? new DeviceSlot(bus, r.U16()) : throw new ProtocolException($"bus {bus} is unknown");
    }
}
