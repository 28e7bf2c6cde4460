using System.Globalization;
using System.Text.Json;
using Hypr.Api.Contracts;

namespace Hypr.Cli.Commands;

/// <summary>
/// Reads the API's answers as they are: what a server does not send (an older one, or Docker's) is empty, not an error. Answers are not
/// read into the contracts' types, because <c>inspect</c> and templates show every key, also those that we do not know.
/// </summary>
internal static class JsonReading
{
    /// <summary>The member at the end of the path, of kind Undefined where it breaks off.</summary>
    public static JsonElement At(this JsonElement json, params ReadOnlySpan<string> path)
    {
        foreach (string name in path)
        {
            if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(name, out json))
                return default;
        }
        return json;
    }

    /// <summary>A string, or a number or boolean as JSON writes it; empty where there is none.</summary>
    public static string Text(this JsonElement json, params ReadOnlySpan<string> path)
    {
        var value = json.At(path);
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
            _ => "",
        };
    }

    public static long Number(this JsonElement json, params ReadOnlySpan<string> path)
    {
        var value = json.At(path);
        return value.ValueKind != JsonValueKind.Number ? 0 : value.TryGetInt64(out long whole) ? whole : (long)value.GetDouble();
    }

    public static bool IsTrue(this JsonElement json, params ReadOnlySpan<string> path) => json.At(path).ValueKind == JsonValueKind.True;

    public static IEnumerable<JsonElement> Items(this JsonElement json, params ReadOnlySpan<string> path)
    {
        var value = json.At(path);
        return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];
    }

    public static IEnumerable<JsonProperty> Members(this JsonElement json, params ReadOnlySpan<string> path)
    {
        var value = json.At(path);
        return value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : [];
    }

    /// <summary>A time in RFC 3339 or in Unix seconds; null for none and for Go's zero time.</summary>
    public static DateTimeOffset? Time(this JsonElement json, params ReadOnlySpan<string> path)
    {
        var value = json.At(path);
        return value.ValueKind switch
        {
            JsonValueKind.Number => DateTimeOffset.FromUnixTimeSeconds(value.GetInt64()),
            JsonValueKind.String => Timestamps.Parse(value.GetString()),
            _ => null,
        };
    }

    /// <summary><c>5 minutes ago</c></summary>
    public static string Ago(DateTimeOffset? time, DateTimeOffset now) => time is { } t ? HumanDuration.Of(now - t) + " ago" : "N/A";

    /// <summary>Go's time.Time.String in the local zone: <c>2026-01-31 12:00:00 +0000 UTC</c>.</summary>
    public static string GoTime(DateTimeOffset? time)
    {
        if (time is not { } t)
            return "";
        var local = t.ToLocalTime();
        string offset = local.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal);
        return $"{local.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} {offset} {(local.Offset == TimeSpan.Zero ? "UTC" : offset)}";
    }

    /// <summary>The first twelve digits, without <c>sha256:</c>, unless all are wanted.</summary>
    public static string Id(string id, bool all)
    {
        if (all)
            return id;
        string digits = id.StartsWith("sha256:", StringComparison.Ordinal) ? id[7..] : id;
        return digits.Length > 12 ? digits[..12] : digits;
    }

    /// <summary>Filters of <c>--filter key=value</c>.</summary>
    /// <exception cref="Arguments.UsageException">One has no <c>=</c>.</exception>
    public static IEnumerable<KeyValuePair<string, string>> Filters(this Arguments.CommandLine line)
    {
        foreach (string filter in line.All("filter"))
        {
            int equals = filter.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                throw new Arguments.UsageException(line, $"--filter \"{filter}\": not of the form key=value");
            yield return KeyValuePair.Create(filter[..equals].Trim().ToLowerInvariant(), filter[(equals + 1)..].Trim());
        }
    }
}
