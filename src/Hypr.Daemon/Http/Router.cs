namespace Hypr.Daemon.Http;

/// <summary>
/// The table of routes. A pattern has at most one variable: <c>{name}</c> stands for one segment, <c>{name*}</c> for one or more (names of images have slashes).
/// The first match counts.
/// </summary>
internal sealed class Router
{
    private readonly List<Route> _routes = [];

    public void Map(string method, string pattern, Func<ApiCall, Task> handler)
    {
        var segments = pattern.Split('/', StringSplitOptions.RemoveEmptyEntries);
        _routes.Add(new Route(method, segments, Array.FindIndex(segments, s => s[0] == '{'), handler));
    }

    public (Func<ApiCall, Task> Handler, string Name)? Find(string method, string[] path)
    {
        foreach (var route in _routes)
        {
            if (route.Method == method && route.Match(path) is { } name)
            {
                return (route.Handler, name);
            }
        }

        return null;
    }

    private sealed record Route(string Method, string[] Segments, int Variable, Func<ApiCall, Task> Handler)
    {
        /// <summary>The variable's value, empty without one; null when the path is another.</summary>
        public string? Match(string[] path)
        {
            var extra = path.Length - Segments.Length;
            if (extra < 0 || (extra > 0 && (Variable < 0 || !Segments[Variable].EndsWith("*}", StringComparison.Ordinal))))
            {
                return null;
            }

            for (var i = 0; i < Segments.Length; i++)
            {
                if (i != Variable && Segments[i] != path[i < Variable || Variable < 0 ? i : i + extra])
                {
                    return null;
                }
            }

            return Variable < 0 ? "" : ApiPath.Unescape(string.Join('/', path, Variable, extra + 1));
        }
    }
}
