using Hypr.Linux.Files;
using Hypr.Linux.Processes;

namespace Hypr.Guest.Spawning;

/// <summary>Where a program is, with the words of Go's os/exec, which runc and so Docker pass on: its CLI takes 126 and 127 from them.</summary>
internal static class ProgramLookup
{
    public static string Find(string name, string path)
    {
        if (name == "")
            throw new SpawnFailure(127, "exec: \"\": executable file not found in $PATH");
        if (name.Contains('/'))
        {
            return Directory.Exists(name) ? throw new SpawnFailure(126, $"exec: \"{name}\": is a directory")
                : !FileTree.Exists(name) ? throw new SpawnFailure(127, $"exec: \"{name}\": stat {name}: no such file or directory")
                : !Self.CanExecute(name) ? throw new SpawnFailure(126, $"exec: \"{name}\": permission denied")
                : name;
        }

        foreach (var folder in path.Split(':'))
        {
            var candidate = (folder == "" ? "." : folder.TrimEnd('/')) + "/" + name;
            if (Self.CanExecute(candidate) && !Directory.Exists(candidate))
                return candidate;
        }

        throw new SpawnFailure(127, $"exec: \"{name}\": executable file not found in $PATH");
    }
}
