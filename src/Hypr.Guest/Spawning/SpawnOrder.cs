using Hypr.Guest.Protocol.Messages;
using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Spawning;

/// <summary>What the agent tells the child that will become a process.</summary>
/// <param name="IsFirst">The image's process: it makes the container's mounts and is its init.</param>
internal sealed record SpawnOrder(
    bool IsFirst, string Hostname, ProcessSpecification Process, string? Terminal, bool ReadOnlyRoot, IReadOnlyDictionary<string, string> Tmpfs)
{
    public IReadOnlyList<VolumeConfiguration> Volumes { get; init; } = [];

    /// <summary>Of /dev/shm; 0: Docker's 64 MB.</summary>
    public ulong SharedMemoryBytes { get; init; }

    /// <summary>It is in the container already: the container's own init starts it.</summary>
    public bool IsInside { get; init; }

    /// <summary>Where the files are found whose content the agent keeps, in its order.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>What the host shares, in its order.</summary>
    public IReadOnlyList<FolderMountPoint> Folders { get; init; } = [];

    public byte[] Encode()
    {
        var w = new WireWriter();
        w.Bool(IsFirst);
        w.Text(Hostname);
        w.Nested(Process.Encode);
        w.OptionalText(Terminal);
        w.Bool(ReadOnlyRoot);
        w.Pairs(Tmpfs);
        w.U32((uint)Volumes.Count);
        foreach (var volume in Volumes)
            w.Nested(volume.Encode);
        w.Texts(Files);
        FolderMountPoint.EncodeAll(w, Folders);
        w.U64(SharedMemoryBytes);
        w.Bool(IsInside);
        return w.Written.ToArray();
    }

    public static SpawnOrder Decode(ReadOnlySpan<byte> bytes)
    {
        var r = new WireReader(bytes);
        var isFirst = r.Bool();
        var hostname = r.Text();
        var nested = new WireReader(r.Bytes());
        var order = new SpawnOrder(isFirst, hostname, ProcessSpecification.Decode(ref nested), r.OptionalText(), r.Bool(), r.Pairs());
        var volumes = new VolumeConfiguration[r.Count(12)];
        for (var i = 0; i < volumes.Length; i++)
        {
            nested = new WireReader(r.Bytes());
            volumes[i] = VolumeConfiguration.Decode(ref nested);
        }

        return order with
        {
            Volumes = volumes,
            Files = r.Texts(),
            Folders = FolderMountPoint.DecodeAll(ref r),
            SharedMemoryBytes = r.U64(),
            IsInside = r.Bool(),
        };
    }
}
