using Hypr.Compose.Load;

namespace Hypr.Compose.Plan;

/// <summary>What is to be done, and what a person should know beside it.</summary>
/// <param name="Steps">Each after those that it waits for.</param>
public sealed record StackPlan(IReadOnlyList<Step> Steps)
{
    /// <summary>VMs that are as they should be and run.</summary>
    public IReadOnlyList<string> Unchanged { get; init; } = [];
    public IReadOnlyList<Problem> Warnings { get; init; } = [];
    public IReadOnlyList<string> Notes { get; init; } = [];
}
