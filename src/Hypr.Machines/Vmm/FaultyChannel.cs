using Hypr.Primitives;

namespace Hypr.Machines.Vmm;

/// <summary>The way to an agent with failures on purpose: before its next words the VMM dies, or the agent hears them and says nothing any more.</summary>
internal sealed class FaultyChannel(Stream channel, Faults faults, Action kill) : Stream
{
    private volatile bool _isSilent;

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancel = default)
    {
        var count = await channel.ReadAsync(buffer, cancel);
        if (_isSilent && count > 0)
        {
            // The end of the VMM still shows: it closes the channel.
            while (count > 0)
                count = await channel.ReadAsync(buffer, cancel);
        }

        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancel = default)
    {
        if (faults.Fails(Seam.VmmDies))
            kill();
        if (faults.Fails(Seam.AgentHangs))
            _isSilent = true;
        await channel.WriteAsync(buffer, cancel);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancel) => ReadAsync(buffer.AsMemory(offset, count), cancel).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancel) => WriteAsync(buffer.AsMemory(offset, count), cancel).AsTask();

    public override Task FlushAsync(CancellationToken cancel) => channel.FlushAsync(cancel);

    public override void Flush() => channel.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            channel.Dispose();
        base.Dispose(disposing);
    }
}
