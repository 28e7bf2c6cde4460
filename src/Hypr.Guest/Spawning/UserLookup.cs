using System.Globalization;
using Hypr.Linux.Files;

namespace Hypr.Guest.Spawning;

/// <summary>Who a process runs as. The primary group is a supplementary one too, as in Docker since CVE-2022-36109.</summary>
internal sealed record ExecUser(uint User, uint Group, uint[] Supplementary, string Home);

/// <summary>
/// Docker's <c>USER</c>: <c>user</c>, <c>uid</c>, <c>user:group</c>, <c>uid:gid</c>, ... by the image's own files (github.com/moby/sys/user, GetExecUser). A number that
/// the files do not know is taken as it is.
/// </summary>
internal static class UserLookup
{
    /// <param name="groups">Docker's <c>--group-add</c>: names of the image's /etc/group, or numbers.</param>
    public static ExecUser Find(string wanted, params IReadOnlyList<string> groups)
    {
        var file = FileTree.TryRead("/etc/group") ?? "";
        var user = Find(wanted, FileTree.TryRead("/etc/passwd") ?? "", file);
        return user with { Supplementary = [.. user.Supplementary.Concat(groups.Select(g => Group(g, file))).Distinct()] };
    }

    internal static uint Group(string wanted, string groups) =>
        Lines(groups, 3).FirstOrDefault(f => f[0] == wanted) is { } line && Number(line[2]) is { } known ? known
            : Number(wanted) ?? throw new SpawnFailure(0, $"unable to find group {wanted}: no matching entries in group file");

    internal static ExecUser Find(string wanted, string passwd, string groups)
    {
        var colon = wanted.IndexOf(':');
        var userPart = colon < 0 ? wanted : wanted[..colon];
        var groupPart = colon < 0 ? "" : wanted[(colon + 1)..];
        var number = Number(userPart);

        uint user = number ?? 0, group = 0;
        string? name = null;
        var home = "/";
        foreach (var f in Lines(passwd, 7))
        {
            // A name goes before a number; no user part at all is root by number.
            var matches = userPart == "" ? f[2] == "0" : f[0] == userPart || (number is not null && f[2] == userPart);
            if (!matches || Number(f[2]) is not { } uid || Number(f[3]) is not { } gid)
                continue;
            (user, group, name) = (uid, gid, f[0]);
            if (f[5] != "")
                home = f[5];
            break;
        }

        if (name is null && userPart != "" && number is null)
            throw new SpawnFailure(0, $"unable to find user {userPart}: no matching entries in passwd file");

        if (groupPart == "")
            return new ExecUser(user, group, [group, .. Memberships(groups, name, group)], home);
        foreach (var f in Lines(groups, 3))
        {
            if ((f[0] == groupPart || f[2] == groupPart) && Number(f[2]) is { } gid)
                return new ExecUser(user, gid, [gid], home);
        }

        return Number(groupPart) is { } unknown
            ? new ExecUser(user, unknown, [unknown], home)
            : throw new SpawnFailure(0, $"unable to find group {groupPart}: no matching entries in group file");
    }

    private static IEnumerable<uint> Memberships(string groups, string? name, uint primary)
    {
        if (name is null)
            yield break;
        foreach (var f in Lines(groups, 4))
        {
            if (Number(f[2]) is { } gid && gid != primary && Array.Exists(f[3].Split(','), m => m.Trim() == name))
                yield return gid;
        }
    }

    private static IEnumerable<string[]> Lines(string file, int fields)
    {
        foreach (var line in file.Split('\n'))
        {
            var f = line.TrimEnd('\r').Split(':');
            if (f.Length >= fields && !line.StartsWith('#'))
                yield return f;
        }
    }

    private static uint? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? (uint)n : null;
}
