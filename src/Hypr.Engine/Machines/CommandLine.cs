using Hypr.Images;

namespace Hypr.Engine.Machines;

/// <summary>Entrypoint and command, of the image and of the client, as Docker joins them.</summary>
internal static class CommandLine
{
    public static IReadOnlyList<string> Of(MachineConfig config, ImageConfig image)
    {
        if (config.Entrypoint is null)
        {
            return [.. image.Entrypoint ?? [], .. config.Cmd ?? image.Cmd ?? []];
        }

        var entrypoint = config.Entrypoint is [""] ? [] : config.Entrypoint;
        return [.. entrypoint, .. config.Cmd ?? []];
    }

    /// <summary>The image's environment with the client's over it, in Docker's order; a bare name removes the image's.</summary>
    public static IReadOnlyList<string> Environment(MachineConfig config, ImageConfig image)
    {
        var order = new List<string>();
        var values = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var entry in image.Env.Concat(config.Env))
        {
            var name = entry.Split('=', 2)[0];
            if (!values.ContainsKey(name))
            {
                order.Add(name);
            }

            values[name] = entry.Contains('=') ? entry : null;
        }

        return [.. order.Select(n => values[n]).OfType<string>()];
    }
}
