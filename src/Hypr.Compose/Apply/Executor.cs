using System.Collections.Concurrent;
using System.Text.Json;
using Hypr.Compose.Plan;
using Hypr.Primitives;

namespace Hypr.Compose.Apply;

/// <summary>What became of a plan.</summary>
/// <param name="Failures">Each as a sentence.</param>
/// <param name="Skipped">Subjects that were left alone, because something before them failed.</param>
public sealed record Outcome(IReadOnlyList<string> Failures, IReadOnlyList<string> Skipped, bool Cancelled)
{
    public bool Succeeded => Failures.Count == 0 && !Cancelled;
}

/// <summary>
/// Carries out a plan: what is independent at the same time, each in a thread of its own, because the client's calls block. What fails takes along only what waits
/// for it; the rest is done, and nothing is undone: the next up carries on from what is there.
/// </summary>
public sealed class Executor(StepActions actions, IStackProgress progress)
{
    /// <summary>At the same time; waiting for another VM's state does not count. A booting VM needs a CPU: more at once make each slower.</summary>
    private const int Most = 16;

    /// <param name="cancel">Nothing new is begun; what has begun is waited for, but for pulls.</param>
    public Outcome Run(StackPlan plan, CancellationToken cancel)
    {
        var left = new Dictionary<object, int>(ReferenceEqualityComparer.Instance);
        foreach (var step in plan.Steps)
        {
            left[step] = step.After.Count;
        }

        var dependents = plan.Steps.SelectMany(s => s.After, (s, before) => (s, before))
            .ToLookup(p => (object)p.before, p => p.s, ReferenceEqualityComparer.Instance);
        var failed = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var ready = new Queue<Step>(plan.Steps.Where(s => s.After.Count == 0));
        using var done = new BlockingCollection<(Step Step, string? Failure)>();
        var running = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var failures = new List<string>();
        var skipped = new List<string>();
        foreach (var name in plan.Unchanged)
        {
            progress.Report($"VM {name}", "Running", StepState.Done);
        }

        while (true)
        {
            while (ready.Count > 0 && !cancel.IsCancellationRequested && (ready.Peek() is Await || running.Count(s => s is not Await) < Most))
            {
                var step = ready.Dequeue();
                if (!step.RunsAnyway && step.After.Any(failed.Contains))
                {
                    skipped.Add(step.Subject);
                    Finish(step, failure: true);
                    continue;
                }

                running.Add(step);
                Begin(step, done, cancel);
            }

            // What has begun is waited for, so that who cancels finds nothing that starts behind their back; pulls and looks change nothing.
            if (running.Count == 0 || (cancel.IsCancellationRequested && running.All(s => s is Pull or Await)))
            {
                return new Outcome(failures, [.. skipped.Distinct()], cancel.IsCancellationRequested);
            }

            (Step Step, string? Failure) ended;
            try
            {
                ended = cancel.IsCancellationRequested ? done.Take(CancellationToken.None) : done.Take(cancel);
            }
            catch (OperationCanceledException)
            {
                continue;
            }

            running.Remove(ended.Step);
            if (ended.Failure is not null && !failures.Contains(ended.Failure))
            {
                failures.Add(ended.Failure);
            }

            Finish(ended.Step, ended.Failure is not null);
        }

        void Finish(Step step, bool failure)
        {
            if (failure)
            {
                failed.Add(step);
            }

            foreach (var next in dependents[step])
            {
                if (--left[next] == 0)
                {
                    ready.Enqueue(next);
                }
            }
        }
    }

    private void Begin(Step step, BlockingCollection<(Step, string?)> done, CancellationToken cancel) => new Thread(() =>
    {
        string? failure = null;
        try
        {
            actions.Do(step, cancel);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception e) when (e is HyprException or IOException or JsonException)
        {
            failure = actions.Describe(step, e.Message);
            progress.Report(step.Subject, "Error", StepState.Failed);
        }

        try
        {
            done.Add((step, failure), CancellationToken.None);
        }
        catch (Exception e) when (e is ObjectDisposedException or InvalidOperationException)
        {
            // Cancelled meanwhile: nobody waits for this any more.
        }
    })
    { IsBackground = true, Name = step.ToString() }.Start();
}
