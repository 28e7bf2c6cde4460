using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Messages;

/// <summary>What the image's processes use now, by their control group.</summary>
/// <param name="InactiveFile">Of the memory: file pages that go first when it is wanted.</param>
/// <param name="MemoryLimit">memory.max; 0: none.</param>
public readonly record struct GuestUsage(long Memory, long InactiveFile, long MemoryLimit, long Processes)
{
    public void Encode(WireWriter w)
    {
        w.I64(Memory);
        w.I64(InactiveFile);
        w.I64(MemoryLimit);
        w.I64(Processes);
    }

    public static GuestUsage Decode(ref WireReader r) => new(r.I64(), r.I64(), r.I64(), r.I64());
}
