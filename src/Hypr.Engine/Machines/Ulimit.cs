using Hypr.Guest.Protocol.Messages;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>Docker's <c>--ulimit NAME=SOFT[:HARD]</c>; -1: without end.</summary>
public sealed record Ulimit(string Name, long Soft, long Hard)
{
    /// <summary>By their numbers on x86-64 and arm64 (include/uapi/asm-generic/resource.h); Docker does not offer <c>as</c> (docker/go-units, ulimit.go).</summary>
    private static readonly string[] Names =
    [
        "cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime",
    ];

    /// <exception cref="HyprException">It is none.</exception>
    internal ResourceLimit ToLimit()
    {
        var resource = Array.IndexOf(Names, Name);
        if (resource < 0)
        {
            throw HyprException.Invalid($"--ulimit {Name}: unknown limit. One of {string.Join(", ", Names.Order(StringComparer.Ordinal))} is due");
        }

        if (Soft < -1 || Hard < -1 || (Hard != -1 && (Soft == -1 || Soft > Hard)))
        {
            throw HyprException.Invalid($"--ulimit {Name}={Soft}:{Hard}: the soft limit is above the hard one, or below nothing");
        }

        return new ResourceLimit(resource, unchecked((ulong)Soft), unchecked((ulong)Hard));
    }
}
