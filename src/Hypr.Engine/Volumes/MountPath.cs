using Hypr.Primitives;

namespace Hypr.Engine.Volumes;

/// <summary>Places in a machine.</summary>
internal static class MountPath
{
    /// <summary>As Go's path.Clean; Docker's sentences.</summary>
    public static string Clean(string path)
    {
        if (!path.StartsWith('/'))
        {
            throw HyprException.Invalid($"invalid mount path: '{path}' mount path must be absolute");
        }

        var clean = TryClean(path);
        return clean != "/" ? clean! : throw HyprException.Invalid("invalid specification: destination can't be '/'");
    }

    /// <summary>Null: not absolute.</summary>
    public static string? TryClean(string path)
    {
        if (!path.StartsWith('/'))
        {
            return null;
        }

        var parts = new List<string>();
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("." or ".."))
            {
                parts.Add(part);
            }
        }

        return "/" + string.Join('/', parts);
    }
}
