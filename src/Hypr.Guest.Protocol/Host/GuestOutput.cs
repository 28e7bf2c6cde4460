using Hypr.Guest.Protocol.Messages;

namespace Hypr.Guest.Protocol.Host;

/// <summary>A piece of the image's process's output.</summary>
/// <param name="Stream">1 stdout (with a tty everything), 2 stderr.</param>
/// <param name="Position">Of its first byte in the whole output; the next piece begins at Position + length unless bytes were lost.</param>
/// <param name="Lost">Bytes that were lost before it, because no host took them in time.</param>
/// <param name="Data">Valid until the next read.</param>
public readonly record struct GuestOutputPiece(byte Stream, DateTimeOffset Time, ulong Position, ulong Lost, ReadOnlyMemory<byte> Data);

/// <summary>The image's process's output. Disposing it lets the guest keep what comes (in a bounded ring) for a later one.</summary>
public sealed class GuestOutput : IAsyncDisposable
{
    private readonly GuestReadStream _stream;
    private readonly byte[] _header = new byte[OutputRecord.HeaderLength];
    private readonly byte[] _data = new byte[OutputRecord.MaxLength];
    private ulong _next;

    internal GuestOutput(GuestReadStream stream, ulong from)
    {
        _stream = stream;
        _next = from;
    }

    /// <summary>The next piece; null: all output was read, the process has ended.</summary>
    /// <exception cref="IOException">The connection ended: go on at the position reached over a new one.</exception>
    /// <exception cref="ProtocolException">What came is no output.</exception>
    public async ValueTask<GuestOutputPiece?> ReadAsync(CancellationToken cancel)
    {
        var count = await _stream.ReadAtLeastAsync(_header, _header.Length, throwOnEndOfStream: false, cancel);
        if (count == 0)
            return null;
        if (count < _header.Length)
            throw new ProtocolException("the output ends in a record's header");
        var record = OutputRecord.Decode(_header);
        await _stream.ReadExactlyAsync(_data.AsMemory(0, record.Length), cancel);
        var lost = record.Position > _next ? record.Position - _next : 0;
        _next = unchecked(record.Position + (ulong)record.Length);
        var time = DateTimeOffset.UnixEpoch.AddTicks(Math.Clamp(record.UnixTimeNanoseconds, 0, long.MaxValue) / 100);
        return new GuestOutputPiece(record.Stream, time, record.Position, lost, _data.AsMemory(0, record.Length));
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
