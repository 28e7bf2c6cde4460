using System.Globalization;
using System.Text;

namespace Hypr.Testing.Images;

/// <summary>Writes tars by hand, right ones and wrong ones: each field is what the caller says.</summary>
public sealed class TarBuilder
{
    private readonly MemoryStream _tar = new();

    /// <summary>Seconds since 1970 of every entry that does not say otherwise.</summary>
    public long ModifiedAt { get; init; } = 1_700_000_000;

    public TarBuilder Directory(string path, int mode = 0x1ED, uint uid = 0, uint gid = 0, params (string Name, byte[] Value)[] xattrs) =>
        Entry(path.TrimEnd('/') + "/", '5', [], "", mode, uid, gid, 0, 0, xattrs);

    public TarBuilder File(string path, string text, int mode = 0x1A4, uint uid = 0, uint gid = 0, params (string Name, byte[] Value)[] xattrs) =>
        Entry(path, '0', Encoding.UTF8.GetBytes(text), "", mode, uid, gid, 0, 0, xattrs);

    public TarBuilder File(string path, byte[] data, int mode = 0x1A4, uint uid = 0, uint gid = 0, params (string Name, byte[] Value)[] xattrs) =>
        Entry(path, '0', data, "", mode, uid, gid, 0, 0, xattrs);

    public TarBuilder Symlink(string path, string target) => Entry(path, '2', [], target, 0x1FF, 0, 0, 0, 0, []);

    public TarBuilder HardLink(string path, string target) => Entry(path, '1', [], target, 0x1A4, 0, 0, 0, 0, []);

    public TarBuilder Device(string path, char type, uint major, uint minor, int mode = 0x1B6) => Entry(path, type, [], "", mode, 0, 0, major, minor, []);

    public TarBuilder Fifo(string path) => Entry(path, '6', [], "", 0x1A4, 0, 0, 0, 0, []);

    /// <summary>The layer's word that what lower layers have there is gone.</summary>
    public TarBuilder Whiteout(string path)
    {
        var slash = path.LastIndexOf('/') + 1;
        return File(path[..slash] + ".wh." + path[slash..], "");
    }

    public TarBuilder Opaque(string folder) => File(folder.TrimEnd('/') + "/.wh..wh..opq", "");

    /// <summary>An entry with a PAX header for what ustar has no room for.</summary>
    public TarBuilder Entry(
        string path, char type, byte[] data, string link, int mode, uint uid, uint gid, uint major, uint minor, (string Name, byte[] Value)[] xattrs)
    {
        var pax = new MemoryStream();
        if (Encoding.UTF8.GetByteCount(path) > 100)
            Record(pax, "path", Encoding.UTF8.GetBytes(path));
        if (Encoding.UTF8.GetByteCount(link) > 100)
            Record(pax, "linkpath", Encoding.UTF8.GetBytes(link));
        if (uid > 0x1F_FFFF)
            Record(pax, "uid", Encoding.ASCII.GetBytes(uid.ToString(CultureInfo.InvariantCulture)));
        if (gid > 0x1F_FFFF)
            Record(pax, "gid", Encoding.ASCII.GetBytes(gid.ToString(CultureInfo.InvariantCulture)));
        foreach (var (name, value) in xattrs)
            Record(pax, "SCHILY.xattr." + name, value);
        if (pax.Length > 0)
            Raw(Header("PaxHeader", 'x', pax.Length, "", 0x1A4, 0, 0, 0, 0)).Data(pax.ToArray());
        return Raw(Header(path, type, data.Length, link, mode, uid > 0x1F_FFFF ? 0 : uid, gid > 0x1F_FFFF ? 0 : gid, major, minor)).Data(data);
    }

    /// <summary>Any bytes, as they are.</summary>
    public TarBuilder Raw(byte[] bytes)
    {
        _tar.Write(bytes);
        return this;
    }

    /// <summary>Bytes filled up to a block.</summary>
    public TarBuilder Data(byte[] bytes) => Raw(bytes).Raw(new byte[-bytes.Length & 511]);

    public byte[] Header(string path, char type, long size, string link, int mode, uint uid, uint gid, uint major, uint minor)
    {
        var h = new byte[512];
        Put(h, 0, 100, path);
        Octal(h, 100, 8, mode);
        Octal(h, 108, 8, uid);
        Octal(h, 116, 8, gid);
        Octal(h, 124, 12, size);
        Octal(h, 136, 12, ModifiedAt);
        h[156] = (byte)type;
        Put(h, 157, 100, link);
        Put(h, 257, 8, "ustar\000");
        Octal(h, 329, 8, major);
        Octal(h, 337, 8, minor);
        return Sum(h);
    }

    /// <summary>Sets the checksum after a header was changed.</summary>
    public static byte[] Sum(byte[] header)
    {
        header.AsSpan(148, 8).Fill((byte)' ');
        Octal(header, 148, 7, header.Sum(b => b));
        return header;
    }

    public static void Record(MemoryStream pax, string key, byte[] value)
    {
        var body = Encoding.UTF8.GetByteCount(key) + value.Length + 3;
        var length = body;
        while (length != body + length.ToString(CultureInfo.InvariantCulture).Length)
            length = body + length.ToString(CultureInfo.InvariantCulture).Length;
        pax.Write(Encoding.UTF8.GetBytes($"{length} {key}="));
        pax.Write(value);
        pax.WriteByte((byte)'\n');
    }

    public byte[] ToArray() => [.. _tar.ToArray(), .. new byte[1024]];

    private static void Put(byte[] header, int offset, int length, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        bytes.AsSpan(0, Math.Min(bytes.Length, length)).CopyTo(header.AsSpan(offset));
    }

    public static void Octal(byte[] header, int offset, int length, long value) =>
        Put(header, offset, length, Convert.ToString(value, 8).PadLeft(length - 1, '0'));
}
