using System.Runtime.InteropServices;
using Hypr.Api.Client;
using Hypr.Cli.Terminal;

namespace Hypr.Cli.Commands.Machines;

/// <summary>
/// Our streams joined to a process's: stdin in a thread of its own with half-close at its end, output in the caller's; with a terminal also
/// raw mode, resizing and the detach keys. Ends when the output ends, or when the keys were typed.
/// </summary>
internal sealed class Attachment : IDisposable
{
    private readonly Session _session;
    private readonly HijackedStream _stream;
    private readonly bool _tty;
    private readonly Action<WindowSize>? _resize;
    private readonly RawMode? _raw;
    private readonly PosixSignalRegistration? _onResize;
    private volatile bool _detached;

    /// <param name="tty">The process has a terminal: its output is raw, not in frames.</param>
    /// <param name="input">Our stdin is the process's.</param>
    /// <param name="keys">Null: nothing detaches.</param>
    /// <param name="resize">Tells the daemon the size of the terminal.</param>
    public Attachment(Session session, HijackedStream stream, bool tty, bool input, DetachKeys? keys, Action<WindowSize>? resize)
    {
        _session = session;
        _stream = stream;
        _tty = tty;
        _resize = resize;
        _raw = tty && input && session.Io.InputIsTerminal ? RawMode.Enter() : null;
        if (tty && session.Io.OutputIsTerminal && resize is not null && !OperatingSystem.IsWindows())
            _onResize = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Resize());
        if (input)
            new Thread(() => PumpInput(_raw is null ? null : keys)) { IsBackground = true, Name = "stdin" }.Start();
    }

    /// <summary>Our terminal is raw: Ctrl-C is a key there, not a signal to us.</summary>
    public bool IsRaw => _raw is not null;

    public void Resize()
    {
        if (_resize is null || WindowSize.Of(1) is not { } size)
            return;
        try
        {
            _resize(size);
        }
        catch (Exception e) when (e is Primitives.HyprException or IOException)
        {
            // It has ended, or is not there yet: the next change of size tells it again.
        }
    }

    /// <summary>Copies the output until it ends; true when the person detached instead.</summary>
    public bool Run()
    {
        try
        {
            if (_tty)
                CopyRaw();
            else
                StreamFrames.CopyTo(_stream.Read, _session.Io.Output, _session.Io.Error);
        }
        catch (Exception e) when (_detached && e is IOException or ObjectDisposedException)
        {
            // The stdin thread closed the connection.
        }
        return _detached;
    }

    private void CopyRaw()
    {
        byte[] buffer = new byte[32 * 1024];
        int count;
        while ((count = _stream.Read(buffer)) > 0)
            _session.Io.Output.Write(buffer, 0, count);
    }

    private void PumpInput(DetachKeys? keys)
    {
        byte[] buffer = new byte[32 * 1024];
        using var pass = new MemoryStream();
        try
        {
            int count;
            while ((count = _session.Io.Input.Read(buffer)) > 0)
            {
                if (keys is null)
                {
                    _stream.Write(buffer.AsSpan(0, count));
                    continue;
                }
                pass.SetLength(0);
                bool detach = keys.Scan(buffer.AsSpan(0, count), pass);
                if (pass.Length > 0)
                    _stream.Write(pass.GetBuffer().AsSpan(0, (int)pass.Length));
                if (detach)
                {
                    _detached = true;
                    _stream.Dispose();
                    return;
                }
            }
            _stream.CloseWrite();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The process has closed its stdin or ended: what it still writes, and how it ended, is read by the other thread.
        }
    }

    public void Dispose()
    {
        _onResize?.Dispose();
        _raw?.Dispose();
        _stream.Dispose();
    }
}
