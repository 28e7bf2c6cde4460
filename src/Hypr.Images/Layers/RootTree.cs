using Hypr.Images.Store;
using Hypr.Tar;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Images.Layers;

/// <summary>
/// The image's root as all layers together make it, in memory: what is applied is the entries, as image-spec's layer.md tells; the data stays in the tars.
/// Names are resolved inside the root, as in a chroot; what would leave it is refused.
/// </summary>
internal sealed class RootTree(int maxEntries)
{
    private const string Whiteout = ".wh.";
    private const string Opaque = ".wh..wh..opq";
    private const string AufsMeta = ".wh..wh.";

    // As the kernel (namei.c, MAXSYMLINKS).
    private const int MaxSymlinks = 40;
    private const int MaxComponent = 255;

    private int _entries;

    public RootNode Root { get; } = RootNode.Implied(0);

    /// <summary>Every owner that occurs, for who needs one that does not.</summary>
    public HashSet<uint> Ids { get; } = [];

    public int Count => _entries;

    /// <summary>Puts a layer on what is there. Layers come bottom first, numbered from 0.</summary>
    /// <exception cref="MalformedException">With the entry's name.</exception>
    public void Apply(int layer, IReadOnlyList<TarEntry> entries, SafeFileHandle tar)
    {
        foreach (var entry in entries)
        {
            if (++_entries > maxEntries)
                throw new MalformedException($"the image has more than {maxEntries} entries, a tar bomb");
            try
            {
                Apply(layer, entry, tar);
            }
            catch (MalformedException e)
            {
                throw new MalformedException($"entry '{TarEntry.Show(entry.Name)}': {e.Message}", e);
            }
        }
    }

    private void Apply(int layer, TarEntry entry, SafeFileHandle tar)
    {
        Ids.Add(entry.Uid);
        Ids.Add(entry.Gid);
        var path = Clean(entry.Name);
        if (path.Count == 0)
        {
            if (entry.Type != TarType.Directory)
                throw new MalformedException("the root cannot be anything but a directory");
            Describe(Root, entry);
            return;
        }

        var name = path[^1];
        path.RemoveAt(path.Count - 1);
        if (name.StartsWith(Whiteout, StringComparison.Ordinal))
        {
            Hide(layer, path, name);
            return;
        }

        var folder = Walk(path, layer, entry.ModifiedAt)!;
        if (entry.Type == TarType.Directory && folder.Names!.TryGetValue(name, out var old) && old.Node.Type == TarType.Directory)
        {
            Describe(old.Node, entry);
            folder.Names[name] = new RootName(old.Node, layer);
            return;
        }

        var node = entry.Type == TarType.HardLink ? Target(entry) : RootNode.Of(entry, tar);
        folder.Names![name] = new RootName(node, layer);
    }

    private static void Describe(RootNode folder, TarEntry entry)
    {
        folder.Mode = entry.Mode;
        folder.Uid = entry.Uid;
        folder.Gid = entry.Gid;
        folder.ModifiedAt = entry.ModifiedAt;
        folder.Xattrs = entry.Xattrs;
    }

    private RootNode Target(TarEntry entry)
    {
        var path = Clean(entry.LinkName);
        if (path.Count == 0)
            throw new MalformedException("a hard link to the root");
        var name = path[^1];
        path.RemoveAt(path.Count - 1);
        if (Walk(path, null, 0) is not { } folder || !folder.Names!.TryGetValue(name, out var target))
            throw new MalformedException($"a hard link to '{TarEntry.Show(entry.LinkName)}', which is not there");
        return target.Node.Type == TarType.Directory
            ? throw new MalformedException($"a hard link to the directory '{TarEntry.Show(entry.LinkName)}'") : target.Node;
    }

    private void Hide(int layer, List<string> path, string whiteout)
    {
        if (whiteout == Opaque)
        {
            if (Walk(path, layer, 0) is { } opaque)
                HideBelow(layer, opaque);
            return;
        }

        // The rest of aufs' own files (.wh..wh.plnk, .wh..wh.aufs) say nothing about the image.
        if (whiteout.StartsWith(AufsMeta, StringComparison.Ordinal))
            return;
        var name = whiteout[Whiteout.Length..];
        if (name is "" or "." or "..")
            throw new MalformedException("a whiteout of nothing");
        if (Walk(path, null, 0) is not { } folder || !folder.Names!.TryGetValue(name, out var old))
            return;
        var remains = old.Node.Type == TarType.Directory && HideBelow(layer, old.Node);
        if (old.Layer < layer && !remains)
            folder.Names.Remove(name);
    }

    /// <summary>Removes what lower layers put below a directory; true when something of this layer remains.</summary>
    private static bool HideBelow(int layer, RootNode folder)
    {
        foreach (var (name, old) in folder.Names!.ToArray())
        {
            var remains = old.Node.Type == TarType.Directory && HideBelow(layer, old.Node);
            if (old.Layer < layer && !remains)
                folder.Names!.Remove(name);
        }

        return folder.Names!.Count > 0;
    }

    /// <summary>The parts of a name, <c>.</c> and <c>..</c> resolved by the letter as Docker does (filepath.Clean); an absolute name is one from the root.</summary>
    private static List<string> Clean(string name)
    {
        if (name.Contains('\0', StringComparison.Ordinal))
            throw new MalformedException("a name with a NUL");
        var parts = new List<string>();
        foreach (var part in name.Split('/'))
        {
            if (part is "" or ".")
                continue;
            if (part != "..")
                parts.Add(part.Length <= MaxComponent ? part : throw new MalformedException($"a part of a name has more than {MaxComponent} bytes"));
            else if (parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
            else
                throw new MalformedException("the name climbs out of the image's root");
        }

        return parts;
    }

    /// <summary>
    /// The directory at a path, through symbolic links as a chroot has them. A missing part is made when <paramref name="create"/> names the layer that
    /// implies it; otherwise the answer is null.
    /// </summary>
    private RootNode? Walk(List<string> path, int? create, uint modifiedAt)
    {
        var above = new Stack<RootNode>();
        var folder = Root;
        var rest = new Stack<string>(Enumerable.Reverse(path));
        var links = 0;
        while (rest.TryPop(out var part))
        {
            if (part is "" or ".")
                continue;
            if (part == "..")
            {
                folder = above.TryPop(out var parent) ? parent
                    : throw new MalformedException("a symbolic link in the name climbs out of the image's root");
                continue;
            }

            if (!folder.Names!.TryGetValue(part, out var next))
            {
                if (create is not { } layer)
                    return null;
                if (part.Length > MaxComponent)
                    throw new MalformedException($"a part of a name has more than {MaxComponent} bytes");
                next = new RootName(RootNode.Implied(modifiedAt), layer);
                folder.Names.Add(part, next);
                Ids.Add(0);
            }

            if (next.Node.Type == TarType.Directory)
            {
                above.Push(folder);
                folder = next.Node;
            }
            else if (next.Node.Type == TarType.Symlink)
            {
                if (++links > MaxSymlinks)
                    throw new MalformedException("too many symbolic links in the name");
                var target = next.Node.LinkName;
                foreach (var step in Enumerable.Reverse(target.Split('/')))
                    rest.Push(step);
                if (target[0] == '/')
                {
                    above.Clear();
                    folder = Root;
                }
            }
            else
            {
                return create is null ? null : throw new MalformedException($"'{TarEntry.Show(part)}' in the name is not a directory");
            }
        }

        return folder;
    }
}
