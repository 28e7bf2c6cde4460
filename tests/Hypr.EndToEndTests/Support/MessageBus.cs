using Hypr.Testing;

namespace Hypr.EndToEndTests.Support;

/// <summary>A D-Bus of its own, on which anybody may own any name: what a service with a bus is tested on, and the machine's own is left alone.</summary>
internal sealed class MessageBus : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-bus-").FullName;
    private readonly TestProgram _bus;

    public MessageBus()
    {
        File.WriteAllText(Path.Combine(_folder, "bus.conf"), $"""
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>system</type>
              <listen>{Address}</listen>
              <auth>EXTERNAL</auth>
              <policy context="default">
                <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
              </policy>
            </busconfig>
            """);
        _ = TestProgram.Start(null, "chmod", ["755", _folder]).WaitForEnd();
        _bus = TestProgram.Start(null, "dbus-daemon", ["--nofork", "--config-file=" + Path.Combine(_folder, "bus.conf")]);
        if (!Probe.Until(() => File.Exists(Path.Combine(_folder, "bus.sock"))))
        {
            throw new InvalidOperationException($"dbus-daemon does not listen: {_bus.Error}");
        }
    }

    public string Address => $"unix:path={_folder}/bus.sock";

    /// <summary>For programs that look for the system bus.</summary>
    public string Variable => $"DBUS_SYSTEM_BUS_ADDRESS={Address}";

    public void Dispose()
    {
        _bus.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
