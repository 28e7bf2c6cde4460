using System.Runtime.InteropServices;
using Hypr.Api.Client;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Machines;

/// <summary>
/// Hands the signals that we get on to the VM's process, as docker's sig-proxy does. The third Ctrl-C or SIGTERM ends us.
/// </summary>
internal sealed class SignalProxy : IDisposable
{
    private const int Usr1 = 10;
    private const int Usr2 = 12;
    private const int Impatient = 3;
    private readonly Session _session;
    private readonly string _machine;
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _asked;

    public SignalProxy(Session session, string machine)
    {
        _session = session;
        _machine = machine;
        Forward(PosixSignal.SIGINT, "INT");
        Forward(PosixSignal.SIGTERM, "TERM");
        Forward(PosixSignal.SIGHUP, "HUP");
        Forward(PosixSignal.SIGQUIT, "QUIT");
        if (OperatingSystem.IsLinux())
        {
            Forward((PosixSignal)Usr1, "USR1");
            Forward((PosixSignal)Usr2, "USR2");
        }
    }

    private void Forward(PosixSignal signal, string name) => _registrations.Add(PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        if (signal is PosixSignal.SIGINT or PosixSignal.SIGTERM && Interlocked.Increment(ref _asked) == Impatient)
        {
            _session.Fail($"got 3 SIGTERM/SIGINTs: leaving. The VM goes on; stop it: hypr stop {_machine}");
            System.Environment.Exit(1);
        }
        try
        {
            _session.Api.Post(new Query("containers", _machine, "kill").Add("signal", name));
        }
        catch (Exception e) when (e is HyprException or IOException)
        {
            // It has ended by now, or the daemon has gone: the wait says so.
        }
    }));

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
    }
}
