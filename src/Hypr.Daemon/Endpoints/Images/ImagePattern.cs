namespace Hypr.Daemon.Endpoints.Images;

/// <summary>The pattern of <c>docker images --filter reference=</c>: <c>*</c> and <c>?</c> stop at a slash (Go's path.Match); without a tag every tag fits.</summary>
internal static class ImagePattern
{
    public static bool Matches(string pattern, string name)
    {
        var bare = Bare(name);
        return Glob(pattern, name) || Glob(pattern, bare) || Glob(pattern, bare.AsSpan(bare.LastIndexOf('/') + 1));
    }

    private static string Bare(string name)
    {
        var at = name.IndexOf('@');
        var cut = at >= 0 ? at : name.LastIndexOf(':');
        return cut > name.LastIndexOf('/') ? name[..cut] : name;
    }

    private static bool Glob(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        // The last star is the only one to go back to: a star never needs to give up more once a later one matched.
        int p = 0, t = 0, star = -1, mark = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && (pattern[p] == text[t] || (pattern[p] == '?' && text[t] != '/')))
            {
                (p, t) = (p + 1, t + 1);
            }
            else if (p < pattern.Length && pattern[p] == '*')
            {
                (star, mark) = (p++, t);
            }
            else if (star >= 0 && text[mark] != '/')
            {
                (p, t) = (star + 1, ++mark);
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
        {
            p++;
        }

        return p == pattern.Length;
    }
}
