namespace Hypr.Machines.Templates;

/// <summary>
/// A thread that lives until it is disposed. A child's parent-death signal is tied to the thread that made it (prctl(2), PR_SET_PDEATHSIG), and one of the
/// pool may end at any time.
/// </summary>
internal sealed class KeptThread : IDisposable
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
