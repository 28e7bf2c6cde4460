using System.Collections.Concurrent;
using Hypr.Linux.Namespaces;

namespace Hypr.Network.Platforms.Linux.Threads;

/// <summary>
/// A thread that stays in one network namespace and does one thing after another. What it owns needs no lock, and TAPs, kernel settings and programs that are
/// made on it belong to the namespace.
/// </summary>
internal sealed class NamespaceThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;
    private readonly Action<Exception> _onFailure;

    /// <param name="onFailure">For what <see cref="Post"/> was given and threw.</param>
    public NamespaceThread(NetworkNamespace space, string name, Action<Exception> onFailure)
    {
        _onFailure = onFailure;
        _thread = new Thread(() =>
        {
            space.Enter();
            foreach (var work in _work.GetConsumingEnumerable())
                work();
        })
        { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Does it on the thread; the result or the exception comes back.</summary>
    public Task<T> Run<T>(Func<T> action, CancellationToken cancel = default)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Add(() =>
        {
            if (cancel.IsCancellationRequested)
            {
                done.SetCanceled(cancel);
                return;
            }

            try
            {
                done.SetResult(action());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    public Task Run(Action action, CancellationToken cancel = default) => Run<object?>(
        () =>
        {
            action();
            return null;
        },
        cancel);

    /// <summary>Does it on the thread, some time; nothing once the thread is ending.</summary>
    public void Post(Action action)
    {
        try
        {
            _work.Add(() =>
            {
                try
                {
                    action();
                }
                catch (Exception e)
                {
                    _onFailure(e);
                }
            });
        }
        catch (InvalidOperationException)
        {
            // A timer or a notification came as the datapath closed: there is nothing to mend any more.
        }
    }

    /// <summary>Lets what is queued end first.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
    }

    private void Add(Action work)
    {
        try
        {
            _work.Add(work);
        }
        catch (InvalidOperationException)
        {
            throw new ObjectDisposedException(nameof(LinuxDatapath));
        }
    }
}
