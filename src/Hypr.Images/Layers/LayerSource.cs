using System.Security.Cryptography;
using Hypr.Tar;

namespace Hypr.Images.Layers;

/// <summary>The bytes of a layer's tar as they are unpacked: hashed and copied to a file once. What stands behind the end of the archive counts for the digest.</summary>
internal sealed class LayerSource(Stream tar, IncrementalHash? hash, Stream? copy, Action<long> unpacked, CancellationToken cancel)
    : StreamSource(tar, 256 << 10)
{
    private readonly Stream _tar = tar;
    private long _total;

    protected override int Read(byte[] buffer)
    {
        cancel.ThrowIfCancellationRequested();
        int count;
        try
        {
            count = _tar.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        }
        catch (Exception e) when (e is InvalidDataException or ZstdSharp.ZstdException or EndOfStreamException)
        {
            throw new MalformedException($"it cannot be unpacked ({e.Message.TrimEnd('.')})", e);
        }

        hash?.AppendData(buffer, 0, count);
        copy?.Write(buffer, 0, count);
        _total += count;
        if (count > 0)
            unpacked(_total);
        return count;
    }
}
