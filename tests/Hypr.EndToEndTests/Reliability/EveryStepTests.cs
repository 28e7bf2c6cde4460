using System.Globalization;
using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Reliability;

/// <summary>
/// Every step of every operation of VMs and volumes fails once, at the doors that the published hyprd passes: an error in words or success, then all agrees, the same
/// operation without a fault gets there, and back. Networks have theirs in the kernel ring (<c>FaultTests</c>), a VMM that fails while its VM starts in <see cref="FaultyVmTests"/>.
/// </summary>
public sealed class EveryStepTests(EveryStepTests.Host host) : IClassFixture<EveryStepTests.Host>
{
    private static readonly string[] Doors = ["netlink", "netlink-lost", "nft", "store-busy", "store-full", "files"];

    /// <summary>Of a VM that runs, also these.</summary>
    private static readonly string[] AllDoors = [.. Doors, "qmp", "vmm-dies"];

    /// <summary>Without a fault each operation gets there at once: but for a NIC's place, which QEMU has for five seconds more.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const string NoPlace = "from its next start on";

    public sealed class Host : FaultyHost
    {
        /// <summary>The image is a busybox: what is copied of it is small.</summary>
        public Host()
        {
            var root = Directory.CreateDirectory(Path.Combine(Folder, "root", "bin")).FullName;
            File.Copy("/bin/busybox", Path.Combine(root, "busybox"));
            var archive = Path.Combine(Folder, "tiny.tar");
            Must("tar", "-C", Path.Combine(Folder, "root"), "-cf", archive, ".");
            MustHypr("import", "-c", "CMD [\"/bin/busybox\", \"sleep\", \"100000\"]", archive, "tiny");
            MustHypr("network", "create", "n");
        }

        public void Vm(string name) => MustHypr("run", "-d", "--name", name, "-m", "128", "-p", "8080:80", "tiny");

        public string Show(string name, string format) => Hypr("inspect", "-f", format, name).Output.Trim();
    }

    /// <param name="Is">Whether it is done.</param>
    /// <param name="Back">From there to what was before; of what is there already nothing is done.</param>
    /// <param name="StartsVm">One way or the other: it is done without a fault once a door, not behind each failure.</param>
    private sealed record Operation(string[] Doors, string[] Act, Func<Host, bool> Is, Action<Host> Back, bool StartsVm = false);

    private static readonly Dictionary<string, Operation> Operations = new()
    {
        ["create"] = new(
            Doors, ["create", "--name", "made", "-p", "8081:80", "-v", "data:/data", "--network", "n", "tiny"],
            h => h.Show("made", "{{.State.Status}}") == "created",
            h => h.MustHypr("rm", "made")),
        ["start"] = new(
            ["nft", "store-full", "files"], ["start", "vm"],
            IsUp, h => h.MustHypr("kill", "vm"), StartsVm: true),
        ["stop"] = new(
            ["store-full", "vmm-dies"], ["stop", "-t", "0", "vm"],
            h => !IsUp(h), Up, StartsVm: true),
        ["rm"] = new(
            ["store-busy"], ["rm", "-f", "vm"],
            h => h.MustHypr("ps", "-aq", "--filter", "name=^vm$").Length == 0, h => h.Vm("vm"), StartsVm: true),
        ["connect"] = new(
            AllDoors, ["network", "connect", "n", "vm"],
            IsOnNetwork,
            h =>
            {
                Up(h);
                h.MustHypr("network", "disconnect", "n", "vm");
            }),
        ["disconnect"] = new(
            AllDoors, ["network", "disconnect", "n", "vm"],
            h => !IsOnNetwork(h),
            h =>
            {
                Up(h);
                Assert.True(Probe.Until(() => h.Hypr("network", "connect", "n", "vm") is var again && (again.Succeeded || IsAttached(h, again)), Patience), h.DaemonLog);
            }),
        ["port add"] = new(
            Doors, ["port", "add", "vm", "8082:81"],
            h => h.MustHypr("port", "vm").Contains("8082", StringComparison.Ordinal), h => h.MustHypr("port", "rm", "vm", "8082")),
        ["port rm"] = new(
            Doors, ["port", "rm", "vm", "8080"],
            h => !h.MustHypr("port", "vm").Contains("8080", StringComparison.Ordinal), h => h.MustHypr("port", "add", "vm", "8080:80")),
        ["pause"] = new(
            AllDoors, ["pause", "vm"],
            h => h.Show("vm", "{{.State.Status}}") == "paused", h => h.MustHypr("unpause", "vm")),
        ["exec"] = new(AllDoors, ["exec", "vm", "/bin/busybox", "true"], _ => true, Up),
        ["commit"] = new(
            Doors, ["commit", "vm", "copy"],
            h => h.MustHypr("images", "-q", "copy").Length > 0, h => h.MustHypr("rmi", "copy")),
        ["volume create"] = new(
            Doors, ["volume", "create", "kept"],
            h => h.MustHypr("volume", "ls", "-q").Contains("kept", StringComparison.Ordinal), h => h.MustHypr("volume", "rm", "kept")),
        ["volume rm"] = new(
            Doors, ["volume", "rm", "old"],
            h => !h.MustHypr("volume", "ls", "-q").Contains("old", StringComparison.Ordinal), h => h.MustHypr("volume", "create", "old")),
    };

    public static TheoryData<string> Names => [.. Operations.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_failure_at_any_step_is_told_and_leaves_all_in_agreement(string name)
    {
        var operation = Operations[name];
        host.Hypr("rm", "-f", "vm");
        host.Vm("vm");
        if (name == "start")
        {
            host.MustHypr("kill", "vm");
        }
        else if (name == "disconnect")
        {
            host.MustHypr("network", "connect", "n", "vm");
        }
        else if (name == "volume rm")
        {
            host.MustHypr("volume", "create", "old");
        }

        Assert.True(name == "exec" || !operation.Is(host));
        foreach (var door in operation.Doors)
        {
            for (var (step, hit) = (1, true); hit; step++)
            {
                var plan = string.Create(CultureInfo.InvariantCulture, $"{door}:{step}");
                host.Arm(plan);
                var result = host.Hypr(operation.Act);
                host.Arm("");
                hit = host.HasHit;
                if (!hit && result.Error.Contains(NoPlace, StringComparison.Ordinal))
                {
                    // No fault: the NICs before have their places for five seconds more.
                    host.MustHypr("network", "disconnect", "n", "vm");
                    (step, hit) = (step - 1, true);
                    continue;
                }

                var told = $"{name}, {plan}: exit {result.ExitCode}, {result.Error}";
                Assert.True(hit || result.Succeeded, told);
                Assert.True(result.Succeeded || result.Error.Length > 0, told);
                Assert.DoesNotContain("Exception", result.Error);
                Assert.True(!hit || door != "vmm-dies" || Probe.Until(() => !IsUp(host), Patience), told);
                host.Agrees(told);
                if (operation.StartsVm && !result.Succeeded && !operation.Is(host))
                {
                    continue;
                }

                ProgramResult again = result;
                Assert.True(Probe.Until(() => operation.Is(host) || (again = host.Hypr(operation.Act)).Succeeded, Patience), $"{told}\nagain: {again.Error}\n{host.DaemonLog}");
                Assert.True(operation.Is(host), told);
                operation.Back(host);
                if (hit)
                {
                    host.Agrees($"the way back from {told}");
                }
            }
        }

        host.Hypr("rm", "-f", "vm");
        host.Hypr("volume", "prune", "-af");
    }

    private static bool IsUp(Host host) => host.Show("vm", "{{.State.Status}}") == "running";

    private static bool IsOnNetwork(Host host) => host.Show("vm", "{{json .NetworkSettings.Networks}}").Contains("\"n\":", StringComparison.Ordinal);

    /// <summary>Its place in the VM is taken for now: it has it from its next start on.</summary>
    private static bool IsAttached(Host host, ProgramResult refused)
    {
        if (refused.Error.Contains(NoPlace, StringComparison.Ordinal))
        {
            host.MustHypr("network", "disconnect", "n", "vm");
        }

        return false;
    }

    private static void Up(Host host)
    {
        if (!IsUp(host))
        {
            host.MustHypr("start", "vm");
        }
    }
}
