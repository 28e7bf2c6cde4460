using System.Diagnostics;
using System.Globalization;

internal static class Figures
{
    public static async Task TimeAsync(string what, Func<Task> action)
    {
        var start = Stopwatch.GetTimestamp();
        await action();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-52} {Stopwatch.GetElapsedTime(start).TotalMilliseconds,10:0.00} ms"));
    }

    public static void Print(string what, List<TimeSpan> times)
    {
        times.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what,-52} {times[times.Count / 2].TotalMilliseconds,10:0.000} ms median {times[(int)(times.Count * 0.95)].TotalMilliseconds,10:0.000} ms p95"));
    }
}
