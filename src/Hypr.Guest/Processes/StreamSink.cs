using Hypr.Guest.Protocol.Multiplexing;

namespace Hypr.Guest.Processes;

/// <summary>An exec's output, as it is, on a stream. When the host wants no more of it, or is gone, it is dropped.</summary>
internal sealed class StreamSink(OutgoingStream to) : IOutputSink
{
    public int Room
    {
        get
        {
            var room = to.Room;
            if (room == 0)
                to.WantRoom();
            return room;
        }
    }

    public void Take(ReadOnlySpan<byte> bytes) => to.Write(bytes);

    public void End() => to.End();
}
