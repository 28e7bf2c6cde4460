using Hypr.Linux.Power;

namespace Hypr.Guest.Processes;

/// <summary>One of the two outputs of the image's process.</summary>
internal sealed class RingSink(OutputRing ring, byte stream, Action ended) : IOutputSink
{
    public int Room => ring.Room;

    public void Take(ReadOnlySpan<byte> bytes) => ring.Add(stream, bytes, ThisMachine.UnixNanoseconds);

    public void End() => ended();
}
