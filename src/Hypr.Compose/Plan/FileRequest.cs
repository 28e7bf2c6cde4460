using System.Globalization;
using System.Text;
using Hypr.Api.Contracts;
using Hypr.Compose.Load;
using Hypr.Compose.Model;

namespace Hypr.Compose.Plan;

/// <summary>A service's configs and secrets as files of its VM. Their content is part of what the VM is made from: changed, it is made anew.</summary>
internal static class FileRequest
{
    /// <summary>Docker's bounds (swarmkit, api/validation): a secret's is half a config's.</summary>
    private const int MostConfigBytes = 1000 * 1024;
    private const int MostSecretBytes = 500 * 1024;
    private const int DefaultMode = 0x124;

    /// <exception cref="IOException">A file went since <see cref="Check"/>.</exception>
    public static List<HyprFile>? Of(ComposeProject project, Service service)
    {
        var files = All(project, service).Select(f => new HyprFile
        {
            Path = f.Path,
            Content = Content(f.Source),
            Uid = Number(f.Use.Uid) ?? 0,
            Gid = Number(f.Use.Gid) ?? 0,
            Mode = (uint)(f.Use.Mode ?? DefaultMode),
        }).ToList();
        return files.Count > 0 ? files : null;
    }

    public static void Check(ComposeProject project, Service service, Problems problems)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (source, use, path, kind, most) in All(project, service))
        {
            if (!paths.Add(path))
            {
                problems.Error(use.At, $"services.{service.Name}: {path} is the place of two configs or secrets");
            }

            foreach (var id in new[] { use.Uid, use.Gid }.Where(id => id is not null && Number(id) is null))
            {
                problems.Error(use.At, $"services.{service.Name}: '{id}' is no number of a user or group, which the {kind} {use.Source} needs: the image's names are not known here");
            }

            if (source.External)
            {
                problems.Error(use.At, $"services.{service.Name}: the {kind} {source.Key} is external, and there is no swarm that keeps it: name a file, a variable or its content");
                continue;
            }

            if (source is { Environment: { } name, EnvironmentValue: null })
            {
                problems.Error(source.At, $"the {kind} {source.Key} is the variable {name}, which is not set");
                continue;
            }

            try
            {
                if (source.File is { } file && new FileInfo(file).Length > most)
                {
                    problems.Error(source.At, $"the {kind} {source.Key}: {file} has {new FileInfo(file).Length >> 10} KiB; {most >> 10} are the most. Put it into a volume");
                }
                else if (Content(source).Length > most)
                {
                    problems.Error(source.At, $"the {kind} {source.Key} has more than {most >> 10} KiB, which is the most. Put it into a volume");
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problems.Error(source.At, $"the {kind} {source.Key} cannot be read: {e.Message}");
            }
        }
    }

    private static IEnumerable<(FileSource Source, ServiceFile Use, string Path, string Kind, int Most)> All(ComposeProject project, Service service) =>
        service.Configs.Select(c => (project.Configs[c.Source], c, Place(c, "/"), "config", MostConfigBytes))
            .Concat(service.Secrets.Select(s => (project.Secrets[s.Source], s, Place(s, "/run/secrets/"), "secret", MostSecretBytes)));

    /// <summary>Where it is found: by its name in the usual folder, unless the file says otherwise.</summary>
    private static string Place(ServiceFile use, string folder) => use.Target is not { Length: > 0 } target ? folder + use.Source
        : target.StartsWith('/') ? target : folder + target;

    private static byte[] Content(FileSource source) =>
        source.File is { } file ? File.ReadAllBytes(file) : Encoding.UTF8.GetBytes(source.EnvironmentValue ?? source.Content ?? "");

    private static uint? Number(string? text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
