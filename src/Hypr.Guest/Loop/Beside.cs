using System.Runtime.ExceptionServices;

namespace Hypr.Guest.Loop;

/// <summary>Two pieces of work at the same time, where there are two CPUs for them.</summary>
internal static class Beside
{
    private const int StackBytes = 256 * 1024;

    /// <summary>Returns when both have ended, and throws what the first threw, else what the second did.</summary>
    public static void Run(Action first, Action second)
    {
        if (Environment.ProcessorCount < 2)
        {
            first();
            second();
            return;
        }

        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                second();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }, StackBytes);
        thread.Start();
        try
        {
            first();
        }
        finally
        {
            thread.Join();
        }

        failure?.Throw();
    }
}
