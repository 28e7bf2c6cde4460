using System.Security.Cryptography;
using Hypr.Guest.Protocol.Host;
using Hypr.Guest.Protocol.Messages;
using Hypr.Machines.Vmm;
using Hypr.Primitives;

namespace Hypr.Machines.Agent;

/// <summary>From what the engine asks for to what the agent is told, and back.</summary>
internal static class GuestWords
{
    private const int MostCharacters = 1000;
    private const int EntropyBytes = 256;

    /// <param name="nics">So many of its NICs are there; the others are told of when they are.</param>
    public static GuestConfiguration Configuration(MachineSpec spec, IVmmProcess vmm, int nics, TimeSpan exitDeadline, TimeProvider clock) => new()
    {
        Names = Names(spec.Guest.Hostname, spec.Guest.Domainname, spec.Guest.Hosts, spec.Guest.Resolver),
        ImageDisk = vmm.RootSlot,
        WritableDisk = vmm.WritableSlot,
        ReadOnlyRoot = spec.Guest.ReadOnlyRoot,
        SharedMemoryBytes = (ulong)spec.Guest.SharedMemoryBytes,
        Nics = [.. spec.Nics.Take(nics).Select((nic, i) => Nic(nic.Guest, vmm.NicSlot(i)))],
        Sysctls = spec.Guest.Sysctls,
        Tmpfs = spec.Guest.Tmpfs,
        Volumes = [.. spec.Volumes.Select((volume, i) => Volume(volume, vmm.VolumeSlot(i)))],
        Files = [.. spec.Guest.Files.Select(f => new FileConfiguration(f.Target, f.Content.ToArray(), f.User, f.Group, f.Mode))],
        Folders = spec.Folders.Count == 0 ? null
            : new FoldersConfiguration(vmm.FoldersSlot, [.. spec.Folders.Select(f => new FolderMountPoint(f.Target, f.ReadOnly))]),
        Entropy = RandomNumberGenerator.GetBytes(EntropyBytes),
        UnixTimeNanoseconds = (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100,
        ExitDeadline = exitDeadline,
        // machine-id(5): 32 hex digits, the same for as long as the machine is; its own id is random, and so is each half of it.
        MachineId = spec.Id[..32],
    };

    public static VolumeConfiguration Volume(MachineVolume volume, DeviceSlot slot) => new()
    {
        Slot = slot,
        Name = volume.Name,
        IsDiskReadOnly = !volume.WritesDisk,
        Mounts = [.. volume.Mounts.Select(mount => new VolumeMountPoint(mount.Target, mount.ReadOnly, mount.CopyImage))],
    };

    public static NamesConfiguration Names(
        string hostname, string? domainname, IReadOnlyList<HostsEntry> hosts, ResolvConf resolver) => new()
        {
            Hostname = hostname,
            Domainname = string.IsNullOrEmpty(domainname) ? null : domainname,
            Hosts = [.. hosts.Select(entry => (entry.Address, entry.Names))],
            Nameservers = resolver.Nameservers,
            Search = resolver.Search,
            ResolverOptions = resolver.Options,
        };

    public static NicConfiguration Nic(GuestNic nic, DeviceSlot slot) => new()
    {
        Slot = slot,
        Name = nic.Name,
        Mac = nic.Mac.ToBytes(),
        Mtu = nic.Mtu,
        Addresses = [.. nic.Addresses.Select(address => new NicAddress(address.Address, address.PrefixLength))],
        Gateway4 = nic.Gateway4,
        Gateway6 = nic.Gateway6,
        ReturnGateway4 = nic.ReturnGateway4,
        ReturnGateway6 = nic.ReturnGateway6,
    };

    public static ProcessSpecification Process(GuestProcess process) => new()
    {
        Args = process.Args,
        Env = process.Env,
        User = process.User,
        WorkingDir = process.WorkingDir,
        Tty = process.Tty,
        OpenStdin = process.OpenStdin,
        IsTool = process.IsTool,
        Rights = process.Rights,
        HasInit = process.HasInit,
        Rows = process.Rows,
        Columns = process.Columns,
    };

    /// <summary>
    /// A refusal, in the agent's words (Docker's where the image's command is at fault); the guest is not trusted with a terminal's
    /// control characters.
    /// </summary>
    public static HyprException Refused(GuestException refusal) =>
        new(ErrorKind.InvalidParameter, LastWords.Printable(refusal.Message, 4, MostCharacters), refusal);

    public static HyprException Unreachable(string name, Exception why) =>
        HyprException.Unavailable($"the agent of {name} does not answer: {LastWords.Printable(why.Message, 4, MostCharacters)}", why);
}
