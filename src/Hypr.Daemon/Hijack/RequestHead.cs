using System.Buffers;
using System.Globalization;
using System.Text;

namespace Hypr.Daemon.Hijack;

/// <summary>What has to be known of a request below HTTP: whose it is and where it ends (RFC 9112, sections 2, 6 and 7).</summary>
/// <param name="Length">Bytes of the head, the empty line included.</param>
/// <param name="ContentLength">-1: chunked.</param>
internal sealed record RequestHead(string Method, string Target, int Length, long ContentLength, bool Upgrade, bool ExpectContinue)
{
    /// <summary>Kestrel's own limits are 8 KiB for the line and 32 KiB for the fields: longer heads go to it, to be refused.</summary>
    public const int MaximumLength = 48 << 10;

    /// <summary>Null: not whole yet, or not to be understood here (then <paramref name="malformed"/>).</summary>
    public static RequestHead? Parse(ReadOnlySequence<byte> bytes, out bool malformed)
    {
        malformed = false;
        var take = (int)Math.Min(bytes.Length, MaximumLength);
        var rented = ArrayPool<byte>.Shared.Rent(take);
        try
        {
            bytes.Slice(0, take).CopyTo(rented);
            var end = rented.AsSpan(0, take).IndexOf("\r\n\r\n"u8);
            if (end < 0)
            {
                malformed = take == MaximumLength;
                return null;
            }

            var head = Parse(rented.AsSpan(0, end), end + 4);
            malformed = head is null;
            return head;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static RequestHead? Parse(ReadOnlySpan<byte> head, int length)
    {
        var lineEnd = head.IndexOf("\r\n"u8);
        var line = lineEnd < 0 ? head : head[..lineEnd];
        var space = line.IndexOf((byte)' ');
        var last = line.LastIndexOf((byte)' ');
        if (space <= 0 || last <= space || !line[(last + 1)..].StartsWith("HTTP/1."u8))
        {
            return null;
        }

        long contentLength = 0;
        var (upgrade, expect, lengthSeen) = (false, false, false);
        var rest = lineEnd < 0 ? [] : head[(lineEnd + 2)..];
        while (rest.Length > 0)
        {
            var end = rest.IndexOf("\r\n"u8);
            var field = end < 0 ? rest : rest[..end];
            rest = end < 0 ? [] : rest[(end + 2)..];
            var colon = field.IndexOf((byte)':');
            if (colon <= 0)
            {
                return null;
            }

            var name = field[..colon];
            var value = field[(colon + 1)..].Trim(" \t"u8);
            if (Ascii.EqualsIgnoreCase(name, "content-length"u8))
            {
                // Two of them, or one beside a transfer coding, is how requests are smuggled (RFC 9112, 6.3): Kestrel refuses it.
                if (lengthSeen || contentLength < 0 || !long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out contentLength))
                {
                    return null;
                }

                lengthSeen = true;
            }
            else if (Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8))
            {
                if (lengthSeen || !Ascii.EqualsIgnoreCase(value, "chunked"u8))
                {
                    return null;
                }

                contentLength = -1;
            }
            else if (Ascii.EqualsIgnoreCase(name, "upgrade"u8))
            {
                upgrade = true;
            }
            else if (Ascii.EqualsIgnoreCase(name, "expect"u8))
            {
                expect = Ascii.EqualsIgnoreCase(value, "100-continue"u8);
            }
        }

        return new RequestHead(
            Encoding.ASCII.GetString(line[..space]), Encoding.UTF8.GetString(line[(space + 1)..last]), length, contentLength, upgrade, expect);
    }
}
