using Hypr.Dns.Wire;

namespace Hypr.Dns.Server;

/// <summary>Names that are not asked for outside: RFC 6761 (localhost, invalid, test), RFC 7686 (onion), RFC 8375 (home.arpa, its DS apart), RFC 9476 (alt).</summary>
internal static class SpecialNames
{
    public static bool IsLocalhost(ReadOnlySpan<byte> name) => name.SequenceEqual("\u0009localhost\0"u8);

    /// <returns>False: it is none of them.</returns>
    public static bool TryAnswer(in Query query, ReadOnlySpan<byte> last, ref AnswerContext context, out int length)
    {
        length = 0;
        var labels = query.Labels;
        if (IsLocalhost(last))
        {
            var writer = context.Write(query);
            if (query.Type is RecordType.A)
            {
                writer.Address(AnswerWriter.QuestionName, LocalAnswers.Ttl, Addresses.FromV4(0x7f000001));
            }
            else if (query.Type is RecordType.Aaaa)
            {
                writer.Address(AnswerWriter.QuestionName, LocalAnswers.Ttl, 1);
            }
            else
            {
                LocalAnswers.Soa(ref writer, Section.Authority, LocalAnswers.Pointer(labels[^1]), 1);
            }

            length = context.Finish(ref writer, query, ResponseCode.NoError, HeaderFlags.Authoritative);
            return true;
        }

        var apex = labels[^1];
        if (labels.Length >= 2 && query.Name[labels[^2]..].SequenceEqual("\u0004home\u0004arpa\0"u8))
        {
            if (query.Type == RecordType.Ds && labels.Length == 2)
            {
                return false;
            }

            apex = labels[^2];
        }
        else if (!(last.SequenceEqual("\u0007invalid\0"u8) || last.SequenceEqual("\u0004test\0"u8)
            || last.SequenceEqual("\u0005onion\0"u8) || last.SequenceEqual("\u0003alt\0"u8)))
        {
            return false;
        }

        length = LocalAnswers.Negative(query, ref context, 1, LocalAnswers.Pointer(apex), labels[0] == apex ? ResponseCode.NoError : ResponseCode.NxDomain);
        return true;
    }
}
