namespace Hypr.Api.Client;

/// <summary>
/// The connection after 101: what the client writes is the process's stdin, and what it reads is the process's output, raw with a terminal
/// and else in frames (<see cref="StreamFrames"/>). One thread may read while another writes.
/// </summary>
public sealed class HijackedStream : IDisposable
{
    private readonly HttpWire _wire;

    internal HijackedStream(HttpWire wire) => _wire = wire;

    /// <summary>Up to as many bytes as fit; 0 is the end.</summary>
    public int Read(Span<byte> into) => _wire.Read(into);

    /// <exception cref="IOException">The other side has closed.</exception>
    public void Write(ReadOnlySpan<byte> bytes) => _wire.Send(bytes);

    /// <summary>The end of stdin; output still arrives.</summary>
    public void CloseWrite() => _wire.CloseSending();

    public void Dispose() => _wire.Dispose();
}
