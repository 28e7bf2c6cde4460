using System.Net.Http.Headers;

namespace Hypr.Images.Registry;

/// <summary>One challenge of WWW-Authenticate (RFC 9110, 11.6.1): <c>Bearer realm="https://auth...",service="...",scope="..."</c>.</summary>
internal sealed record Challenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    public bool IsBearer => Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase);

    public bool IsBasic => Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase);

    public string? this[string key] => Parameters.TryGetValue(key, out var value) ? value : null;

    public static IEnumerable<Challenge> Of(HttpResponseHeaders headers)
    {
        foreach (var header in headers.WwwAuthenticate)
            yield return new Challenge(header.Scheme, ParseParameters(header.Parameter ?? ""));
    }

    private static Dictionary<string, string> ParseParameters(string text)
    {
        var parameters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var i = 0;
        while (i < text.Length)
        {
            var equals = text.IndexOf('=', i);
            if (equals < 0)
                break;
            var key = text[i..equals].Trim(' ', ',', '\t');
            i = equals + 1;
            var value = new System.Text.StringBuilder();
            if (i < text.Length && text[i] == '"')
            {
                for (i++; i < text.Length && text[i] != '"'; i++)
                {
                    if (text[i] == '\\' && i + 1 < text.Length)
                        i++;
                    value.Append(text[i]);
                }

                i++;
            }
            else
            {
                for (; i < text.Length && text[i] != ','; i++)
                    value.Append(text[i]);
            }

            if (key.Length > 0)
                parameters.TryAdd(key, value.ToString().Trim());
        }

        return parameters;
    }
}
