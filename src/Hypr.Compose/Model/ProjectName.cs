using System.Text.RegularExpressions;

namespace Hypr.Compose.Model;

/// <summary>Names of stacks, as the Compose Specification's "Version and name" allows them.</summary>
public static partial class ProjectName
{
    public static bool IsValid(string name) => Allowed().IsMatch(name);

    /// <summary>The folder's name with what is not allowed left out; may be empty.</summary>
    public static string FromFolder(string folder) =>
        string.Concat(Path.GetFileName(folder.TrimEnd('/')).ToLowerInvariant().Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')).TrimStart('-', '_');

    [GeneratedRegex("^[a-z0-9][a-z0-9_-]*$")]
    private static partial Regex Allowed();
}
