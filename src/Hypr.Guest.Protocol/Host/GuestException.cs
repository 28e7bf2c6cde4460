namespace Hypr.Guest.Protocol.Host;

/// <summary>The agent did not do what was asked, and says why.</summary>
/// <param name="code">126 or 127 when a program cannot be run or is not there; else 0.</param>
public sealed class GuestException(int code, string message) : Exception(message)
{
    public int Code { get; } = code;
}
