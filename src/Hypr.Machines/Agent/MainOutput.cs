using Hypr.Guest.Protocol.Host;
using Hypr.Machines.Logs;

namespace Hypr.Machines.Agent;

/// <summary>Takes the image's process's output to the log and to all who are attached.</summary>
internal sealed class MainOutput(LogWriter log)
{
    private readonly Lock _lock = new();
    private readonly List<MainSession> _sessions = [];
    private readonly CancellationTokenSource _patienceEnded = new();
    private int? _exitCode;
    private Exception? _lost;
    private bool _isComplete;

    /// <summary>The position to ask the output from over a new connection.</summary>
    public ulong Next => log.Next;

    public void Attach(MainSession session)
    {
        lock (_lock)
        {
            if (_isComplete)
                session.CompleteOutput();
            if (_exitCode is { } code)
                session.Ended(code);
            else if (_lost is { } why)
                session.Lost(why);
            else
                _sessions.Add(session);
        }
    }

    /// <summary>Reads to the end of the output; true: that was reached.</summary>
    /// <exception cref="IOException">The connection ended.</exception>
    public async Task<bool> PumpAsync(GuestOutput output, CancellationToken cancel)
    {
        while (await output.ReadAsync(cancel) is { } piece)
        {
            // The log first: one who is attached and does not read holds up nothing that was said before.
            log.Write(piece.Stream, piece.Position, piece.Time, piece.Data.Span);
            foreach (var session in Sessions())
                await DeliverAsync(session, piece);
        }

        return true;
    }

    /// <summary>The process has ended: one who does not read what is left gets that long.</summary>
    public void Hurry(TimeSpan patience) => _patienceEnded.CancelAfter(patience);

    /// <summary>All output was taken.</summary>
    public void Complete()
    {
        log.Complete();
        lock (_lock)
        {
            _isComplete = true;
            foreach (var session in _sessions)
                session.CompleteOutput();
        }
    }

    public void Ended(int code)
    {
        lock (_lock)
        {
            _exitCode = code;
            foreach (var session in _sessions)
                session.Ended(code);
            _sessions.Clear();
        }
    }

    /// <summary>This process lets go of the machine.</summary>
    public void Abandon(Exception why)
    {
        _patienceEnded.Cancel();
        log.Abandon();
        lock (_lock)
        {
            _isComplete = true;
            _lost = why;
            foreach (var session in _sessions)
                session.Lost(why);
            _sessions.Clear();
        }
    }

    private async ValueTask DeliverAsync(MainSession session, GuestOutputPiece piece)
    {
        try
        {
            await session.DeliverAsync(piece.Stream, piece.Data, _patienceEnded.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException)
        {
            // It has not read, or was let go of meanwhile.
        }
    }

    private MainSession[] Sessions()
    {
        lock (_lock)
        {
            _sessions.RemoveAll(session => session.IsDisposed);
            return [.. _sessions];
        }
    }
}
