using Hypr.Linux.Processes;

namespace Hypr.Machines.Templates;

/// <summary>
/// A thread that lives until it is disposed. A child's parent-death signal is tied to the thread that made it (prctl(2), PR_SET_PDEATHSIG), and one of the
/// pool may end at any time.
/// </summary>
/// <param name="nice">Of the thread and its children; 0: as this process.</param>
internal sealed class KeptThread(int nice) : IDisposable
{
    private readonly ManualResetEventSlim _end = new();

    /// <summary>Once.</summary>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                if (nice > 0)
                    Self.LowerPriority(nice);
                result.SetResult(work());
            }
            catch (Exception e)
            {
                result.SetException(e);
            }

            _end.Wait();
            _end.Dispose();
        })
        {
            IsBackground = true,
            Name = "vmm",
        }.Start();
        return result.Task;
    }

    public void Dispose() => _end.Set();
}
