using Hypr.Linux;
using Hypr.Linux.Files;
using Hypr.Linux.Mounts;
using Hypr.Linux.Power;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Guest.Boot;

/// <summary>From the kernel's start of PID 1 to an open port. Nothing here knows this VM: a template may be saved right after.</summary>
internal static class Startup
{
    private const string PortName = "hypr.agent";
    private static readonly TimeSpan PortDeadline = TimeSpan.FromSeconds(30);

    public static void MountKernelFileSystems()
    {
        foreach (var folder in (ReadOnlySpan<string>)["/proc", "/sys", "/dev", "/hypr"])
            FileTree.MakeFolders(folder);
        Mount.Add("proc", "/proc", "proc", MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec);
        Mount.Add("sysfs", "/sys", "sysfs", MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec);
        Mount.Add("devtmpfs", "/dev", "devtmpfs", MountFlags.NoSuid);
    }

    /// <summary>What speaks to the host: each line of /modules/first is a file beside it, in order.</summary>
    public static void InsertPortModules() => InsertModules("first");

    /// <summary>
    /// Disks and NICs, with their drivers bound to nothing: which device is what, the host says (drivers/base/bus.c: drivers_autoprobe). The port's driver came
    /// before and has its device.
    /// </summary>
    public static void InsertDeviceModules()
    {
        if (FileTree.Exists("/sys/bus/virtio/drivers_autoprobe"))
            FileTree.Write("/sys/bus/virtio/drivers_autoprobe", "0");
        InsertModules("then");
    }

    /// <summary>The port of the name <c>hypr.agent</c>: its driver adds it behind the module's back.</summary>
    public static SafeFileHandle OpenPort()
    {
        var deadline = Environment.TickCount64 + (long)PortDeadline.TotalMilliseconds;
        while (true)
        {
            foreach (var port in FileTree.Names("/sys/class/virtio-ports"))
            {
                if (FileTree.TryRead($"/sys/class/virtio-ports/{port}/name")?.TrimEnd('\n') == PortName)
                    return Descriptor.Open($"/dev/{port}", Descriptor.ReadWrite | Descriptor.NonBlocking);
            }

            if (Environment.TickCount64 > deadline)
                throw new LinuxException("find virtio-serial port", PortName, Errno.ENODEV);
            Thread.Sleep(1);
        }
    }

    /// <summary>Each line of the list is a file beside it, in order.</summary>
    public static void InsertModules(string list)
    {
        foreach (var name in (FileTree.TryRead("/modules/" + list) ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
            ThisMachine.InsertModule("/modules/" + name);
    }
}
