using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hypr.Api.Contracts;

/// <summary>Docker's StrSlice: a command may be a list of words or one string (api/types/strslice).</summary>
public sealed class StringOrListConverter : JsonConverter<List<string>?>
{
    public override List<string>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.String:
                return [reader.GetString()!];
            case JsonTokenType.StartArray:
                var words = new List<string>();
                while (reader.Read() && reader.TokenType == JsonTokenType.String)
                {
                    words.Add(reader.GetString()!);
                }

                return reader.TokenType == JsonTokenType.EndArray ? words : throw new JsonException("a list of strings is due");
            default:
                throw new JsonException("a string or a list of strings is due");
        }
    }

    public override void Write(Utf8JsonWriter writer, List<string>? value, JsonSerializerOptions options)
    {
        if (value is null)
        {
            writer.WriteNullValue();
            return;
        }

        writer.WriteStartArray();
        foreach (var word in value)
        {
            writer.WriteStringValue(word);
        }

        writer.WriteEndArray();
    }
}
