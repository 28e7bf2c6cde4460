namespace Hypr.Machines.Vmm;

/// <summary>
/// Reads a stream to its end into <see cref="LastWords"/> and, at most once a second, into a file of the same bounded size.
/// </summary>
internal sealed class ByteCollector(Stream from, LastWords to, string? file, TimeProvider clock)
{
    private static readonly TimeSpan BetweenWrites = TimeSpan.FromSeconds(1);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when everything was read. Never fails.</summary>
    public Task Ended => _ended.Task;

    public void Start() => _ = Task.Run(RunAsync);

    private async Task RunAsync()
    {
        var buffer = new byte[4096];
        var written = clock.GetTimestamp();
        var isDirty = false;
        try
        {
            while (true)
            {
                var read = from.ReadAsync(buffer).AsTask();
                // What is not yet in the file must not wait there for the guest's next word.
                if (isDirty && await Task.WhenAny(read, Task.Delay(BetweenWrites, clock)) != read)
                {
                    Save();
                    isDirty = false;
                }

                var count = await read;
                if (count == 0)
                    break;
                to.Add(buffer.AsSpan(0, count));
                isDirty = true;
                if (clock.GetElapsedTime(written) < BetweenWrites)
                    continue;
                Save();
                isDirty = false;
                written = clock.GetTimestamp();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The other end is gone: the end too.
        }

        if (isDirty)
            Save();
        _ended.TrySetResult();
    }

    private void Save()
    {
        if (file is null)
            return;
        try
        {
            File.WriteAllBytes(file, to.ToArray());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk, or a machine that was removed meanwhile: only the console's copy is lost.
        }
    }
}
