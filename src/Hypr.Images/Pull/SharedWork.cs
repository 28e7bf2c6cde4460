namespace Hypr.Images.Pull;

/// <summary>
/// One piece of work for all who want the same at the same time. It runs on until it is done or the last who waits has gone; then it is cancelled, and that
/// last one waits for its end, so that nothing of it is left.
/// </summary>
internal sealed class SharedWork<T>
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Running> _running = new(StringComparer.Ordinal);

    /// <param name="watch">Gets the work's progress; who comes later gets the last word on each id first.</param>
    public async Task<T> RunAsync(string key, Action<PullProgress> watch, Func<Action<PullProgress>, CancellationToken, Task<T>> work, CancellationToken cancel)
    {
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            Running running;
            bool isMine;
            lock (_gate)
            {
                isMine = !_running.TryGetValue(key, out running!);
                if (isMine)
                    _running.Add(key, running = new Running());
                running.Join(watch);
            }

            if (isMine)
                running.Task = StartAsync(key, running, work);
            try
            {
                return await running.Completed.Task.WaitAsync(cancel).ConfigureAwait(false);
            }
            catch (Exception) when (!isMine && !cancel.IsCancellationRequested)
            {
                // It failed with another's registry or credentials: with our own it may succeed.
            }
            finally
            {
                await LeaveAsync(key, running, watch).ConfigureAwait(false);
            }
        }
    }

    private async Task StartAsync(string key, Running running, Func<Action<PullProgress>, CancellationToken, Task<T>> work)
    {
        // Off the caller's stack: Completed is set in there, and nobody's lock is held.
        await Task.Yield();
        try
        {
            var result = await work(running.Report, running.Cancel.Token).ConfigureAwait(false);
            Forget(key, running);
            running.Completed.SetResult(result);
        }
        catch (Exception e)
        {
            Forget(key, running);
            running.Completed.SetException(e);
        }
    }

    private async Task LeaveAsync(string key, Running running, Action<PullProgress> watch)
    {
        lock (_gate)
        {
            if (running.Leave(watch) > 0)
                return;
            // From here on a newcomer starts anew.
            if (_running.TryGetValue(key, out var present) && ReferenceEquals(present, running))
                _running.Remove(key);
        }

        if (!running.Completed.Task.IsCompleted)
            await running.Cancel.CancelAsync().ConfigureAwait(false);
        await running.Completed.Task.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
    }

    private void Forget(string key, Running running)
    {
        lock (_gate)
        {
            if (_running.TryGetValue(key, out var present) && ReferenceEquals(present, running))
                _running.Remove(key);
        }
    }

    private sealed class Running
    {
        private readonly Lock _gate = new();
        private readonly List<Action<PullProgress>> _watchers = [];
        private readonly List<PullProgress> _last = [];

        public CancellationTokenSource Cancel { get; } = new();

        public TaskCompletionSource<T> Completed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task? Task { get; set; }

        public void Join(Action<PullProgress> watch)
        {
            lock (_gate)
            {
                foreach (var line in _last)
                    watch(line);
                _watchers.Add(watch);
            }
        }

        public int Leave(Action<PullProgress> watch)
        {
            lock (_gate)
            {
                _watchers.Remove(watch);
                return _watchers.Count;
            }
        }

        public void Report(PullProgress line)
        {
            lock (_gate)
            {
                var index = _last.FindIndex(l => l.Id == line.Id);
                if (index < 0)
                    _last.Add(line);
                else
                    _last[index] = line;
                foreach (var watch in _watchers)
                    watch(line);
            }
        }
    }
}
