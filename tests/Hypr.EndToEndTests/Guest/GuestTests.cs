using System.Text;
using Hypr.Guest.Protocol.Host;
using Hypr.Guest.Protocol.Messages;

namespace Hypr.EndToEndTests.Guest;

/// <summary>The agent in a real VM.</summary>
public sealed class GuestTests(GuestFiles files) : IClassFixture<GuestFiles>, IDisposable
{
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromMinutes(2));

    private CancellationToken Cancel => _deadline.Token;

    public void Dispose() => _deadline.Dispose();

    [Fact]
    public async Task A_process_runs_in_its_image_and_its_end_is_kept_until_acknowledged()
    {
        await using var vm = GuestVm.Start(files);
        ulong position;
        await using (var first = await vm.ConnectAsync())
        {
            Assert.Equal(GuestState.Fresh, first.Hello.State);
            await first.ConfigureAsync(GuestVm.Configuration(), Cancel);
            await using var output = await first.OpenOutputAsync(0, Cancel);
            await first.StartMainAsync(Shell("echo one; echo two >&2; sleep 1; echo three; exit 7"), Cancel);
            var piece = await output.ReadAsync(Cancel);
            Assert.Equal("one\n", Encoding.UTF8.GetString(piece!.Value.Data.Span));
            position = piece.Value.Position + (ulong)piece.Value.Data.Length;
        }

        // Another hyprd: the rest of the output, once, and the exit code.
        await using var second = await vm.ConnectAsync();
        Assert.True(second.Hello.State is GuestState.Running or GuestState.Ended);
        await using var rest = await second.OpenOutputAsync(position, Cancel);
        Assert.Equal("[2]two\n[1]three\n", await ReadAllAsync(rest));
        var exit = await second.MainExited.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.Equal((7, false), (exit.Code, exit.OomKilled));
        Assert.InRange(exit.Time, DateTimeOffset.UtcNow.AddMinutes(-2), DateTimeOffset.UtcNow.AddMinutes(2));
        await second.AcknowledgeExitAsync(Cancel);
        Assert.True(await vm.HasEndedAsync(), vm.Console);
    }

    [Fact]
    public async Task A_running_machine_is_as_docker_makes_one()
    {
        await using var vm = GuestVm.Start(files);
        await using var guest = await vm.ConnectAsync();
        await guest.ConfigureAsync(GuestVm.Configuration(), Cancel);
        await guest.StartMainAsync(Shell("trap 'exit 3' TERM; while :; do sleep 0.1; done"), Cancel);

        // The process is init of its own pid namespace and sees its own mounts only.
        Assert.Equal("1", (await OutputOf(guest, "readlink /proc/1/exe >/dev/null && echo 1")).Trim());
        Assert.DoesNotContain("hypr", await OutputOf(guest, "ps"));
        Assert.StartsWith("overlay / overlay rw", await OutputOf(guest, "cat /proc/mounts"));
        Assert.Equal("uid=0(root) gid=0(root) groups=0(root)", (await OutputOf(guest, "id")).Trim());

        // Names.
        Assert.Equal("box\n", await OutputOf(guest, "hostname; "));
        Assert.Contains("10.88.0.2\tbox.hypr box\n", await OutputOf(guest, "cat /etc/hosts"));
        Assert.Equal("nameserver 10.88.0.1\noptions ndots:0\n", await OutputOf(guest, "cat /etc/resolv.conf"));
        Assert.Equal("box\n", await OutputOf(guest, "cat /etc/hostname"));
        await guest.ConfigureNamesAsync(new NamesConfiguration { Hostname = "other", Nameservers = ["10.89.0.1"] }, Cancel);
        Assert.Equal("other\nnameserver 10.89.0.1\n", await OutputOf(guest, "hostname; cat /etc/resolv.conf"));

        // Network.
        var addresses = await OutputOf(guest, "ip -o addr show eth0; ip -o link show eth0; ip route; ip -6 route");
        Assert.Contains("10.88.0.2/16", addresses);
        Assert.Contains("fd00:88::2/64", addresses);
        Assert.DoesNotContain("tentative", addresses);
        Assert.Contains("mtu 1400", addresses);
        Assert.Contains("02:42:0a:58:00:02", addresses);
        Assert.Contains("default via 10.88.0.1 dev eth0", addresses);
        Assert.Contains("default via fd00:88::1 dev eth0", addresses);
        Assert.Equal("0\t2147483647\n0\n1234\n", await OutputOf(guest, "cat /proc/sys/net/ipv4/ping_group_range /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/core/somaxconn"));

        // Devices and mounts.
        Assert.Equal("0\n", await OutputOf(guest, "head -c 10 /dev/null | wc -c"));
        Assert.Equal("ok\n", await OutputOf(guest, "echo ok >/dev/stdout"));
        Assert.Contains("tmpfs /scratch/new tmpfs rw,nosuid,nodev,relatime,size=1024k", await OutputOf(guest, "cat /proc/mounts"));
        Assert.Equal("ok\n", await OutputOf(guest, "touch /dev/shm/x /tmp/y && echo ok"));
        Assert.Equal("ok\n", await OutputOf(guest, "unshare -U true && echo ok"));

        await guest.SignalAsync(0, 15, Cancel);
        Assert.Equal(3, (await guest.MainExited.WaitAsync(TimeSpan.FromSeconds(30), Cancel)).Code);
        await guest.PowerOffAsync(Cancel);
        Assert.True(await vm.HasEndedAsync(), vm.Console);
    }

    [Fact]
    public async Task Exec_has_streams_users_terminals_and_dockers_words()
    {
        await using var vm = GuestVm.Start(files);
        await using var guest = await vm.ConnectAsync();
        await guest.ConfigureAsync(GuestVm.Configuration(), Cancel);
        await guest.StartMainAsync(Shell("sleep 1000"), Cancel);

        // stdin, half-close, exit code.
        await using (var cat = await guest.ExecAsync(Shell("cat; echo end >&2; exit 42") with { OpenStdin = true }, Cancel))
        {
            var sent = new byte[1_000_000];
            new Random(1).NextBytes(sent);
            var received = ReadBytesAsync(cat.Stdout);
            await cat.Stdin!.WriteAsync(sent, Cancel);
            await cat.Stdin.CloseAsync();
            Assert.Equal(sent, await received.WaitAsync(TimeSpan.FromSeconds(60), Cancel));
            Assert.Equal("end\n"u8.ToArray(), await ReadBytesAsync(cat.Stderr!));
            Assert.Equal(42, await cat.Exited);
        }

        // Users.
        Assert.Equal("uid=1000(web) gid=1000(web) groups=1000(web),2000(extra)", (await OutputOf(guest, "id", user: "web")).Trim());
        Assert.Equal("uid=1000(web) gid=0(root) groups=0(root)", (await OutputOf(guest, "id", user: "web:root")).Trim());
        Assert.Equal("uid=4321 gid=0(root) groups=0(root)", (await OutputOf(guest, "id", user: "4321")).Trim());
        Assert.Equal("/home/web box\n", await OutputOf(guest, "echo $HOME $HOSTNAME", user: "web"));
        Assert.Equal("to stdout\n", await OutputOf(guest, "echo to stdout >/dev/stdout", user: "web"));
        Assert.Equal("/made/here\n", await OutputOf(guest, "pwd", folder: "/made/here"));

        // What cannot be started.
        await Fails(127, "exec: \"nothing\": executable file not found in $PATH", Program("nothing"));
        await Fails(127, "exec: \"/bin/none\": stat /bin/none: no such file or directory", Program("/bin/none"));
        await Fails(126, "exec: \"/etc/notexec\": permission denied", Program("/etc/notexec"));
        await Fails(0, "unable to find user nobody: no matching entries in passwd file", Program("true") with { User = "nobody" });

        // A terminal.
        await using (var terminal = await guest.ExecAsync(Shell("stty size; echo $TERM; read line; stty size; tty") with { Tty = true, OpenStdin = true, Rows = 30, Columns = 100 }, Cancel))
        {
            Assert.StartsWith("30 100\r\nxterm\r\n", await ReadUntilAsync(terminal.Stdout, "xterm\r\n"));
            await terminal.ResizeAsync(40, 120, Cancel);
            await terminal.Stdin!.WriteAsync("go\n"u8.ToArray(), Cancel);
            Assert.Contains("40 120\r\n/dev/pts/", Encoding.UTF8.GetString(await ReadBytesAsync(terminal.Stdout)));
            Assert.Equal(0, await terminal.Exited);
        }

        // One that nobody reads stalls alone.
        await using (var yes = await guest.ExecAsync(Program("yes"), Cancel))
        {
            await guest.PingAsync(Cancel);
            Assert.Equal("quick\n", await OutputOf(guest, "echo quick"));
            await yes.SignalAsync(9, Cancel);
            Assert.Equal(137, await yes.Exited.WaitAsync(TimeSpan.FromSeconds(30), Cancel));
        }

        async Task Fails(int code, string message, ProcessSpecification process)
        {
            var e = await Assert.ThrowsAsync<GuestException>(() => guest.ExecAsync(process, Cancel));
            Assert.Equal((code, message), (e.Code, e.Message));
        }
    }

    [Fact]
    public async Task A_NIC_comes_and_goes_while_the_machine_runs()
    {
        await using var vm = GuestVm.Start(files);
        await using var guest = await vm.ConnectAsync();
        await guest.ConfigureAsync(GuestVm.Configuration(), Cancel);
        await guest.StartMainAsync(Shell("sleep 1000"), Cancel);
        await vm.QmpAsync("""{"execute":"device_add","arguments":{"driver":"virtio-net-pci","id":"nic1","netdev":"n1","mac":"02:42:0a:59:00:02","romfile":"","bus":"port0"}}""");
        var nic = new NicConfiguration
        {
            Slot = DeviceSlot.PciePort(8),
            Name = "eth1",
            Mac = [2, 0x42, 10, 89, 0, 2],
            Mtu = 1500,
            Addresses = [new NicAddress(System.Net.IPAddress.Parse("10.89.0.2"), 24)],
            ReturnGateway4 = System.Net.IPAddress.Parse("10.89.0.1"),
        };
        await guest.AddNicAsync(nic, Cancel);
        var there = await OutputOf(guest, "ip -o addr show eth1; ip rule; ip route show table 1000 | cat; ip route get 9.9.9.9 from 10.89.0.2");
        Assert.Contains("10.89.0.2/24", there);
        Assert.Contains("from 10.89.0.2 lookup", there);
        Assert.Contains("9.9.9.9 from 10.89.0.2 via 10.89.0.1 dev eth1", there);

        await guest.ConfigureNicAsync(nic with { Addresses = [new NicAddress(System.Net.IPAddress.Parse("10.89.0.9"), 24)], ReturnGateway4 = null }, Cancel);
        var changed = await OutputOf(guest, "ip -o addr show eth1; ip rule");
        Assert.Contains("10.89.0.9/24", changed);
        Assert.DoesNotContain("10.89.0.2/", changed);
        Assert.DoesNotContain("from 10.89", changed);

        await guest.RemoveNicAsync("eth1", Cancel);
        Assert.DoesNotContain("eth1", await OutputOf(guest, "ip -o link"));
        await Assert.ThrowsAsync<GuestException>(() => guest.RemoveNicAsync("eth1", Cancel));
    }

    [Fact]
    public async Task A_process_that_the_kernel_kills_for_memory_says_so()
    {
        await using var vm = GuestVm.Start(files, memoryMegabytes: 192);
        await using var guest = await vm.ConnectAsync();
        await guest.ConfigureAsync(GuestVm.Configuration() with { Tmpfs = new Dictionary<string, string> { ["/big"] = "size=2000m" } }, Cancel);
        await guest.StartMainAsync(Program("dd", "if=/dev/zero", "of=/big/file", "bs=1M"), Cancel);
        var exit = await guest.MainExited.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        Assert.Equal((137, true), (exit.Code, exit.OomKilled));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_host_whose_bytes_the_guest_has_before_the_word_that_it_is_there_is_answered(int cpu)
    {
        await using var vm = GuestVm.Start(files);
        await using (var first = await vm.ConnectAsync())
        {
            await first.ConfigureAsync(GuestVm.Configuration(), Cancel);
            // The work queue of that CPU, on which the port's word waits if the interrupt comes there, gets 50 ms of each second (sched_rt_runtime_us).
            await first.StartMainAsync(Shell($"exec chrt -f 50 taskset {cpu} sh -c 'while :; do :; done'"), Cancel);
        }

        for (var i = 0; i < 4; i++)
        {
            // By then it knows that the last one has gone.
            await Task.Delay(TimeSpan.FromSeconds(1.2), Cancel);
            await using var next = await vm.ConnectAsync();
            Assert.Equal(GuestState.Running, next.Hello.State);
            await next.PingAsync(Cancel);
        }
    }

    private static ProcessSpecification Shell(string script) => Program("/bin/sh", "-c", script);

    private static ProcessSpecification Program(params string[] args) => new() { Args = args };

    private async Task<string> OutputOf(GuestConnection guest, string script, string user = "", string folder = "/")
    {
        await using var exec = await guest.ExecAsync(Shell(script) with { User = user, WorkingDir = folder }, Cancel);
        var error = ReadBytesAsync(exec.Stderr!);
        var output = Encoding.UTF8.GetString(await ReadBytesAsync(exec.Stdout));
        Assert.Equal("", Encoding.UTF8.GetString(await error));
        Assert.Equal(0, await exec.Exited);
        return output;
    }

    private async Task<byte[]> ReadBytesAsync(Stream stream)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all, Cancel).WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        return all.ToArray();
    }

    private async Task<string> ReadUntilAsync(Stream stream, string end)
    {
        var text = "";
        var buffer = new byte[1024];
        while (!text.EndsWith(end, StringComparison.Ordinal) && await stream.ReadAsync(buffer, Cancel) is var count and > 0)
            text += Encoding.UTF8.GetString(buffer, 0, count);
        return text;
    }

    private async Task<string> ReadAllAsync(GuestOutput output)
    {
        var text = "";
        while (await output.ReadAsync(Cancel) is { } piece)
            text += $"[{piece.Stream}]{Encoding.UTF8.GetString(piece.Data.Span)}";
        return text;
    }
}
