using System.Runtime.ExceptionServices;

namespace Hypr.Images.Pull;

/// <summary>Several tasks for one end: the first that fails stops the others, and its reason is the one that is told.</summary>
internal sealed class CommonFate(CancellationToken cancel) : IDisposable
{
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
    private ExceptionDispatchInfo? _first;

    public CancellationToken Token => _stop.Token;

    public bool HasFailed => Volatile.Read(ref _first) is not null;

    /// <summary>What was cancelled is nobody's reason.</summary>
    public Task FailAsync(Exception e)
    {
        if (e is not OperationCanceledException)
            Interlocked.CompareExchange(ref _first, ExceptionDispatchInfo.Capture(e), null);
        return StopAsync();
    }

    public Task StopAsync() => _stop.CancelAsync();

    public void ThrowReason() => Volatile.Read(ref _first)?.Throw();

    public void Dispose() => _stop.Dispose();
}
