using Hypr.Cli.Arguments;

namespace Hypr.Cli.Commands;

/// <summary>Options of the form <c>key=value</c>.</summary>
internal static class KeyValues
{
    /// <summary>The last of a key counts. A key alone has an empty value.</summary>
    /// <exception cref="UsageException">A key is empty.</exception>
    public static Dictionary<string, string> Parse(CommandLine line, string option, bool needsValue = false)
    {
        var map = new Dictionary<string, string>();
        foreach (string item in line.All(option))
        {
            int equals = item.IndexOf('=', StringComparison.Ordinal);
            if (equals == 0 || item.Length == 0 || (needsValue && equals < 0))
                throw new UsageException(line, $"--{option} \"{item}\": not of the form key=value");
            map[equals < 0 ? item : item[..equals]] = equals < 0 ? "" : item[(equals + 1)..];
        }
        return map;
    }
}
