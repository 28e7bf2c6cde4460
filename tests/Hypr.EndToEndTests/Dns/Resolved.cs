using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Dns;

/// <summary>A real systemd-resolved on a message bus of its own, in a namespace with a /run/systemd of its own.</summary>
internal sealed class Resolved : IDisposable
{
    private readonly string _root = UnpackedPackages.Root("resolved", "systemd-resolved");
    private readonly MessageBus _bus = new();
    private TestProgram? _resolved;

    public string Address => _bus.Address;

    /// <summary>As the unit runs it: an unprivileged user with three capabilities.</summary>
    public void Start(TestNamespace space) => _resolved = space.Start(
        "unshare", "--mount", "sh", "-c",
        $"""
        mount -t tmpfs tmpfs /run/systemd && mkdir -p /run/systemd/resolve && chown 65534 /run/systemd/resolve &&
        exec env {_bus.Variable} setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all,+net_bind_service,+net_raw,+setpcap \
          --ambient-caps=-all,+net_bind_service,+net_raw,+setpcap {_root}/lib/systemd/systemd-resolved
        """);

    public void Stop(TestNamespace space)
    {
        space.Must("kill", "-TERM", $"{_resolved!.Pid}");
        _resolved.WaitForEnd();
    }

    public ProgramResult Control(TestNamespace space, params string[] arguments) =>
        space.Run("env", [_bus.Variable, "SYSTEMD_COLORS=0", $"{_root}/usr/bin/resolvectl", "--no-pager", .. arguments]);

    public void Dispose()
    {
        _resolved?.Dispose();
        _bus.Dispose();
    }
}
