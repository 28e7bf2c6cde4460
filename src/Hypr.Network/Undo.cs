using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Hypr.Network;

/// <summary>What was done and how it is taken back. After a failure everything is undone in reverse; a step that cannot be undone is logged and stops nothing. Steps may be told by several threads.</summary>
internal sealed partial class Undo(ILogger log)
{
    private readonly ConcurrentStack<(string What, Func<Task> Back)> _done = [];

    public void Add(string what, Func<Task> back) => _done.Push((what, back));

    public void Add(string what, Action back) => Add(what, () =>
    {
        back();
        return Task.CompletedTask;
    });

    public async Task RollBackAsync()
    {
        while (_done.TryPop(out var step))
        {
            try
            {
                await step.Back();
            }
            catch (Exception e)
            {
                NotUndone(log, e, step.What);
            }
        }
    }

    /// <summary>For a teardown: runs a step; its failure is logged and the next one follows.</summary>
    public static async Task TryAsync(ILogger log, string what, Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception e)
        {
            NotTornDown(log, e, what);
        }
    }

    [LoggerMessage(LogLevel.Error, "could not take back: {What}; the next start of hyprd mends it")]
    private static partial void NotUndone(ILogger logger, Exception error, string what);

    [LoggerMessage(LogLevel.Error, "could not take down: {What}; the next start of hyprd mends it")]
    private static partial void NotTornDown(ILogger logger, Exception error, string what);
}
