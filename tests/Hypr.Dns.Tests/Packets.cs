using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Hypr.Dns.Tests;

/// <summary>Questions and answers in wire form, written and read independently of the server's own code.</summary>
internal static class Packets
{
    public static byte[] Query(string name, ushort type = 1, ushort id = 0x1234, ushort flags = 0x0100, byte[]? opt = null,
        ushort @class = 1)
    {
        var bytes = new List<byte>();
        Word(bytes, id);
        Word(bytes, flags);
        Word(bytes, 1);
        Word(bytes, 0);
        Word(bytes, 0);
        Word(bytes, (ushort)(opt is null ? 0 : 1));
        Name(bytes, name);
        Word(bytes, type);
        Word(bytes, @class);
        bytes.AddRange(opt ?? []);
        return [.. bytes];
    }

    public static byte[] Opt(ushort size = 1232, byte version = 0, bool dnssecOk = false, params byte[] options) =>
        [0, 0, 41, (byte)(size >> 8), (byte)size, 0, version, (byte)(dnssecOk ? 0x80 : 0), 0, (byte)(options.Length >> 8),
            (byte)options.Length, .. options];

    /// <summary>An answer to a question, as an upstream would give it.</summary>
    public static byte[] Response(ReadOnlySpan<byte> query, ushort flags, byte[][] answers, byte[][]? authorities = null,
        byte[][]? additional = null)
    {
        var end = 12;
        while (query[end] != 0)
        {
            end += query[end] + 1;
        }

        end += 5;
        var bytes = new List<byte>(query[..2].ToArray());
        Word(bytes, (ushort)(0x8000 | flags));
        Word(bytes, 1);
        Word(bytes, (ushort)answers.Length);
        Word(bytes, (ushort)(authorities?.Length ?? 0));
        Word(bytes, (ushort)(additional?.Length ?? 0));
        bytes.AddRange(query[12..end].ToArray());
        foreach (var record in (byte[][])[.. answers, .. authorities ?? [], .. additional ?? []])
        {
            bytes.AddRange(record);
        }

        return [.. bytes];
    }

    /// <summary>A record owned by the question's name.</summary>
    public static byte[] Record(ushort type, uint ttl, params byte[] data)
    {
        var bytes = new List<byte> { 0xc0, 12 };
        Word(bytes, type);
        Word(bytes, 1);
        Word(bytes, (ushort)(ttl >> 16));
        Word(bytes, (ushort)ttl);
        Word(bytes, (ushort)data.Length);
        bytes.AddRange(data);
        return [.. bytes];
    }

    public static byte[] Soa(uint ttl, uint minimum) =>
        Record(6, ttl, [0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, (byte)(minimum >> 24), (byte)(minimum >> 16),
            (byte)(minimum >> 8), (byte)minimum]);

    public static void Name(List<byte> bytes, string name)
    {
        foreach (var label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            bytes.Add((byte)label.Length);
            bytes.AddRange(Encoding.Latin1.GetBytes(label));
        }

        bytes.Add(0);
    }

    public static void Word(List<byte> bytes, ushort value)
    {
        bytes.Add((byte)(value >> 8));
        bytes.Add((byte)value);
    }
}

internal sealed record Record(string Name, ushort Type, uint Ttl, string Data);

/// <summary>An answer as read.</summary>
internal sealed class Answer
{
    private readonly byte[] bytes;
    private int position = 12;

    public Answer(byte[] bytes)
    {
        this.bytes = bytes;
        Id = Word(0);
        Flags = Word(2);
        if (Word(4) == 1)
        {
            Question = ReadName();
            position += 4;
        }

        Answers = Read(Word(6));
        Authorities = Read(Word(8));
        Additional = Read(Word(10));
        Assert.Equal(bytes.Length, position);
    }

    public int Length => bytes.Length;

    public ushort Id { get; }

    public ushort Flags { get; }

    public string? Question { get; }

    public Record[] Answers { get; }

    public Record[] Authorities { get; }

    public Record[] Additional { get; }

    public int Code => (Flags & 15) | (Opt is null ? 0 : (int)(Opt.Ttl >> 24) << 4);

    public bool IsTruncated => (Flags & 0x200) != 0;

    public bool IsAuthoritative => (Flags & 0x400) != 0;

    public Record? Opt => Array.Find(Additional, r => r.Type == 41);

    public string[] Data => [.. Answers.Select(r => r.Data)];

    private ushort Word(int offset) => BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(offset));

    private Record[] Read(int count) => [.. Enumerable.Range(0, count).Select(_ => ReadRecord())];

    private Record ReadRecord()
    {
        var name = ReadName();
        var type = Word(position);
        var ttl = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(position + 4));
        int length = Word(position + 8);
        position += 10;
        var end = position + length;
        var data = type switch
        {
            1 or 28 => new IPAddress(bytes.AsSpan(position, length)).ToString(),
            2 or 12 => ReadName(),
            6 => $"{ReadName()} {ReadName()}",
            33 => $"{Word(position)} {Word(position + 2)} {Word(position + 4)} {NameAt(position + 6)}",
            16 => string.Join('|', Strings(position, end)),
            _ => Convert.ToHexStringLower(bytes.AsSpan(position, length)),
        };
        position = end;
        return new Record(name, type, ttl, data);
    }

    private IEnumerable<string> Strings(int from, int to)
    {
        for (var at = from; at < to; at += bytes[at] + 1)
        {
            yield return Encoding.ASCII.GetString(bytes, at + 1, bytes[at]);
        }
    }

    private string NameAt(int offset)
    {
        var saved = position;
        position = offset;
        var name = ReadName();
        position = saved;
        return name;
    }

    private string ReadName()
    {
        var text = new StringBuilder();
        var at = position;
        var jumped = false;
        while (bytes[at] != 0)
        {
            if (bytes[at] >= 0xc0)
            {
                var target = ((bytes[at] & 0x3f) << 8) | bytes[at + 1];
                position = jumped ? position : at + 2;
                jumped = true;
                at = target;
                continue;
            }

            text.Append(Encoding.Latin1.GetString(bytes, at + 1, bytes[at])).Append('.');
            at += bytes[at] + 1;
        }

        position = jumped ? position : at + 1;
        return text.Length == 0 ? "." : text.ToString();
    }
}
