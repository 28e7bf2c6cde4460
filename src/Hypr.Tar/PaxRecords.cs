using System.Buffers.Text;
using System.Text;

namespace Hypr.Tar;

/// <summary>What an extended header ('x') says of the entry behind it: POSIX.1-2001 pax, with the keys of star (xattrs), libarchive and GNU tar (sparse).</summary>
internal sealed class PaxRecords
{
    public const int MaxSize = 1 << 20;
    private const int MaxXattr = 64 << 10;

    public string? Path { get; private set; }
    public string? LinkPath { get; private set; }
    public long? Size { get; private set; }
    public long? Uid { get; private set; }
    public long? Gid { get; private set; }
    public long? ModifiedAt { get; private set; }
    public List<Xattr>? Xattrs { get; private set; }

    public string? SparseName { get; private set; }
    public long? SparseRealSize { get; private set; }
    public bool IsSparse { get; private set; }

    /// <summary>Format 1.0: the map stands before the data.</summary>
    public bool MapIsInData { get; private set; }
    public List<Extent>? SparseMap { get; private set; }

    private long? _sparseOffset;

    /// <summary>Records are <c>LENGTH KEY=VALUE\n</c>, LENGTH counting all of it; a value is bytes.</summary>
    public void Read(ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            // Some writers pad with zeros.
            if (data[0] == 0)
                return;
            if (!Utf8Parser.TryParse(data, out int length, out var digits) || length <= digits + 1 || length > data.Length
                || data[digits] != ' ' || data[length - 1] != '\n')
                throw new MalformedException("a PAX header is malformed");
            var record = data[(digits + 1)..(length - 1)];
            var equals = record.IndexOf((byte)'=');
            if (equals <= 0)
                throw new MalformedException("a PAX header has a record without a key");
            Take(Encoding.Latin1.GetString(record[..equals]), record[(equals + 1)..]);
            data = data[length..];
        }
    }

    private void Take(string key, ReadOnlySpan<byte> value)
    {
        switch (key)
        {
            case "path": Path = Name(value); break;
            case "linkpath": LinkPath = Name(value); break;
            case "size": Size = TarHeader.Decimal(value, key); break;
            case "uid": Uid = TarHeader.Decimal(value, key); break;
            case "gid": Gid = TarHeader.Decimal(value, key); break;
            case "mtime": ModifiedAt = Seconds(value, key); break;
            case "GNU.sparse.major": IsSparse = true; MapIsInData = value is [(byte)'1']; break;
            case "GNU.sparse.name": SparseName = Name(value); break;
            case "GNU.sparse.realsize" or "GNU.sparse.size": IsSparse = true; SparseRealSize = TarHeader.Decimal(value, key); break;
            case "GNU.sparse.map": TakeMap(value, key); break;
            case "GNU.sparse.offset": _sparseOffset = TarHeader.Decimal(value, key); break;
            case "GNU.sparse.numbytes":
                (SparseMap ??= []).Add(new Extent(_sparseOffset ?? 0, TarHeader.Decimal(value, key)));
                break;
            default:
                if (key.StartsWith("SCHILY.xattr.", StringComparison.Ordinal))
                    AddXattr(key["SCHILY.xattr.".Length..], value.ToArray());
                else if (key.StartsWith("LIBARCHIVE.xattr.", StringComparison.Ordinal))
                    AddXattr(Uri.UnescapeDataString(key["LIBARCHIVE.xattr.".Length..]), FromBase64(value));
                break;
        }
    }

    private void TakeMap(ReadOnlySpan<byte> value, string key)
    {
        IsSparse = true;
        SparseMap = [];
        long? offset = null;
        foreach (var range in value.Split((byte)','))
        {
            var number = TarHeader.Decimal(value[range], key);
            if (offset is { } o)
            {
                SparseMap.Add(new Extent(o, number));
                offset = null;
            }
            else
            {
                offset = number;
            }
        }
    }

    /// <summary>
    /// squashfs keeps the namespaces user, trusted and security only (fs/squashfs/xattr.c); ACLs (system.*) have no place in it. trusted.overlay.* is dropped:
    /// under the guest's overlay it would be read as that file system's own mark.
    /// </summary>
    private void AddXattr(string name, byte[] value)
    {
        if (name.StartsWith("trusted.overlay.", StringComparison.Ordinal) || name.Length > 255
            || !(name.StartsWith("user.", StringComparison.Ordinal) || name.StartsWith("trusted.", StringComparison.Ordinal)
                || name.StartsWith("security.", StringComparison.Ordinal)))
            return;
        if (value.Length > MaxXattr)
            throw new MalformedException($"the extended attribute {TarEntry.Show(name)} has more than {MaxXattr} bytes");
        Xattrs ??= [];
        Xattrs.RemoveAll(x => x.Name == name);
        Xattrs.Add(new Xattr(name, value));
    }

    private static byte[] FromBase64(ReadOnlySpan<byte> value)
    {
        try
        {
            return Convert.FromBase64String(Encoding.Latin1.GetString(value).TrimEnd('=') switch
            {
                var s => s.PadRight((s.Length + 3) / 4 * 4, '='),
            });
        }
        catch (FormatException e)
        {
            throw new MalformedException("a LIBARCHIVE.xattr record is not base64", e);
        }
    }

    private static string Name(ReadOnlySpan<byte> value) =>
        value.Contains((byte)0) ? throw new MalformedException("a name in a PAX header holds a NUL") : Encoding.Latin1.GetString(value);

    /// <summary>Seconds with a fraction, which is dropped downwards.</summary>
    private static long Seconds(ReadOnlySpan<byte> value, string key)
    {
        var dot = value.IndexOf((byte)'.');
        var whole = dot < 0 ? value : value[..dot];
        if (whole is [] or [(byte)'-'])
            return 0;
        return TarHeader.Decimal(whole, key) - (whole[0] == '-' && dot >= 0 && value[(dot + 1)..].ContainsAnyExcept((byte)'0') ? 1 : 0);
    }
}
