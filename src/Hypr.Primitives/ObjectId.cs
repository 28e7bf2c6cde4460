using System.Security.Cryptography;

namespace Hypr.Primitives;

/// <summary>Docker's object ids: 32 random bytes as 64 lower-case hex digits, of which 12 are shown.</summary>
public static class ObjectId
{
    public const int FullLength = 64;
    public const int ShortLength = 12;

    /// <summary>
    /// A new id. One whose first 12 digits are all decimal is drawn again, as Docker does: it would be taken for a number where the short
    /// id serves as a host name.
    /// </summary>
    public static string New()
    {
        while (true)
        {
            var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
            if (id.AsSpan(0, ShortLength).ContainsAnyExceptInRange('0', '9'))
            {
                return id;
            }
        }
    }

    public static string Short(string id) => id.Length <= ShortLength ? id : id[..ShortLength];
}
