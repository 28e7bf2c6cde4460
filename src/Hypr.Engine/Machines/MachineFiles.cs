using Hypr.Engine.Volumes;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>The files that a machine is given at its start. They are kept in the store and in the guest's memory, so they are bounded.</summary>
internal static class MachineFiles
{
    /// <summary>Docker's bound of a config (a secret's is half of it).</summary>
    private const int MostBytes = 1000 * 1024;

    /// <summary>They reach the guest in one message.</summary>
    private const int MostInAll = 2 * MostBytes;

    public static void Check(MachineConfig config)
    {
        var targets = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in config.Files)
        {
            if (MountPath.Clean(file.Target) != file.Target || !targets.Add(file.Target))
            {
                throw HyprException.Invalid($"the file {file.Target}: an absolute path is due, and each once");
            }

            if (file.Content.Length > MostBytes)
            {
                throw HyprException.Invalid($"the file {file.Target} has {file.Content.Length >> 10} KiB: a config or secret may have {MostBytes >> 10}. Put it into a volume");
            }

            if (file.Mode > 0xFFF)
            {
                throw HyprException.Invalid($"the file {file.Target}: a mode of permission bits is due, such as 0440");
            }
        }

        if (config.Files.Sum(f => (long)f.Content.Length) is > MostInAll and var all)
        {
            throw HyprException.Invalid($"configs and secrets of one VM may have {MostInAll >> 10} KiB together: these have {all >> 10}");
        }
    }
}
