using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Hypr.Linux.Files;
using Hypr.Machines.Vmm;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Machines.Templates;

/// <summary>
/// A template on disk: magic, header (length, JSON), the state, the memory's pieces that are not zero (offset, length, bytes; offset -1 ends them),
/// and the SHA-256 of all that. Numbers are little-endian. It is read into sealed memory, so nothing that happens to the file later reaches a VM.
/// </summary>
internal static class TemplateFile
{
    private const int MostHeaderBytes = 64 * 1024;
    private const int MostStateBytes = 16 << 20;
    private const int PieceBytes = 256 * 1024;
    private const int PageBytes = 4096;
    private const int PieceHeaderBytes = 12;

    private static ReadOnlySpan<byte> Magic => "HYPRTPL1"u8;

    public static void Write(Stream to, Template template)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var header = JsonSerializer.SerializeToUtf8Bytes(template.Header, MachinesJson.Default.TemplateHeader);
        var number = new byte[PieceHeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(number, header.Length);
        Put(Magic);
        Put(number.AsSpan(0, 4));
        Put(header);
        Put(template.Guest.State.Span);
        var buffer = new byte[PieceBytes];
        for (long at = 0; at < template.Header.MemoryBytes; at += buffer.Length)
        {
            var piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, template.Header.MemoryBytes - at));
            ReadExactly(template.Guest.Memory, piece, at);
            for (var (start, end) = (0, 0); start < piece.Length; start = end)
            {
                var isZero = IsZero(piece, start);
                for (end = start; end < piece.Length && IsZero(piece, end) == isZero;)
                    end += PageBytes;
                end = Math.Min(end, piece.Length);
                if (isZero)
                    continue;
                BinaryPrimitives.WriteInt64LittleEndian(number, at + start);
                BinaryPrimitives.WriteInt32LittleEndian(number.AsSpan(8), end - start);
                Put(number);
                Put(piece[start..end]);
            }
        }

        BinaryPrimitives.WriteInt64LittleEndian(number, -1);
        Put(number.AsSpan(0, 8));
        to.Write(hash.GetHashAndReset());

        void Put(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(bytes);
            to.Write(bytes);
        }
    }

    /// <exception cref="InvalidDataException">It is no template, or not whole.</exception>
    public static Template Read(Stream from)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var header = ReadHeader(from, hash);
        SafeFileHandle? memory = null;
        try
        {
            var state = new byte[header.StateBytes];
            Take(from, hash, state);
            memory = SealedMemory.Make(header.MemoryBytes);
            var (buffer, number) = (new byte[PieceBytes], new byte[PieceHeaderBytes]);
            while (true)
            {
                Take(from, hash, number.AsSpan(0, 8));
                var offset = BinaryPrimitives.ReadInt64LittleEndian(number);
                if (offset == -1)
                    break;
                Take(from, hash, number.AsSpan(8));
                var length = BinaryPrimitives.ReadInt32LittleEndian(number.AsSpan(8));
                if (offset < 0 || length is <= 0 or > PieceBytes || offset > header.MemoryBytes - length)
                    throw new InvalidDataException("a piece lies outside of the memory");
                Take(from, hash, buffer.AsSpan(0, length));
                RandomAccess.Write(memory, buffer.AsSpan(0, length), offset);
            }

            var sum = new byte[SHA256.HashSizeInBytes];
            if (from.ReadAtLeast(sum, sum.Length, throwOnEndOfStream: false) != sum.Length || !hash.GetHashAndReset().AsSpan().SequenceEqual(sum))
                throw new InvalidDataException("its checksum is wrong");
            SealedMemory.Seal(memory);
            return new Template(header, new SavedGuest(memory, state));
        }
        catch
        {
            memory?.Dispose();
            throw;
        }
    }

    /// <exception cref="InvalidDataException">It is no template.</exception>
    public static TemplateHeader ReadHeader(Stream from, IncrementalHash? hash = null)
    {
        var start = new byte[Magic.Length + 4];
        Take(from, hash, start);
        var length = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(Magic.Length));
        if (!start.AsSpan(0, Magic.Length).SequenceEqual(Magic) || length is <= 0 or > MostHeaderBytes)
            throw new InvalidDataException("it is no template");
        var text = new byte[length];
        Take(from, hash, text);
        try
        {
            return JsonSerializer.Deserialize(text, MachinesJson.Default.TemplateHeader)
                is { Cpus: > 0, MemoryBytes: > 0, StateBytes: > 0 and <= MostStateBytes } header
                ? header
                : throw new InvalidDataException("its header makes no sense");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException("its header is not JSON", e);
        }
    }

    private static void Take(Stream from, IncrementalHash? hash, Span<byte> to)
    {
        if (from.ReadAtLeast(to, to.Length, throwOnEndOfStream: false) != to.Length)
            throw new InvalidDataException("it is cut short");
        hash?.AppendData(to);
    }

    private static bool IsZero(ReadOnlySpan<byte> piece, int page) =>
        !piece[page..Math.Min(page + PageBytes, piece.Length)].ContainsAnyExcept((byte)0);

    private static void ReadExactly(SafeFileHandle file, Span<byte> to, long at)
    {
        while (!to.IsEmpty)
        {
            var count = RandomAccess.Read(file, to, at);
            if (count == 0)
                throw new InvalidDataException("the memory is shorter than it shall be");
            to = to[count..];
            at += count;
        }
    }
}
