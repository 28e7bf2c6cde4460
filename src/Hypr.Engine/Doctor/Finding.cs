namespace Hypr.Engine.Doctor;

public enum FindingKind
{
    Ok,
    Problem,

    /// <summary>Neither good nor bad: what a person should know, or what could not be looked at.</summary>
    Note,
}

/// <param name="Subject"><c>host</c>, a network, a VM.</param>
/// <param name="Remedy">A command or a sentence; null when there is nothing to do.</param>
public sealed record Finding(FindingKind Kind, string Subject, string Text, string? Remedy = null)
{
    public static Finding Ok(string subject, string text) => new(FindingKind.Ok, subject, text);

    public static Finding Problem(string subject, string text, string remedy) => new(FindingKind.Problem, subject, text, remedy);

    public static Finding Note(string subject, string text) => new(FindingKind.Note, subject, text);
}
