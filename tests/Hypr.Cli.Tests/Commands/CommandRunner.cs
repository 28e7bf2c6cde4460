using System.Text;
using Hypr.Cli.Terminal;
using Hypr.Testing;

namespace Hypr.Cli.Tests.Commands;

/// <summary>Runs hypr in this process against a daemon that a test scripts.</summary>
public abstract class CommandRunner : IDisposable
{
    private protected FakeDaemon Daemon { get; } = new();

    protected Dictionary<string, string> Environment { get; } = [];

    public virtual void Dispose()
    {
        Daemon.Dispose();
        GC.SuppressFinalize(this);
    }

    protected (int Code, string Output, string Error) Run(string line, string input = "") =>
        Run(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), input);

    protected (int Code, string Output, string Error) Run(string[] words, string input = "")
    {
        Environment["HYPR_HOST"] = "unix://" + Daemon.SocketPath;
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var io = new StandardStreams(new MemoryStream(Encoding.UTF8.GetBytes(input)), output, error, false, false, false);
        int code = App.Run(words, io, name => Environment.GetValueOrDefault(name), new FixedClock());
        return (code, Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()));
    }

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2024, 1, 15, 12, 0, 0, TimeSpan.Zero);
    }
}
