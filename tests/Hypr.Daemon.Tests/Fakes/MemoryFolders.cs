using System.Collections.Concurrent;
using Hypr.Machines.Folders;

namespace Hypr.Daemon.Tests.Fakes;

/// <summary>Some folders and files that a host has.</summary>
internal sealed class MemoryFolders : IHostFolders
{
    public ConcurrentDictionary<string, HostPathKind> Paths { get; } = new(
        new Dictionary<string, HostPathKind> { ["/srv"] = HostPathKind.Folder, ["/srv/file"] = HostPathKind.File, ["/run/socket"] = HostPathKind.Other });

    public void Require()
    {
    }

    public HostPathKind? Find(string path) => Paths.TryGetValue(path, out var kind) ? kind : null;

    public void Make(string path) => Paths[path] = HostPathKind.Folder;
}
