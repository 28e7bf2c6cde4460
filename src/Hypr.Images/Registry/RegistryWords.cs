using Hypr.Primitives;

namespace Hypr.Images.Registry;

/// <summary>A registry's refusals in the words that Docker's clients look for (distribution/errors.go of the engine).</summary>
internal static class RegistryWords
{
    public static HyprException InWords(this RegistryException e, ImageReference reference, string registry, IReadOnlyList<string> mirrors)
    {
        var also = mirrors.Count == 0 ? "" : $" (before it: {string.Join("; ", mirrors)})";
        return e.Code switch
        {
            RegistryException.Denied => NotFound($"pull access denied for {reference.FamiliarName}, repository does not exist or may require 'docker login': {e.Words}"),
            RegistryException.ManifestUnknown => NotFound($"manifest for {reference.Familiar} not found: {e.Words}"),
            RegistryException.NameUnknown => NotFound($"repository {reference.FamiliarName} not found: {e.Words}"),
            // The Hub says this of repositories that are not there.
            RegistryException.Unauthorized when reference.Domain == ImageReference.DockerHub =>
                NotFound($"pull access denied for {reference.FamiliarName}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied"),
            RegistryException.Unauthorized => new HyprException(ErrorKind.Forbidden, $"pull access denied for {reference.FamiliarName}: {e.Words}. Log in to {registry} first{also}", e),
            RegistryException.Unreachable => HyprException.Unavailable($"cannot pull {reference.Familiar}: registry {registry}: {e.Message}{also}", e),
            _ => HyprException.Unavailable($"cannot pull {reference.Familiar}: {e.Words}{also}", e),
        };

        HyprException NotFound(string message) => new(ErrorKind.NotFound, message + also, e);
    }
}
