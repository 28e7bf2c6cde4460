using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hypr.Tar;

namespace Hypr.Images.Store;

/// <summary>JSON that others wrote.</summary>
internal static class Json
{
    /// <exception cref="MalformedException">What a registry or an archive gave is no such document.</exception>
    public static T Parse<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type, string what)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new MalformedException($"{what} is empty");
        }
        catch (JsonException e)
        {
            throw new MalformedException($"{what} is not what it should be: {e.Message}", e);
        }
    }

    public static T? TryParse<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
