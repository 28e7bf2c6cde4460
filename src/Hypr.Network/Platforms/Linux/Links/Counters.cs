using System.Globalization;

namespace Hypr.Network.Platforms.Linux.Links;

/// <summary>ip -s link: the counters of links, by the file that the kernel has for all of them (net/core/net-procfs.c); the calling thread's namespace counts.</summary>
internal static class Counters
{
    public static Dictionary<string, LinkTraffic> Read(IReadOnlyCollection<string> links)
    {
        var found = new Dictionary<string, LinkTraffic>();
        foreach (var line in File.ReadLines("/proc/thread-self/net/dev"))
        {
            if (line.IndexOf(':') is > 0 and var colon && links.Contains(line[..colon].Trim()))
            {
                var n = line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                found[line[..colon].Trim()] = new LinkTraffic(Count(n, 0), Count(n, 8));
            }
        }

        return found;
    }

    private static TrafficCount Count(string[] numbers, int first) =>
        new(Number(numbers, first), Number(numbers, first + 1), Number(numbers, first + 2), Number(numbers, first + 3));

    private static long Number(string[] numbers, int index) =>
        index < numbers.Length && long.TryParse(numbers[index], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
