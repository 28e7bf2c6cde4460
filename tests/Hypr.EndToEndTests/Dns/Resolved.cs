using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Dns;

/// <summary>
/// A real systemd-resolved on a message bus of its own, in a namespace with a /run/systemd of its own. Its Debian package is unpacked into .cache and not
/// installed: that would rewrite the machine's /etc/resolv.conf.
/// </summary>
internal sealed class Resolved : IDisposable
{
    private static readonly Lock Unpacking = new();
    private readonly string _root = Unpacked();
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-bus-").FullName;
    private readonly TestProgram _bus;
    private TestProgram? _resolved;

    public Resolved()
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

    /// <summary>As the unit runs it: an unprivileged user with three capabilities.</summary>
    public void Start(TestNamespace space) => _resolved = space.Start(
        "unshare", "--mount", "sh", "-c",
        $"""
        mount -t tmpfs tmpfs /run/systemd && mkdir -p /run/systemd/resolve && chown 65534 /run/systemd/resolve &&
        exec env DBUS_SYSTEM_BUS_ADDRESS={Address} setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all,+net_bind_service,+net_raw,+setpcap \
          --ambient-caps=-all,+net_bind_service,+net_raw,+setpcap {_root}/lib/systemd/systemd-resolved
        """);

    public void Stop(TestNamespace space)
    {
        space.Must("kill", "-TERM", $"{_resolved!.Pid}");
        _resolved.WaitForEnd();
    }

    public ProgramResult Control(TestNamespace space, params string[] arguments) =>
        space.Run("env", [$"DBUS_SYSTEM_BUS_ADDRESS={Address}", "SYSTEMD_COLORS=0", $"{_root}/usr/bin/resolvectl", "--no-pager", .. arguments]);

    public void Dispose()
    {
        _resolved?.Dispose();
        _bus.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string Unpacked()
    {
        lock (Unpacking)
        {
            var root = Path.Combine(Repository.Cache, "resolved");
            if (!Directory.Exists(root))
            {
                Directory.CreateDirectory(Repository.Cache);
                var made = TestProgram.Start(null, "sh", ["-c", $"""
                    set -e; work=$(mktemp -d {root}.XXXXXX); cd "$work"
                    apt-get -q download systemd-resolved; dpkg-deb -x systemd-resolved_*.deb root; chmod 755 root; mv root {root}; cd /; rm -rf "$work"
                    """]).WaitForEnd(TimeSpan.FromMinutes(3));
                if (!made.Succeeded)
                {
                    throw new InvalidOperationException($"systemd-resolved cannot be had: {made.Error}");
                }
            }

            return root;
        }
    }
}
