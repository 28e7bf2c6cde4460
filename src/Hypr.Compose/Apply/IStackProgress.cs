namespace Hypr.Compose.Apply;

public enum StepState
{
    Working,
    Done,
    Warning,
    Failed,
}

/// <summary>Is told what happens to each thing of a stack; from several threads, one call at a time.</summary>
public interface IStackProgress
{
    /// <param name="subject"><c>VM shop-web-1</c>, <c>Network shop_default</c>, <c>Image nginx</c>.</param>
    /// <param name="status"><c>Creating</c>, <c>Created</c>, ...; Docker's words.</param>
    void Report(string subject, string status, StepState state);

    /// <summary>How far something is that takes long: a pull.</summary>
    void Detail(string subject, string text);

    /// <summary>Said once, beside what is done.</summary>
    void Warn(string text);
}
