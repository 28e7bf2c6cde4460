namespace Hypr.Guest.Protocol.Multiplexing;

/// <summary>What comes out of a <see cref="Multiplexer"/>. Spans are valid during the call only.</summary>
public interface IMultiplexerHandler
{
    /// <summary>A connection stands, and all streams of an earlier one are gone. The agent says hello now.</summary>
    void Connected();

    /// <summary>At the guest: the connection is no more, its streams are gone. A new one may follow at once.</summary>
    void Disconnected();

    void Control(ReadOnlySpan<byte> message);

    /// <summary>Bytes of a stream; call <see cref="Multiplexer.Consumed"/> when they are used up, or the sender stalls.</summary>
    void Data(uint stream, ReadOnlySpan<byte> bytes);

    /// <summary>No more bytes come.</summary>
    void End(uint stream);

    /// <summary>The other side wants no more bytes of ours.</summary>
    void Stopped(uint stream);

    /// <summary>There is room again for bytes of ours.</summary>
    void Writable(uint stream);
}
