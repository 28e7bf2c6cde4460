using Hypr.Testing;

namespace Hypr.EndToEndTests.Support;

/// <summary>Debian's docker-registry over the tests' images that wants a login, on the loopback of a host: user <c>me</c>, password <c>secret</c>.</summary>
internal sealed class LockedRegistry
{
    public const string Address = "127.0.0.1:5043";

    /// <summary>bcrypt, as htpasswd(1) -B writes it: the registry takes nothing else.</summary>
    private const string Entry = "me:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";

    public static void Serve(HyprHost host)
    {
        var folder = Directory.CreateDirectory(Path.Combine(host.Folder, "locked")).FullName;
        File.WriteAllText(Path.Combine(folder, "htpasswd"), Entry);
        var config = Path.Combine(folder, "registry.yml");
        File.WriteAllText(config, $$"""
            version: 0.1
            log: { level: error, accesslog: { disabled: true } }
            storage:
              filesystem: { rootdirectory: {{Path.Combine(Repository.Cache, "hub")}} }
              maintenance: { readonly: { enabled: true } }
            auth: { htpasswd: { realm: locked, path: {{folder}}/htpasswd } }
            http: { addr: "{{Address}}" }
            """);
        var registry = host.Space.Start("docker-registry", "serve", config);
        if (!Probe.Until(() => host.Space.Run("curl", "-sf", "-u", "me:secret", $"http://{Address}/v2/").Succeeded, TimeSpan.FromSeconds(30)))
        {
            throw new InvalidOperationException($"docker-registry does not answer: {registry.Error}");
        }
    }
}
