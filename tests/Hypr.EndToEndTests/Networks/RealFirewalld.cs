using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Networks;

/// <summary>A real firewalld on a message bus of its own, with a configuration of its own, for one network namespace.</summary>
internal sealed class RealFirewalld : IDisposable
{
    private readonly string _root = UnpackedPackages.Root("firewalld", "firewalld", "python3-firewall", "python3-nftables");
    private readonly string _settings = Directory.CreateTempSubdirectory("hypr-firewalld-").FullName;
    private readonly MessageBus _bus = new();
    private TestProgram? _firewalld;

    public string Address => _bus.Address;

    /// <summary>Debian's own: another that comes first on PATH has none of its modules.</summary>
    private string[] Python => [_bus.Variable, $"PYTHONPATH={_root}/usr/lib/python3/dist-packages", "/usr/bin/python3"];

    /// <summary>Done when it has made its rules.</summary>
    public void Start(TestNamespace space)
    {
        _firewalld = space.Start(
            "env",
            [.. Python, $"{_root}/usr/sbin/firewalld", "--nofork", "--nopid", "--log-target", "console", "--default-config", $"{_root}/usr/lib/firewalld", "--system-config", _settings]);
        if (!Probe.Until(() => _firewalld.HasEnded || Control(space, "--state").Succeeded, TimeSpan.FromMinutes(1)) || _firewalld.HasEnded)
        {
            throw new InvalidOperationException($"firewalld does not come up: {_firewalld.Error}{_firewalld.Output}");
        }
    }

    /// <summary>Its rules go with it.</summary>
    public void Stop(TestNamespace space)
    {
        space.Must("kill", "-TERM", $"{_firewalld!.Pid}");
        _firewalld.WaitForEnd();
    }

    /// <summary><c>firewall-cmd</c></summary>
    public ProgramResult Control(TestNamespace space, params string[] arguments) => space.Run("env", [.. Python, $"{_root}/usr/bin/firewall-cmd", .. arguments]);

    public string Must(TestNamespace space, params string[] arguments)
    {
        var result = Control(space, arguments);
        return result.Succeeded ? result.Output : throw new InvalidOperationException($"firewall-cmd {string.Join(' ', arguments)}: {result.Error}{result.Output}");
    }

    public void Dispose()
    {
        _firewalld?.Dispose();
        _bus.Dispose();
        Directory.Delete(_settings, recursive: true);
    }
}
