namespace Hypr.Compose.Load;

/// <summary>
/// <c>extends</c> (Compose Specification, "Extend"): a service stands on another one, of the same file or of another. What a service refers to beside itself
/// (depends_on, links) is not taken over from another file's.
/// </summary>
/// <param name="read">Another file's canonical tree; null when it is empty.</param>
internal sealed class Extends(Func<string, Mapping?> read, Problems problems)
{
    public Mapping Resolve(Mapping root, string file)
    {
        if (root["services"] is not Mapping services)
        {
            return root;
        }

        var resolved = services with
        {
            Entries = [.. services.Entries.Select(e => e.Value is Mapping m ? e with { Value = Resolve(m, e.Key, root, file, []) } : e)],
        };
        return root.With(root.Find("services")! with { Value = resolved });
    }

    private Mapping Resolve(Mapping service, string name, Mapping root, string file, IReadOnlyList<string> chain)
    {
        if (service["extends"] is not Mapping extends)
        {
            return service;
        }

        var own = service.Without("extends");
        var here = $"{file}#{name}";
        if (chain.Contains(here))
        {
            problems.Error(extends.At, $"{name} extends itself: {string.Join(" -> ", chain.Append(here).Select(c => c[(c.IndexOf('#') + 1)..]))}");
            return own;
        }

        if (extends["service"] is not Scalar { IsNull: false } wanted)
        {
            problems.Error(extends.At, "extends needs the name of a service");
            return own;
        }

        var otherFile = extends["file"] is Scalar f ? Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file) ?? "", f.Value)) : file;
        var otherRoot = otherFile == file ? root : read(otherFile);
        if ((otherRoot?["services"] as Mapping)?[wanted.Value] is not Mapping below)
        {
            problems.Error(wanted.At, $"{name} extends {wanted.Value}, which is no service of {otherFile}");
            return own;
        }

        below = Resolve(below, wanted.Value, otherRoot!, otherFile, [.. chain, here]);
        if (otherFile != file)
        {
            below = Paths.OfService(below, Path.GetDirectoryName(otherFile)!);
            foreach (var key in (string[])["depends_on", "links", "volumes_from"])
            {
                below = below.Without(key);
            }
        }

        return Merge.Service(below, own);
    }
}
