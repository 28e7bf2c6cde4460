using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Hypr.Daemon.Hosting;

/// <summary>One line a message on stderr. Under systemd the level stands before it as <c>&lt;4&gt;</c> (sd-daemon(3)) and the journal has the time; else both are written.</summary>
internal sealed class StderrLogs(LogLevel least) : ILoggerProvider
{
    private readonly bool _journal = Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 };

    public static ILoggerFactory Factory(LogLevel least) => LoggerFactory.Create(logging =>
    {
        logging.AddProvider(new StderrLogs(least));
        logging.SetMinimumLevel(least);

        // Kestrel tells of every connection that a client dropped.
        logging.AddFilter("Microsoft", level => level >= LogLevel.Warning);
    });

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void Dispose()
    {
    }

    private void Write(LogLevel level, string source, string message, Exception? failure)
    {
        var (word, syslog) = level switch
        {
            LogLevel.Trace or LogLevel.Debug => ("debug", 7),
            LogLevel.Information => ("info ", 6),
            LogLevel.Warning => ("warn ", 4),
            LogLevel.Error => ("error", 3),
            _ => ("fatal", 2),
        };
        var text = failure is null ? message : $"{message}: {failure}";

        // What a client or a guest wrote may be in it: a line stays a line.
        text = text.ReplaceLineEndings(" | ");
        Console.Error.WriteLine(_journal
            ? $"<{syslog}>{source}: {text}"
            : string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {word} {source}: {text}"));
    }

    private sealed class Logger(StderrLogs logs, string source) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None && logLevel >= logs.Least;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                logs.Write(logLevel, source, formatter(state, exception), exception);
            }
        }
    }

    private LogLevel Least => least;
}
