namespace Hypr.Guest.Spawning;

/// <summary>Why a process was not started, in Docker's words.</summary>
/// <param name="code">127: not there; 126: there, and cannot be run; 0: something else.</param>
internal sealed class SpawnFailure(int code, string message) : Exception(message)
{
    public int Code { get; } = code;
}
