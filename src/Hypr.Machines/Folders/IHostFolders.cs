namespace Hypr.Machines.Folders;

/// <summary>Folders and files of the host that machines are to have (<c>docker run -v /srv/www:/www</c>).</summary>
public interface IHostFolders
{
    /// <exception cref="Hypr.Primitives.HyprException">Unavailable: what is missing to share them here, and how to get it.</exception>
    void Require();

    /// <summary>Null: there is nothing of that name.</summary>
    HostPathKind? Find(string path);

    /// <summary>Makes the folder and those above it, root's, as Docker does for <c>-v</c>.</summary>
    /// <exception cref="Hypr.Primitives.HyprException">InvalidParameter: why it cannot.</exception>
    void Make(string path);
}

public enum HostPathKind
{
    Folder,
    File,

    /// <summary>A socket, a device, a pipe: of these a guest would have the name alone.</summary>
    Other,
}
