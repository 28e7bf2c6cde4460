using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Messages;

/// <summary>Everything that a guest is told once, before its process starts.</summary>
public sealed record GuestConfiguration
{
    public required NamesConfiguration Names { get; init; }

    /// <summary>The disk with the image's squashfs.</summary>
    public required DeviceSlot ImageDisk { get; init; }

    /// <summary>The disk with an ext4 for what is written; null: memory.</summary>
    public DeviceSlot? WritableDisk { get; init; }
    public bool ReadOnlyRoot { get; init; }
    public IReadOnlyList<NicConfiguration> Nics { get; init; } = [];
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();

    /// <summary>Mount point to options, as <c>docker run --tmpfs</c>.</summary>
    public IReadOnlyDictionary<string, string> Tmpfs { get; init; } = new Dictionary<string, string>();

    /// <summary>Of /dev/shm; 0: Docker's 64 MB.</summary>
    public ulong SharedMemoryBytes { get; init; }

    /// <summary>Random bytes for the guest's kernel, at most 512; credited as full entropy.</summary>
    public byte[] Entropy { get; init; } = [];

    /// <summary>Nanoseconds since 1970, UTC; 0: the guest's clock is left alone.</summary>
    public long UnixTimeNanoseconds { get; init; }

    /// <summary>How long a guest whose process has ended waits for the host's acknowledgement before it powers off by itself.</summary>
    public TimeSpan ExitDeadline { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>machine-id(5); empty: the image's own.</summary>
    public string MachineId { get; init; } = "";

    /// <summary>Further disks.</summary>
    public IReadOnlyList<VolumeConfiguration> Volumes { get; init; } = [];
    public IReadOnlyList<FileConfiguration> Files { get; init; } = [];

    /// <summary>Folders and files of the host; null: none.</summary>
    public FoldersConfiguration? Folders { get; init; }

    public void Encode(WireWriter w)
    {
        w.Nested(Names.Encode);
        ImageDisk.Encode(w);
        w.Bool(WritableDisk is not null);
        WritableDisk?.Encode(w);
        w.Bool(ReadOnlyRoot);
        w.U32((uint)Nics.Count);
        foreach (var nic in Nics)
            w.Nested(nic.Encode);
        w.Pairs(Sysctls);
        w.Pairs(Tmpfs);
        w.Bytes(Entropy);
        w.I64(UnixTimeNanoseconds);
        w.U32((uint)Math.Clamp(ExitDeadline.TotalSeconds, 0, uint.MaxValue));
        w.Text(MachineId);
        w.U32((uint)Volumes.Count);
        foreach (var volume in Volumes)
            w.Nested(volume.Encode);
        w.U32((uint)Files.Count);
        foreach (var file in Files)
            w.Nested(file.Encode);
        w.Bool(Folders is not null);
        Folders?.Encode(w);
        w.U64(SharedMemoryBytes);
    }

    public static GuestConfiguration Decode(ref WireReader r)
    {
        var nested = new WireReader(r.Bytes());
        var names = NamesConfiguration.Decode(ref nested);
        var image = DeviceSlot.Decode(ref r);
        DeviceSlot? writable = r.Bool() ? DeviceSlot.Decode(ref r) : null;
        var readOnly = r.Bool();
        var nics = new NicConfiguration[r.Count(20)];
        for (var i = 0; i < nics.Length; i++)
        {
            nested = new WireReader(r.Bytes());
            nics[i] = NicConfiguration.Decode(ref nested);
        }

        var configuration = new GuestConfiguration
        {
            Names = names,
            ImageDisk = image,
            WritableDisk = writable,
            ReadOnlyRoot = readOnly,
            Nics = nics,
            Sysctls = r.Pairs(),
            Tmpfs = r.Pairs(),
            Entropy = r.Bytes().ToArray(),
            UnixTimeNanoseconds = r.I64(),
            ExitDeadline = TimeSpan.FromSeconds(r.U32()),
            MachineId = r.AtEnd ? "" : r.Text(),
        };
        if (r.AtEnd)
            return configuration;
        var volumes = new VolumeConfiguration[r.Count(12)];
        for (var i = 0; i < volumes.Length; i++)
        {
            nested = new WireReader(r.Bytes());
            volumes[i] = VolumeConfiguration.Decode(ref nested);
        }

        var files = new FileConfiguration[r.Count(24)];
        for (var i = 0; i < files.Length; i++)
        {
            nested = new WireReader(r.Bytes());
            files[i] = FileConfiguration.Decode(ref nested);
        }

        configuration = configuration with { Volumes = volumes, Files = files };
        if (r.AtEnd)
            return configuration;
        configuration = configuration with { Folders = r.Bool() ? FoldersConfiguration.Decode(ref r) : null };
        return r.AtEnd ? configuration : configuration with { SharedMemoryBytes = r.U64() };
    }
}
