using System.Runtime.InteropServices;

namespace Hypr.Linux.Processes;

/// <summary>What to start: a program by its path and arguments, never a shell's line.</summary>
public sealed record ProcessStart
{
    /// <summary>A path, or a name looked up in PATH.</summary>
    public required string Program { get; init; }

    /// <summary>The arguments behind argv[0], which is the program.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary><c>KEY=value</c>; null: this process's own.</summary>
    public IReadOnlyList<string>? Environment { get; init; }

    public string? WorkingDirectory { get; init; }

    /// <summary>Descriptors that the program gets, by the number it gets them at (3 and above, or 0 to 2 in place of the files below). The caller keeps its own.</summary>
    public IReadOnlyDictionary<int, SafeHandle> Descriptors { get; init; } = new Dictionary<int, SafeHandle>();

    /// <summary>A file for stdin; null: /dev/null.</summary>
    public string? StandardInput { get; init; }

    /// <summary>A file to append stdout to, made with mode 0600; null: /dev/null.</summary>
    public string? StandardOutput { get; init; }

    /// <summary>A file to append stderr to; the same path as stdout shares its descriptor. Null: /dev/null.</summary>
    public string? StandardError { get; init; }

    /// <summary>A session of its own (setsid(2)): the terminal's signals and this process's end do not reach it.</summary>
    public bool NewSession { get; init; } = true;
}
