using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Messages;

/// <summary>What stands at a path of the guest's.</summary>
/// <param name="Mode">st_mode: type and permissions.</param>
/// <param name="Target">Where a symbolic link leads in the end, from the root; else empty.</param>
public sealed record PathStatus(string Name, long Size, uint Mode, long ModifiedSeconds, uint ModifiedNanoseconds, string Target)
{
    public void Encode(WireWriter w)
    {
        w.Text(Name);
        w.I64(Size);
        w.U32(Mode);
        w.I64(ModifiedSeconds);
        w.U32(ModifiedNanoseconds);
        w.Text(Target);
    }

    public static PathStatus Decode(ref WireReader r) => new(r.Text(), r.I64(), r.U32(), r.I64(), r.U32(), r.Text());
}
