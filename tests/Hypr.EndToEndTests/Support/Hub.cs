using Hypr.Testing;

namespace Hypr.EndToEndTests.Support;

/// <summary>
/// The images of the tests, made from Debian packages by <c>examples/images/build</c> and pushed into the storage of a real registry, once for all runs. Each host
/// under test has a registry of its own over that storage, read-only, on 127.0.0.1:5000 of its namespace.
/// </summary>
internal static class Hub
{
    public const string Address = "127.0.0.1:5000";
    private static readonly string[] Images = ["nginx", "tools"];
    private static readonly Lock Making = new();

    /// <summary>Starts it and waits until it answers.</summary>
    public static void Serve(TestNamespace space, string folder)
    {
        Start(space, folder, Storage(), readOnly: true);
    }

    private static string Storage()
    {
        lock (Making)
        {
            var storage = Path.Combine(Repository.Cache, "hub");
            if (Directory.Exists(storage))
            {
                return storage;
            }

            var making = storage + ".new";
            if (Directory.Exists(making))
            {
                Directory.Delete(making, recursive: true);
            }

            Directory.CreateDirectory(making);
            using var space = TestNamespace.Create("hub");
            var folder = Directory.CreateTempSubdirectory("hypr-hub-").FullName;
            try
            {
                using (Start(space, folder, making, readOnly: false))
                {
                    foreach (var image in Images)
                    {
                        var layout = Path.Combine(Repository.Cache, "images", image);
                        if (!File.Exists(Path.Combine(layout, "index.json")))
                        {
                            Must(TestProgram.Start(null, Path.Combine(Repository.Root, "examples", "images", "build"), [image, layout]));
                        }

                        Must(space.Start("skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", $"oci:{layout}:latest", $"docker://{Address}/library/{image}:latest"));
                    }
                }
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }

            Directory.Move(making, storage);
            return storage;
        }
    }

    private static TestProgram Start(TestNamespace space, string folder, string storage, bool readOnly)
    {
        var config = Path.Combine(folder, "registry.yml");
        File.WriteAllText(config, $$"""
            version: 0.1
            log: { level: error, accesslog: { disabled: true } }
            storage:
              filesystem: { rootdirectory: {{storage}} }
              maintenance: { readonly: { enabled: {{(readOnly ? "true" : "false")}} } }
            http: { addr: "{{Address}}" }
            """);
        var registry = space.Start("docker-registry", "serve", config);
        return Probe.Until(() => space.Run("curl", "-sf", $"http://{Address}/v2/").Succeeded, TimeSpan.FromSeconds(30))
            ? registry
            : throw new InvalidOperationException($"docker-registry does not answer: {registry.Error}");
    }

    private static void Must(TestProgram program)
    {
        var result = program.WaitForEnd(TimeSpan.FromMinutes(5));
        if (!result.Succeeded)
        {
            throw new InvalidOperationException(result.Error + result.Output);
        }
    }
}
