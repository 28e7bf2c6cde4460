using Hypr.Api.Client;
using Hypr.Cli.Terminal;

namespace Hypr.Cli;

/// <summary>What a command works with: the streams, the environment, the clock and the daemon.</summary>
internal sealed class Session(StandardStreams io, Func<string, string?> environment, TimeProvider clock, string? host)
{
    private DockerClient? _api;

    public StandardStreams Io => io;

    public Func<string, string?> Environment => environment;

    public DateTimeOffset Now => clock.GetUtcNow();

    public DockerClient Api => _api ??= new DockerClient(DockerHost.Find(host, environment)) { Warned = Warn };

    /// <summary>Colours and moving bars: on a terminal that did not refuse them (no-color.org).</summary>
    public bool MayColor =>
        io.ErrorIsTerminal && string.IsNullOrEmpty(environment("NO_COLOR")) && environment("TERM") is not (null or "" or "dumb");

    public void Warn(string text) => io.WriteError($"WARNING: {text}");

    /// <summary>One line of an error: <c>hypr: what: why. what to do</c>.</summary>
    public void Fail(string text) => io.WriteError($"hypr: {text}");
}
