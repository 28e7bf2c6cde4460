using System.Text;
using System.Text.Json;

namespace Hypr.Api.Client;

/// <summary>An answer that is not an error. Disposing it closes its connection.</summary>
public sealed class ApiAnswer : IDisposable
{
    private readonly HttpHead _head;

    internal ApiAnswer(HttpHead head, Stream body)
    {
        _head = head;
        Body = body;
    }

    /// <summary>The HTTP status, 200 to 399; 304 says that it is so already.</summary>
    public int Status => _head.Status;

    /// <summary>The body as it arrives; reading blocks.</summary>
    public Stream Body { get; }

    /// <summary>A header's value, or null.</summary>
    public string? Header(string name) => _head.Headers.GetValueOrDefault(name);

    /// <summary>The whole body as JSON, which outlives the answer; of kind Undefined when there is none.</summary>
    public JsonElement Json()
    {
        byte[] bytes = Bytes();
        if (bytes.Length == 0)
            return default;
        try
        {
            return JsonDocument.Parse(bytes).RootElement;
        }
        catch (JsonException e)
        {
            throw new IOException($"hyprd's answer is not JSON: {e.Message}", e);
        }
    }

    /// <summary>A body of JSON objects, one a line, each as it arrives (events, progress).</summary>
    public IEnumerable<JsonElement> JsonLines()
    {
        using var reader = new StreamReader(Body, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0)
                yield return JsonDocument.Parse(line).RootElement;
        }
    }

    internal byte[] Bytes()
    {
        using var all = new MemoryStream();
        Body.CopyTo(all);
        return all.ToArray();
    }

    public void Dispose() => Body.Dispose();
}
