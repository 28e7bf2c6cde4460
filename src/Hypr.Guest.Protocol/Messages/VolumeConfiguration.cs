using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Messages;

/// <summary>A disk with a volume's ext4, and where in the container it is found.</summary>
public sealed record VolumeConfiguration
{
    public required DeviceSlot Slot { get; init; }

    /// <summary>For messages.</summary>
    public required string Name { get; init; }

    /// <summary>The disk cannot be written to: it is in order, and others may read it at the same time.</summary>
    public bool IsDiskReadOnly { get; init; }
    public required IReadOnlyList<VolumeMountPoint> Mounts { get; init; }

    public void Encode(WireWriter w)
    {
        Slot.Encode(w);
        w.Text(Name);
        w.Bool(IsDiskReadOnly);
        w.U32((uint)Mounts.Count);
        foreach (var mount in Mounts)
            w.Nested(mount.Encode);
    }

    public static VolumeConfiguration Decode(ref WireReader r)
    {
        var slot = DeviceSlot.Decode(ref r);
        var name = r.Text();
        var isReadOnly = r.Bool();
        var mounts = new VolumeMountPoint[r.Count(10)];
        for (var i = 0; i < mounts.Length; i++)
        {
            var nested = new WireReader(r.Bytes());
            mounts[i] = VolumeMountPoint.Decode(ref nested);
        }

        return new VolumeConfiguration { Slot = slot, Name = name, IsDiskReadOnly = isReadOnly, Mounts = mounts };
    }
}

/// <param name="CopyImage">What the image has there is copied into the volume while that is empty.</param>
public readonly record struct VolumeMountPoint(string Target, bool ReadOnly, bool CopyImage)
{
    public void Encode(WireWriter w)
    {
        w.Text(Target);
        w.Bool(ReadOnly);
        w.Bool(CopyImage);
    }

    public static VolumeMountPoint Decode(ref WireReader r) => new(r.Text(), r.Bool(), r.Bool());
}

/// <summary>A file that is kept in the guest's memory and found, read-only, at its place in the container.</summary>
public sealed record FileConfiguration(string Target, byte[] Content, uint User, uint Group, uint Mode)
{
    public void Encode(WireWriter w)
    {
        w.Text(Target);
        w.Bytes(Content);
        w.U32(User);
        w.U32(Group);
        w.U32(Mode);
    }

    public static FileConfiguration Decode(ref WireReader r) => new(r.Text(), r.Bytes().ToArray(), r.U32(), r.U32(), r.U32());
}
