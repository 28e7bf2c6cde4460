using Hypr.Guest.Protocol.Frames;
using Hypr.Guest.Protocol.Multiplexing;

namespace Hypr.Guest.Protocol.Tests;

/// <summary>A host's and a guest's multiplexer joined by memory.</summary>
internal sealed class MultiplexerPair
{
    private readonly byte[] _buffer = new byte[2 * Frame.MaxLength];

    public MultiplexerPair(bool freshGuest = true)
    {
        Host = Multiplexer.ForHost(AtHost, freshGuest);
        Guest = Multiplexer.ForGuest(AtGuest);
    }

    public Multiplexer Host { get; private set; }

    public Multiplexer Guest { get; }

    public Record AtHost { get; private set; } = new();

    public Record AtGuest { get; } = new();

    public static MultiplexerPair Connected()
    {
        var pair = new MultiplexerPair();
        pair.Run();
        return pair;
    }

    /// <summary>Carries bytes both ways until nobody has any.</summary>
    public void Run(int piece = int.MaxValue)
    {
        while (HostToGuest(piece) + GuestToHost(piece) > 0)
        {
        }
    }

    public int HostToGuest(int piece = int.MaxValue) => Carry(Host, Guest, piece);

    public int GuestToHost(int piece = int.MaxValue) => Carry(Guest, Host, piece);

    /// <summary>Takes what the host would send next without giving it to the guest.</summary>
    public byte[] TakeFromHost() => _buffer[..Host.Fill(_buffer)];

    public byte[] TakeFromGuest() => _buffer[..Guest.Fill(_buffer)];

    /// <summary>Another hyprd opens the port.</summary>
    public void Reconnect()
    {
        AtHost = new Record();
        Host = Multiplexer.ForHost(AtHost, freshGuest: false);
    }

    private int Carry(Multiplexer from, Multiplexer to, int piece)
    {
        var count = from.Fill(_buffer);
        var copy = _buffer[..count];
        for (var i = 0; i < count; i += piece)
        {
            to.Receive(copy.AsSpan(i, Math.Min(piece, count - i)));
            if (piece == int.MaxValue)
                break;
        }

        return count;
    }

    internal sealed class Record : IMultiplexerHandler
    {
        public int Connections { get; private set; }

        public List<byte[]> Messages { get; } = [];

        public Dictionary<uint, List<byte>> Bytes { get; } = [];

        public List<uint> Ended { get; } = [];

        public List<uint> StoppedStreams { get; } = [];

        public List<uint> WritableStreams { get; } = [];

        public void Connected() => Connections++;

        public int Disconnections { get; private set; }

        public void Disconnected() => Disconnections++;

        public void Control(ReadOnlySpan<byte> message) => Messages.Add(message.ToArray());

        public void Data(uint stream, ReadOnlySpan<byte> bytes)
        {
            if (!Bytes.TryGetValue(stream, out var list))
                Bytes[stream] = list = [];
            list.AddRange(bytes);
        }

        public void End(uint stream) => Ended.Add(stream);

        public void Stopped(uint stream) => StoppedStreams.Add(stream);

        public void Writable(uint stream) => WritableStreams.Add(stream);
    }
}
