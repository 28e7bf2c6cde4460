namespace Hypr.Compose.Load;

/// <summary>A place in a file. Lines and columns count from 1; 0: the file as a whole.</summary>
public readonly record struct Location(string File, int Line, int Column)
{
    public override string ToString() => Line == 0 ? File : $"{File}:{Line}:{Column}";
}

/// <summary>Something that is wrong, or not honoured, in a compose file.</summary>
public sealed record Problem(Location At, string Message)
{
    public override string ToString() => $"{At}: {Message}";
}

/// <summary>A stack cannot be loaded: every error that was found, not only the first. Nothing was started.</summary>
public sealed class ComposeException(IReadOnlyList<Problem> problems) : Exception(string.Join('\n', problems))
{
    public ComposeException(Location at, string message)
        : this([new Problem(at, message)])
    {
    }

    public IReadOnlyList<Problem> Problems => problems;
}

/// <summary>Collects errors and warnings while a stack is loaded.</summary>
public sealed class Problems
{
    private readonly List<Problem> _errors = [];
    private readonly List<Problem> _warnings = [];

    public IReadOnlyList<Problem> Errors => _errors;

    public IReadOnlyList<Problem> Warnings => _warnings;

    public void Error(Location at, string message) => Add(_errors, at, message);

    public void Warn(Location at, string message) => Add(_warnings, at, message);

    /// <exception cref="ComposeException">There was an error.</exception>
    public void ThrowIfAny()
    {
        if (_errors.Count > 0)
        {
            throw new ComposeException([.. _errors]);
        }
    }

    // The same node may be bound twice (an anchor used by two services): once said is enough.
    private static void Add(List<Problem> list, Location at, string message)
    {
        var problem = new Problem(at, message);
        if (!list.Contains(problem))
        {
            list.Add(problem);
        }
    }
}
