using System.Runtime.InteropServices;

namespace Hypr.Cli.Terminal;

/// <summary>
/// The terminal in raw mode, as long as this lives: keys go to the guest as they are, Ctrl-C too. It is restored by Dispose, at the end of
/// the process and on SIGTERM, SIGHUP and SIGQUIT; SIGKILL alone leaves it raw.
/// </summary>
internal sealed class RawMode : IDisposable
{
    private readonly int _fd;
    private readonly byte[] _before = new byte[Libc.TermiosBytes];
    private readonly List<PosixSignalRegistration> _onSignals = [];
    private int _raw = 1;

    private RawMode(int fd) => _fd = fd;

    /// <summary>Null when the descriptor is no terminal.</summary>
    public static RawMode? Enter(int fd = 0) => Change(fd, isRaw: true);

    /// <summary>What is typed is not shown, and all else is as ever; restored as the raw mode is.</summary>
    public static RawMode? Silence(int fd = 0) => Change(fd, isRaw: false);

    private static unsafe RawMode? Change(int fd, bool isRaw)
    {
        var mode = new RawMode(fd);
        byte* raw = stackalloc byte[Libc.TermiosBytes];
        fixed (byte* before = mode._before)
        {
            if (Libc.TcGetAttr(fd, before) != 0)
                return null;
            mode._before.CopyTo(new Span<byte>(raw, Libc.TermiosBytes));
        }
        if (isRaw)
            Libc.CfMakeRaw(raw);
        else
            raw[Libc.LocalFlagsOffset] &= unchecked((byte)~Libc.ECHO);
        AppDomain.CurrentDomain.ProcessExit += mode.OnExit;
        // Not cancelled: the signal ends the process as ever, after the terminal is as it was.
        foreach (
            var signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP, PosixSignal.SIGQUIT])
            mode._onSignals.Add(PosixSignalRegistration.Create(signal, _ => mode.Restore()));
        if (Libc.TcSetAttr(fd, Libc.TCSANOW, raw) == 0)
            return mode;
        mode.Dispose();
        return null;
    }

    private void OnExit(object? sender, EventArgs e) => Restore();

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        Restore();
        foreach (var registration in _onSignals)
            registration.Dispose();
        _onSignals.Clear();
    }

    private unsafe void Restore()
    {
        if (Interlocked.Exchange(ref _raw, 0) == 0)
            return;
        fixed (byte* before = _before)
            _ = Libc.TcSetAttr(_fd, Libc.TCSANOW, before);
    }
}
