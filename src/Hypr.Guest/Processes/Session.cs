using Hypr.Guest.Loop;
using Hypr.Guest.Protocol.Multiplexing;
using Hypr.Guest.Protocol.Wire;
using Hypr.Guest.Spawning;
using Hypr.Linux.Events;
using Hypr.Linux.Files;
using Hypr.Linux.Processes;
using Hypr.Linux.Terminals;
using Microsoft.Win32.SafeHandles;
using Failure = Hypr.Guest.Protocol.Messages.Failure;

namespace Hypr.Guest.Processes;

/// <summary>A process of the image's with its streams, from its launch to its end.</summary>
internal sealed class Session
{
    private readonly EventLoop _loop;
    private readonly Launched _launched;
    private readonly List<OutputReader> _outputs = [];
    private readonly byte[] _report = new byte[8192];
    private EventLoop.Watch? _starting;
    private int _reported;

    public Session(EventLoop loop, Multiplexer multiplexer, Launched launched)
    {
        _loop = loop;
        _launched = launched;
        Input = launched.Stdin is { } stdin ? new InputPump(loop, multiplexer, stdin, launched.IsTerminal) : null;
    }

    public int Pid => _launched.Pid;

    public InputPump? Input { get; }

    public SafeFileHandle Stdout => _launched.Stdout;

    public SafeFileHandle? Stderr => _launched.Stderr;

    /// <summary>The program did start, and was not reaped.</summary>
    public bool IsRunning { get; private set; }

    public IReadOnlyList<OutputReader> Outputs => _outputs;

    /// <param name="started">Called once: null when the program runs, else why it does not.</param>
    public void WhenStarted(Action<Failure?> started) => _starting = _loop.Add(_launched.Failure, PollEvents.Read, _ => ReadReport(started));

    public void ReadOutput(SafeFileHandle from, IOutputSink sink) => _outputs.Add(new OutputReader(_loop, from, sink));

    public void ResumeOutputs()
    {
        foreach (var output in _outputs)
            output.Resume();
    }

    public void Signal(int signal) => Children.Signal(Pid, signal);

    public void Resize(ushort rows, ushort columns)
    {
        if (_launched.IsTerminal)
            PseudoTerminal.Resize(_launched.Stdout, rows, columns);
    }

    /// <summary>It was reaped.</summary>
    public void Ended()
    {
        IsRunning = false;
        Input?.Dispose();
        foreach (var output in _outputs)
            output.ProcessEnded();
    }

    /// <summary>The program did not start: nothing will read or write these any more.</summary>
    public void Abandon()
    {
        Input?.Dispose();
        // Outputs that are read come to their end by themselves.
        if (_outputs.Count > 0)
            return;
        _launched.Stdout.Dispose();
        _launched.Stderr?.Dispose();
    }

    private void ReadReport(Action<Failure?> started)
    {
        var count = Descriptor.Read(_launched.Failure, _report.AsSpan(_reported));
        if (count == -Linux.Errno.EAGAIN)
            return;
        if (count > 0)
        {
            _reported += count;
            if (_reported < _report.Length)
                return;
        }

        _starting?.Remove();
        _starting = null;
        _launched.Failure.Dispose();
        if (_reported == 0)
        {
            IsRunning = true;
            started(null);
            return;
        }

        var r = new WireReader(_report.AsSpan(0, _reported));
        started(Failure.Decode(ref r));
    }
}
