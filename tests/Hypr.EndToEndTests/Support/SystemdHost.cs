using System.Text.Json.Nodes;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Support;

/// <summary>
/// A machine whose pid 1 is a real systemd: namespaces of its own, and as its root this machine's files under an overlay that goes with it. Of this machine's units
/// none is enabled there, and of its kernel's settings only those of its own network can be written.
/// </summary>
internal sealed class SystemdHost : IDisposable
{
    private const string Boot = """
        set -eu
        work=$1 name=$2
        mount --make-rprivate /
        mkdir "$work/cgroup"
        mount -t cgroup2 none "$work/cgroup"
        mkdir "$work/cgroup/$name"
        echo $$ >"$work/cgroup/$name/cgroup.procs"
        umount "$work/cgroup"
        exec unshare --cgroup --pid --mount --uts --ipc --fork --kill-child sh -euc "$3" sh "$work" "$4"
        """;

    /// <summary>https://systemd.io/CONTAINER_INTERFACE says what systemd wants to find.</summary>
    private const string Root = """
        mount -t tmpfs none "$1"
        cd "$1"
        mkdir upper work root
        mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" root
        cd root
        mount -t proc proc proc
        mount --bind proc/sys proc/sys
        mount --bind proc/sys/net proc/sys/net
        mount -o remount,bind,ro proc/sys
        mount -t sysfs -o ro sysfs sys
        mount -t cgroup2 cgroup2 sys/fs/cgroup
        mount -t tmpfs -o mode=755 none dev
        mkdir dev/net dev/pts dev/shm
        for device in null zero full random urandom tty net/tun kvm; do
          [ ! -e "/dev/$device" ] || { touch "dev/$device"; mount --bind "/dev/$device" "dev/$device"; }
        done
        mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
        ln -s pts/ptmx dev/ptmx
        ln -s /proc/self/fd dev/fd
        for folder in dev/shm run tmp etc/systemd/system etc/hypr var/lib/hypr; do
          mkdir -p "$folder"
          mount -t tmpfs -o mode=755 none "$folder"
        done
        # A checkout below one of them.
        [ -e ".$2" ] || { mkdir -p ".$2"; mount --bind "$2" ".$2"; }
        mkdir run/old
        pivot_root . run/old
        umount -l /run/old
        mount --make-rshared /
        exec env -i container=hypr-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=basic.target
        """;

    private const string RemoveControlGroups = """
        mount -t cgroup2 none "$1"
        ! [ -d "$1/$2" ] || find "$1/$2" -depth -type d -exec rmdir {} +
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-systemd-").FullName;
    private readonly TestProgram _machine;
    private readonly int _init;

    public SystemdHost()
    {
        try
        {
            Hub.Serve(Space, _folder);
            var root = Directory.CreateDirectory(Path.Combine(_folder, "root")).FullName;
            _machine = Space.Start("unshare", "--mount", "sh", "-c", Boot, "sh", root, Space.Name, Root, Repository.Root);
            _init = Init();
            var configuration = new JsonObject { ["registry-mirrors"] = new JsonArray($"http://{Hub.Address}") };
            Must("sh", "-c", $"echo '{configuration.ToJsonString()}' >/etc/hypr/daemon.json");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public TestNamespace Space { get; } = TestNamespace.Create("systemd");

    /// <summary>Runs a program on it, in a folder that is not the checkout.</summary>
    public ProgramResult Run(string program, params string[] arguments) => Space.Start(
        "nsenter",
        ["-t", $"{_init}", "-m", "-p", "-u", "-i", "-C", "--", "env", "-i", "-C", "/var", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", program, .. arguments])
        .WaitForEnd(TimeSpan.FromMinutes(3));

    public string Must(string program, params string[] arguments)
    {
        var result = Run(program, arguments);
        return result.Succeeded
            ? result.Output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit {result.ExitCode}: {result.Error}{result.Output}\n{Journal()}");
    }

    public string Journal() => Run("journalctl", "--no-pager", "-o", "cat", "-u", "hypr").Output;

    public void Dispose()
    {
        // With its pid 1 everything on it goes (pid_namespaces(7)).
        _machine?.Dispose();
        var groups = Directory.CreateDirectory(Path.Combine(_folder, "cgroup")).FullName;
        var removed = Probe.Until(() => TestProgram.Start(null, "unshare", ["--mount", "sh", "-euc", RemoveControlGroups, "sh", groups, Space.Name]).WaitForEnd().Succeeded);
        Space.Dispose();
        Directory.Delete(_folder, recursive: true);
        if (!removed)
            throw new LeftoverException($"control group {Space.Name}");
    }

    /// <summary>systemd's pid as this machine sees it, when it has reached its target.</summary>
    private int Init()
    {
        var pid = 0;
        return Probe.Until(
            () => _machine.HasEnded || (int.TryParse(Space.Run("pgrep", "-P", $"{_machine.Pid}").Output, out pid)
                && Space.Run("nsenter", "-t", $"{pid}", "-m", "-p", "--", "systemctl", "is-active", "basic.target").Succeeded),
            TimeSpan.FromMinutes(1)) && !_machine.HasEnded
            ? pid
            : throw new InvalidOperationException($"systemd does not come up: {_machine.Output}{_machine.Error}");
    }
}
