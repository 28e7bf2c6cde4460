using Hypr.Guest.Protocol.Messages;
using Hypr.Linux;
using Hypr.Linux.Files;

namespace Hypr.Guest.Devices;

/// <summary>Virtio devices by their slots, from sysfs.</summary>
internal static class VirtioDevices
{
    private const string Platform = "/sys/bus/platform/devices";
    private const string Pci = "/sys/bus/pci/devices";
    private const string Virtio = "/sys/bus/virtio/devices";
    private const int Patience = 2_000;

    /// <summary>By number; nothing is plugged into a transport later.</summary>
    private static readonly Dictionary<int, string> Transports = [];

    /// <summary><c>virtioN</c>; null when nothing sits there (yet).</summary>
    public static string? Find(DeviceSlot slot) => slot.Bus == DeviceBus.Mmio ? FindMmio(slot.Number) : FindBehindPort(slot.Number);

    public static bool IsBound(string device) => FileTree.Exists($"{Virtio}/{device}/driver");

    /// <summary>Binds the driver unless it has the device, and gives the folder of what appeared: <c>vda</c> under <c>block</c>, <c>eth0</c> under <c>net</c>.</summary>
    public static string Bind(string device, string driver, string kind)
    {
        Bind(device, driver);
        return FileTree.Names($"{Virtio}/{device}/{kind}") is [var name, ..] ? name : throw new LinuxException($"bind {driver} to", device, Errno.ENODEV);
    }

    /// <summary>
    /// sysfs shows a device that is being plugged in before its driver may have it: until then the kernel says EAGAIN (drivers/base/dd.c, dev_ready_to_probe),
    /// or ENODEV before it is on the bus's list (drivers/base/bus.c, bind_store).
    /// </summary>
    public static void Bind(string device, string driver)
    {
        for (var deadline = Environment.TickCount64 + Patience; !IsBound(device);)
        {
            try
            {
                FileTree.Write($"/sys/bus/virtio/drivers/{driver}/bind", device);
            }
            catch (LinuxException e) when (e.Errno is Errno.EAGAIN or Errno.ENODEV && Environment.TickCount64 < deadline)
            {
                Thread.Sleep(1);
            }
        }
    }

    public static void Unbind(string device) => FileTree.Write($"{Virtio}/{device}/driver/unbind", device);

    /// <summary>The virtio device of a link; null: it is none.</summary>
    public static string? OfLink(string link) =>
        FileTree.ReadLink($"/sys/class/net/{link}/device") is { } target ? target[(target.LastIndexOf('/') + 1)..] : null;

    /// <summary>Looks at all transports, so that a saved guest knows them. QEMU's microvm describes each in ACPI as LNRO0005 with its number as _UID (hw/i386/acpi-microvm.c).</summary>
    public static void Learn()
    {
        foreach (var device in FileTree.Names(Platform))
        {
            if (device.StartsWith("LNRO0005", StringComparison.Ordinal)
                && VirtioIn($"{Platform}/{device}") is { } virtio && int.TryParse(FileTree.TryRead($"{Platform}/{device}/firmware_node/uid"), out var uid))
            {
                Transports[uid] = virtio;
            }
        }
    }

    private static string? FindMmio(int number)
    {
        if (Transports.Count == 0)
            Learn();
        return Transports.GetValueOrDefault(number);
    }

    private static string? FindBehindPort(int port)
    {
        var folder = $"{Pci}/0000:00:{port / 8:x2}.{port % 8}";
        foreach (var function in FileTree.Names(folder))
        {
            if (function.StartsWith("0000:", StringComparison.Ordinal) && function.EndsWith(".0", StringComparison.Ordinal)
                && VirtioIn($"{folder}/{function}") is { } device)
            {
                return device;
            }
        }

        return null;
    }

    private static string? VirtioIn(string folder) =>
        Array.Find(FileTree.Names(folder), static n => n.StartsWith("virtio", StringComparison.Ordinal) && n.Length > 6 && char.IsAsciiDigit(n[6]));
}
