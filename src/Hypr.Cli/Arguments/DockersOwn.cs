namespace Hypr.Cli.Arguments;

/// <summary>Docker's commands that HYPR does not have, and what does their work (docs/docker.md lists the same).</summary>
internal static class DockersOwn
{
    private const string Build = "HYPR builds no images. Build with docker, podman or buildkit, and hypr load the result, or pull it";
    private const string Swarm = "HYPR has no swarm. Use stacks on one host: hypr compose";

    /// <param name="asked">As it was typed, with its group: <c>image push</c>.</param>
    public static string? Sentence(string asked) => asked switch
    {
        "push" or "image push" => "HYPR does not push. Send an image with: hypr save NAME | skopeo copy docker-archive:/dev/stdin docker://NAME",
        "search" => "HYPR does not search registries. Look at https://hub.docker.com, and hypr pull by name",
        "build" or "image build" or "builder" or "buildx" => Build,
        "swarm" or "node" or "service" or "stack" or "secret" or "config" => Swarm,
        "checkpoint" => "a VM is not checkpointed. hypr pause holds one",
        "plugin" => "HYPR has no plugins",
        "context" => "HYPR has one daemon a host. Name another with --host or HYPR_HOST",
        "manifest" or "trust" => "that is between a client and a registry. Use docker or skopeo for it",
        _ => null,
    };
}
