using System.IO.Compression;
using Hypr.Primitives;

namespace Hypr.Daemon.Http;

/// <summary>An archive as a client sends it: plain, or packed with gzip, which is told by its first bytes (Docker's archives are).</summary>
internal static class Unpacked
{
    public static Stream Of(Stream body, string? encoding) => encoding switch
    {
        null or "" or "identity" => new Sniffed(body),
        "gzip" => new GZipStream(body, CompressionMode.Decompress),
        _ => throw HyprException.Invalid($"Content-Encoding {encoding}: a tar is due, plain or with gzip"),
    };

    private sealed class Sniffed(Stream body) : Stream
    {
        private readonly byte[] _head = new byte[2];
        private Stream? _tar;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_tar is null)
            {
                var count = await body.ReadAtLeastAsync(_head, _head.Length, throwOnEndOfStream: false, cancellationToken);
                var whole = new Prefixed(_head.AsMemory(0, count), body);
                _tar = _head is [0x1F, 0x8B] ? new GZipStream(whole, CompressionMode.Decompress) : whole;
            }

            try
            {
                return await _tar.ReadAsync(buffer, cancellationToken);
            }
            catch (InvalidDataException e)
            {
                throw HyprException.Invalid($"the archive cannot be unpacked: {e.Message}");
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }

    private sealed class Prefixed(ReadOnlyMemory<byte> first, Stream rest) : Stream
    {
        private ReadOnlyMemory<byte> _first = first;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_first.IsEmpty)
            {
                return await rest.ReadAsync(buffer, cancellationToken);
            }

            var count = Math.Min(_first.Length, buffer.Length);
            _first[..count].CopyTo(buffer);
            _first = _first[count..];
            return count;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
