namespace Hypr.Network.Names;

/// <summary>The host's search list: <c>search</c> or <c>domain</c> of resolv.conf(5), of which the last counts.</summary>
internal static class HostSearchList
{
    public const string DefaultPath = "/etc/resolv.conf";

    public static IReadOnlyList<string> Read(string path)
    {
        IReadOnlyList<string> found = [];
        try
        {
            foreach (var line in File.ReadLines(path))
            {
                var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
                if (words.Length > 1 && words[0] is "search" or "domain")
                {
                    // systemd-resolved writes a single dot where there is none.
                    found = [.. words.Skip(1).Where(w => w != ".")];
                }
            }
        }
        catch (IOException)
        {
            // A host without the file has no search list.
        }

        return found;
    }
}
