namespace Hypr.Daemon.Tests.Fakes;

/// <summary>How many sockets this process, which is server and client, has open.</summary>
internal static class Sockets
{
    public static int Open() => Directory.GetFileSystemEntries("/proc/self/fd")
        .Count(f => new FileInfo(f).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);

    public static Task UntilOpenAsync(int atMost) => UntilAsync(() => Task.FromResult(Open() <= atMost));

    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var i = 0; !await condition(); i++)
        {
            Assert.True(i < 600, "the condition did not come true within a minute");
            await Task.Delay(100);
        }
    }
}
