using System.Net;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Tap;
using Hypr.Machines;
using Hypr.Primitives;
using Hypr.Testing;
using Microsoft.Win32.SafeHandles;

namespace Hypr.EndToEndTests.Machines;

/// <summary>Machines that go on from a saved guest.</summary>
public sealed class WarmStartTests(GuestFiles guest) : IClassFixture<GuestFiles>, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly string _templates = Directory.CreateTempSubdirectory("hypr-templates-").FullName;

    public void Dispose() => Directory.Delete(_templates, recursive: true);

    [Fact]
    public async Task The_first_machine_of_a_size_boots_and_the_next_goes_on_from_a_template_and_is_as_it()
    {
        using var space = NetworkNamespace.Create();
        await using var lab = Lab();
        var script = "hostname; cat /etc/machine-id; nproc; ip -o -4 addr; ip route; cat /proc/mounts ; exit 7";
        var outputs = new List<string>();
        foreach (var isWarm in new[] { false, true })
        {
            using var first = Tap(space, "tap0");
            using var second = Tap(space, "tap1");
            var spec = lab.Spec("sh", "-c", script) with { Id = new string('a', 64), Nics = [Nic(first, "eth0", 0), Nic(second, "eth1", 1)] };
            var machine = await lab.StartAsync(spec);
            Assert.Equal(isWarm, machine.IsWarm);
            Assert.Equal(7, (await machine.Exited.WaitAsync(Patience)).Code);
            outputs.Add(await lab.LogAsync(spec.Id));
            lab.Host.Delete(spec.Id);
            await TemplateAsync(lab.Host);
        }

        Assert.Contains("10.89.0.2/24", outputs[1], StringComparison.Ordinal);
        Assert.Equal(outputs[0], outputs[1]);
        Assert.Empty(lab.Logs.Warnings);
    }

    [Fact]
    public async Task Volumes_and_more_networks_have_their_places_in_a_warm_machine_too()
    {
        using var space = NetworkNamespace.Create();
        await using var lab = SharedLab();
        await lab.Host.WarmAsync(1, 256L << 20, CancellationToken.None);
        await lab.Host.Volumes.CreateAsync("rw", 64 << 20, CancellationToken.None);
        await lab.Host.Volumes.CreateAsync("ro", 64 << 20, CancellationToken.None);
        var taps = Enumerable.Range(0, 4).Select(i => Tap(space, $"tap{i}")).ToArray();
        MachineVolume Volume(string name, bool writes) => new(name, lab.Host.Volumes.PathOf(name), true, [new MachineMount("/" + name, !writes, false)]);

        // Twice: what the first wrote the second reads. Three networks are there at once, the fourth is plugged.
        foreach (var expected in new[] { "none", "kept" })
        {
            var spec = lab.Spec("sh", "-c", "cat /rw/file 2>/dev/null || echo none; echo kept > /rw/file; (echo x > /ro/file) 2>&1; ip -o -4 addr") with
            {
                Nics = [.. taps.Select((tap, i) => Nic(tap, $"eth{i}", i))],
                Volumes = [Volume("rw", true), Volume("ro", false)],
            };
            var machine = await lab.StartAsync(spec);
            Assert.True(machine.IsWarm);
            Assert.Equal(0, (await machine.Exited.WaitAsync(Patience)).Code);
            var output = await lab.LogAsync(spec.Id);
            Assert.Contains(expected + "\n", output, StringComparison.Ordinal);
            Assert.Contains("Read-only file system", output, StringComparison.Ordinal);
            for (var i = 0; i < taps.Length; i++)
                Assert.Matches($"eth{i} +inet 10[.]{88 + i}[.]0[.]2/24", output);
        }

        foreach (var tap in taps)
            tap.Dispose();
        Assert.Empty(lab.Logs.Warnings);
    }

    [Fact]
    public async Task A_machine_with_more_volumes_than_a_template_has_places_for_boots()
    {
        await using var lab = SharedLab();
        await lab.Host.WarmAsync(1, 256L << 20, CancellationToken.None);
        var names = Enumerable.Range(0, 5).Select(i => $"v{i}").ToArray();
        foreach (var name in names)
            await lab.Host.Volumes.CreateAsync(name, 64 << 20, CancellationToken.None);
        var machine = await lab.StartAsync(lab.Spec("sh", "-c", "echo x > /v0/a && echo x > /v4/a && mount") with
        {
            Volumes = [.. names.Select(name => new MachineVolume(name, lab.Host.Volumes.PathOf(name), true, [new MachineMount("/" + name, false, false)]))],
        });
        Assert.False(machine.IsWarm);
        Assert.Equal(0, (await machine.Exited.WaitAsync(Patience)).Code);
        var mounts = await lab.LogAsync(machine.Handle.MachineId);
        Assert.All(names, name => Assert.Contains($" on /{name} type ext4 (rw", mounts, StringComparison.Ordinal));
        Assert.Empty(lab.Logs.Warnings);
    }

    [Fact]
    public async Task What_machines_start_from_is_closed_to_their_VMMs_and_to_root_and_its_file_is_hyprds_alone()
    {
        await using var lab = Lab();
        var template = await lab.Host.WarmAsync(1, 256L << 20, CancellationToken.None);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(Path.Combine(_templates, template.Name + ".template")).UnixFileMode);
        var machine = await lab.StartAsync(lab.Spec("sleep", "600"));
        Assert.True(machine.IsWarm);
        var process = $"/proc/{machine.Handle.Pid}";
        Assert.DoesNotMatch("^Uid:.*\\b0\\b", File.ReadLines(process + "/status").Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)));
        var memories = Directory.GetFiles(process + "/fd").Where(fd => new FileInfo(fd).LinkTarget?.StartsWith("/memfd:template", StringComparison.Ordinal) == true).ToList();
        Assert.NotEmpty(memories);
        foreach (var memory in memories)
        {
            using var file = File.OpenHandle(memory, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            Assert.ThrowsAny<Exception>(() => RandomAccess.Write(file, [1], 0));
            Assert.ThrowsAny<Exception>(() => RandomAccess.SetLength(file, 0));
        }
    }

    [Fact]
    public async Task Beyond_their_bound_the_template_goes_that_was_not_used_for_longest()
    {
        await using var lab = new MachineLab(guest, settings => MachineLab.Warm(settings) with { TemplateDirectory = _templates, MostTemplates = 2 });
        var first = await lab.Host.WarmAsync(1, 256L << 20, CancellationToken.None);
        var second = await lab.Host.WarmAsync(1, 128L << 20, CancellationToken.None);
        Assert.True(await IsWarmAsync(lab, lab.Host));
        var third = await lab.Host.WarmAsync(1, 160L << 20, CancellationToken.None);
        Assert.Equal(new[] { first.Name, third.Name }.Order(), lab.Host.Templates().Select(t => t.Name).Order());
        Assert.DoesNotContain(second.Name + ".template", Files());
    }

    [Fact]
    public async Task A_kernel_that_was_replaced_between_two_starts_boots_and_the_old_ones_template_goes()
    {
        var kernel = Path.Combine(_templates, "kernel");
        File.Copy(guest.Kernel, kernel);
        await using var lab = new MachineLab(guest, settings => MachineLab.Warm(settings) with { TemplateDirectory = null, Kernel = kernel });
        var old = await lab.Host.WarmAsync(1, 256L << 20, CancellationToken.None);
        Assert.True(await IsWarmAsync(lab, lab.Host));

        // As a package does it: another file under the name. What follows an ELF's segments is not loaded.
        File.Copy(kernel, kernel + ".new");
        await File.AppendAllTextAsync(kernel + ".new", "another build");
        File.Move(kernel + ".new", kernel, overwrite: true);
        Assert.False(await IsWarmAsync(lab, lab.Host));
        Assert.True(await UntilAsync(() => lab.Host.Templates() is [{ IsLoaded: true } made] && made.Name != old.Name));
        Assert.True(await IsWarmAsync(lab, lab.Host));
        Assert.Empty(lab.Logs.Warnings);
        File.Delete(kernel);
    }

    [Fact]
    public async Task Two_hosts_that_start_the_same_new_size_at_once_make_one_template()
    {
        await using var lab = Lab();
        await using var other = Lab();
        var machines = await Task.WhenAll(lab.StartAsync(lab.Spec("true")), other.StartAsync(other.Spec("true")));
        foreach (var machine in machines)
        {
            Assert.False(machine.IsWarm);
            await machine.Exited.WaitAsync(Patience);
        }

        // Whoever came second to the lock takes the first one's.
        Assert.True(await UntilAsync(() => lab.Host.Templates() is [{ IsLoaded: true }] && other.Host.Templates() is [{ IsLoaded: true }]));
        foreach (var one in new[] { lab, other })
        {
            Assert.True(await IsWarmAsync(one, one.Host));
            Assert.Empty(one.Logs.Warnings);
        }

        Assert.Equal([$"{lab.Host.Templates()[0].Name}.template"], Files());
    }

    [Fact]
    public async Task A_template_past_its_age_serves_once_more_and_is_made_anew()
    {
        await using var lab = new MachineLab(guest, settings => MachineLab.Warm(settings) with { TemplateDirectory = _templates, TemplateAge = TimeSpan.Zero });
        var old = await lab.Host.WarmAsync(1, 256L << 20, CancellationToken.None);
        Assert.True(await IsWarmAsync(lab, lab.Host));
        Assert.True(await UntilAsync(() => lab.Host.Templates() is [{ } now] && now.Created > old.Created));
        Assert.True(await IsWarmAsync(lab, lab.Host));
        Assert.Empty(lab.Logs.Warnings);
    }

    [Fact]
    public async Task Without_warm_starts_every_machine_boots_and_nothing_is_saved()
    {
        await using var lab = new MachineLab(guest, settings => settings with { TemplateDirectory = _templates, WarmStart = false });
        for (var i = 0; i < 2; i++)
            Assert.False(await IsWarmAsync(lab, lab.Host));
        var error = await Assert.ThrowsAsync<HyprException>(() => lab.Host.WarmAsync(1, 256L << 20, CancellationToken.None));
        Assert.Contains("daemon.json", error.Message, StringComparison.Ordinal);
        Assert.Empty(Files());
    }

    /// <summary>Runs a machine to its end.</summary>
    private static async Task<bool> IsWarmAsync(MachineLab lab, MachineHost host)
    {
        var machine = lab.Keep(await host.StartAsync(lab.Spec("true"), CancellationToken.None));
        Assert.Equal((0, null), ((await machine.Exited.WaitAsync(Patience)).Code, (await machine.Exited).Error));
        return machine.IsWarm;
    }

    /// <summary>With the templates of all tests.</summary>
    private MachineLab SharedLab() => new(guest, MachineLab.Warm);

    private MachineLab Lab() => new(guest, settings => MachineLab.Warm(settings) with { TemplateDirectory = _templates });

    private string[] Files() => [.. Directory.GetFiles(_templates).Select(f => Path.GetFileName(f)).Where(name => name != ".lock")];

    private static async Task<MachineTemplate> TemplateAsync(MachineHost host)
    {
        Assert.True(await UntilAsync(() => host.Templates().Count == 1));
        return host.Templates()[0];
    }

    private static Task<bool> UntilAsync(Func<bool> condition) => Task.Run(() => Probe.Until(condition, Patience));

    private static MachineNic Nic(SafeFileHandle tap, string name, int network) =>
        new(tap, new GuestNic(name, MacAddress.Parse($"02:42:0a:58:0{network}:02"), 1500, [InterfaceAddress.Parse($"10.{88 + network}.0.2/24")],
            network == 0 ? IPAddress.Parse("10.88.0.1") : null, null));

    private static SafeFileHandle Tap(NetworkNamespace space, string name) => space.Run(() => TapDevice.Create(name));
}
