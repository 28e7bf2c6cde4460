using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Hypr.Linux.Namespaces;

namespace Hypr.Testing.Images;

/// <summary>Debian's docker-registry on loopback with a folder of its own, in this network namespace or another. Disposal ends it and removes the folder.</summary>
public sealed class LocalRegistry : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly NetworkNamespace? _where;
    private readonly string _folder;
    private readonly TestProgram _program;
    private readonly HttpClient _client;

    private LocalRegistry(NetworkNamespace? where, string folder, int port, TestProgram program)
    {
        _where = where;
        _folder = folder;
        _program = program;
        Authority = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        // The socket is made by a thread in the registry's namespace, and belongs there whoever uses it.
        _client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancel) =>
            {
                var socket = InPlace(where, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                await socket.ConnectAsync(IPAddress.Loopback, port, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = new Uri($"http://{Authority}/") };
    }

    /// <summary><c>127.0.0.1:PORT</c>, the first part of its images' names.</summary>
    public string Authority { get; }

    /// <summary>What it said last.</summary>
    public string Log => _program.Error + _program.Output;

    /// <param name="where">Null: where the test runs.</param>
    /// <param name="port">0: a free one.</param>
    public static async Task<LocalRegistry> StartAsync(NetworkNamespace? where = null, int port = 0)
    {
        var folder = Directory.CreateTempSubdirectory("hypr-registry-").FullName;
        for (var attempt = 0; ; attempt++)
        {
            var chosen = port != 0 ? port : FreePort(where);
            var config = Path.Combine(folder, "config.yml");
            await File.WriteAllTextAsync(config, $$"""
                version: 0.1
                log: { level: error, accesslog: { disabled: true } }
                storage: { filesystem: { rootdirectory: {{folder}}/data }, delete: { enabled: true } }
                http: { addr: "127.0.0.1:{{chosen}}" }
                """);
            var registry = new LocalRegistry(where, folder, chosen, TestProgram.Start(where, "docker-registry", ["serve", config]));
            if (await registry.AnswersAsync())
                return registry;
            registry._client.Dispose();
            registry._program.Dispose();
            // Somebody may have taken the port between the look and the start.
            if (attempt == 3)
                throw new InvalidOperationException($"docker-registry does not start: {registry.Log}");
        }
    }

    /// <summary>Stores an image under <c>REPOSITORY:TAG</c>; its full name, to pull it by.</summary>
    public async Task<string> PushAsync(BuiltImage image, string repository, string tag = "latest")
    {
        await PushBlobsAsync(image, repository);
        await PutManifestAsync(repository, tag, image.Manifest, "application/vnd.oci.image.manifest.v1+json");
        return $"{Authority}/{repository}:{tag}";
    }

    /// <summary>Stores the images and a list of them under one tag.</summary>
    public async Task<string> PushIndexAsync(IReadOnlyList<BuiltImage> images, string repository, string tag = "latest")
    {
        foreach (var image in images)
        {
            await PushBlobsAsync(image, repository);
            await PutManifestAsync(repository, image.ManifestDigest, image.Manifest, "application/vnd.oci.image.manifest.v1+json");
        }

        await PutManifestAsync(repository, tag, BuiltImage.Index(images), "application/vnd.oci.image.index.v1+json");
        return $"{Authority}/{repository}:{tag}";
    }

    /// <summary>Copies what skopeo can read (<c>oci:folder:tag</c>, <c>docker-archive:file</c>) into it.</summary>
    public string Copy(string source, string repository, string tag = "latest", params string[] options)
    {
        using var skopeo = TestProgram.Start(_where, "skopeo",
            ["--insecure-policy", "copy", "-q", "--dest-tls-verify=false", .. options, source, $"docker://{Authority}/{repository}:{tag}"]);
        var result = skopeo.WaitForEnd(TimeSpan.FromMinutes(5));
        return result.Succeeded ? $"{Authority}/{repository}:{tag}" : throw new InvalidOperationException($"skopeo copy {source}: {result.Error}");
    }

    public async Task PutManifestAsync(string repository, string reference, byte[] manifest, string mediaType)
    {
        using var content = new ByteArrayContent(manifest);
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        using var answer = await _client.PutAsync($"v2/{repository}/manifests/{reference}", content);
        await MustBeAsync(answer, HttpStatusCode.Created);
    }

    public void Dispose()
    {
        _client.Dispose();
        _program.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task PushBlobsAsync(BuiltImage image, string repository)
    {
        foreach (var (digest, blob) in image.Blobs)
        {
            using var begun = await _client.PostAsync($"v2/{repository}/blobs/uploads/", null);
            await MustBeAsync(begun, HttpStatusCode.Accepted);
            var location = new Uri(_client.BaseAddress!, begun.Headers.Location!).ToString();
            using var content = new ByteArrayContent(blob);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            using var answer = await _client.PutAsync($"{location}{(location.Contains('?') ? '&' : '?')}digest={Uri.EscapeDataString(digest)}", content);
            await MustBeAsync(answer, HttpStatusCode.Created);
        }
    }

    private static async Task MustBeAsync(HttpResponseMessage answer, HttpStatusCode expected)
    {
        if (answer.StatusCode != expected)
            throw new InvalidOperationException($"{answer.RequestMessage?.RequestUri}: {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
    }

    private async Task<bool> AnswersAsync()
    {
        for (var until = DateTime.UtcNow + Patience; DateTime.UtcNow < until && !_program.HasEnded; await Task.Delay(20))
        {
            try
            {
                using var answer = await _client.GetAsync("v2/");
                if (answer.IsSuccessStatusCode && !_program.HasEnded)
                    return true;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }
        }

        return false;
    }

    private static int FreePort(NetworkNamespace? where) => InPlace(where, () =>
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    });

    private static T InPlace<T>(NetworkNamespace? where, Func<T> action) => where is null ? action() : where.Run(action);
}
