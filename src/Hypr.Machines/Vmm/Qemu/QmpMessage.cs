using System.Buffers;
using System.Text.Json;

namespace Hypr.Machines.Vmm.Qemu;

/// <summary>A line that QEMU sends (docs/interop/qmp-spec.txt): a greeting, an event, a return or an error.</summary>
internal abstract record QmpMessage
{
    public sealed record Greeting : QmpMessage;

    /// <param name="Device">The id in its data; null: it has none.</param>
    public sealed record Event(string Name, string? Device) : QmpMessage;

    public sealed record Return(long Id, JsonElement Value) : QmpMessage;

    public sealed record Error(long Id, string Class, string Description) : QmpMessage;

    /// <exception cref="JsonException">It is none of them.</exception>
    public static QmpMessage Parse(ReadOnlySequence<byte> line)
    {
        using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 32 });
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            throw new JsonException("a QMP message is an object");
        if (root.TryGetProperty("QMP", out _))
            return new Greeting();
        if (root.TryGetProperty("event", out var name))
        {
            var device = root.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object
                && data.TryGetProperty("device", out var id)
                && id.ValueKind == JsonValueKind.String ? Text(id) : null;
            return new Event(Text(name), device);
        }

        var number = root.TryGetProperty("id", out var request) && request.ValueKind == JsonValueKind.Number && request.TryGetInt64(out var value) ? value : -1;
        if (root.TryGetProperty("return", out var result))
            return new Return(number, result.Clone());
        if (root.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object)
            return new Error(number, Member(error, "class"), Member(error, "desc"));
        throw new JsonException("neither greeting, event, return nor error");
    }

    /// <summary>For fuzzing.</summary>
    internal static void Fuzz(ReadOnlySpan<byte> bytes)
    {
        try
        {
            Parse(new ReadOnlySequence<byte>(bytes.ToArray()));
        }
        catch (JsonException)
        {
            // Said what is wrong, as it should.
        }
    }

    private static string Member(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? Text(value) : "";

    private static string Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new JsonException("a string is due");
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("a string is not UTF-8", e);
        }
    }
}
