using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hypr.Guest.Protocol.Host;
using Hypr.Guest.Protocol.Messages;

namespace Hypr.EndToEndTests.Guest;

/// <summary>A QEMU microvm with the built kernel and agent, spoken to over its port by the protocol alone. Disposal kills it.</summary>
internal sealed class GuestVm : IAsyncDisposable
{
    // Not 0: QEMU turns pin 0 of every IOAPIC into pin 2 (hw/intc/ioapic.c, ioapic_set_irq), so the interrupts of bus 0 are lost under TCG.
    public const int ImageSlot = 4;
    public const int DiskSlot = 1;
    public const int NicSlot = 2;
    private readonly string _folder;
    private readonly Process _qemu;
    private readonly StringBuilder _console = new();
    private bool _wasConnected;

    private GuestVm(string folder, Process qemu)
    {
        _folder = folder;
        _qemu = qemu;
        qemu.OutputDataReceived += Keep;
        qemu.ErrorDataReceived += Keep;
        qemu.BeginOutputReadLine();
        qemu.BeginErrorReadLine();
    }

    public string Console
    {
        get
        {
            lock (_console)
                return _console.ToString();
        }
    }

    public string Folder => _folder;

    public static GuestVm Start(GuestFiles files, int memoryMegabytes = 256)
    {
        var folder = Directory.CreateTempSubdirectory("hypr-guest-").FullName;
        var disk = Path.Combine(folder, "disk");
        File.Copy(files.EmptyDisk, disk);
        var start = new ProcessStartInfo("qemu-system-x86_64",
        [
            "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-machine", "microvm,accel=tcg,acpi=on,pcie=on,isa-serial=on,usb=off", "-cpu", "max", "-smp", "2", "-m", $"{memoryMegabytes}M",
            "-global", "virtio-mmio.force-legacy=off",
            "-kernel", files.Kernel, "-initrd", files.Initramfs,
            "-append", $"console=ttyS0 quiet panic=-1 reboot=t pcie_ports=native tsc=reliable no_timer_check cryptomgr.notests random.trust_cpu=on{Tsc()}",
            "-blockdev", $"driver=file,filename={files.Image},node-name=image,read-only=on", "-device", $"virtio-blk-device,drive=image,bus=virtio-mmio-bus.{ImageSlot}",
            "-blockdev", $"driver=file,filename={disk},node-name=disk", "-device", $"virtio-blk-device,drive=disk,bus=virtio-mmio-bus.{DiskSlot}",
            "-netdev", "hubport,hubid=0,id=n0", "-device", $"virtio-net-device,netdev=n0,mac=02:42:0a:58:00:02,bus=virtio-mmio-bus.{NicSlot}",
            "-netdev", "hubport,hubid=0,id=n1",
            "-device", "virtio-serial-device,bus=virtio-mmio-bus.3",
            "-chardev", $"socket,path={folder}/agent,server=on,wait=off,id=agent", "-device", "virtserialport,chardev=agent,name=hypr.agent",
            "-device", "pcie-root-port,id=port0,addr=8,chassis=1,slot=1",
            "-chardev", $"socket,path={folder}/qmp,server=on,wait=off,id=qmp", "-mon", "chardev=qmp,mode=control",
            "-serial", "stdio",
        ])
        { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        return new GuestVm(folder, Process.Start(start)!);
    }

    public async Task<GuestConnection> ConnectAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(_folder + "/agent"), deadline.Token);
                var connection = await GuestConnection.OpenAsync(new NetworkStream(socket, ownsSocket: true), !_wasConnected, deadline.Token);
                _wasConnected = true;
                return connection;
            }
            catch (SocketException) when (!deadline.IsCancellationRequested && !_qemu.HasExited)
            {
                socket.Dispose();
                await Task.Delay(20, deadline.Token);
            }
            catch (Exception e)
            {
                socket.Dispose();
                throw new InvalidOperationException($"the guest did not say hello; its console:\n{Console}", e);
            }
        }
    }

    /// <summary>QMP commands, one connection a call; the answers' lines.</summary>
    public async Task<string> QmpAsync(params string[] commands)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_folder + "/qmp"));
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        var answers = new StringBuilder();
        await reader.ReadLineAsync();
        foreach (var command in (string[])["{\"execute\":\"qmp_capabilities\"}", .. commands])
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(command + "\n"));
            string? line;
            while ((line = await reader.ReadLineAsync()) is not null && line.Contains("\"event\"", StringComparison.Ordinal))
            {
            }

            answers.AppendLine(line);
        }

        return answers.ToString();
    }

    public async Task<bool> HasEndedAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            await _qemu.WaitForExitAsync(deadline.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public static GuestConfiguration Configuration() => new()
    {
        Names = new NamesConfiguration { Hostname = "box", Domainname = "hypr", Hosts = [("10.88.0.2", "box.hypr box")], Nameservers = ["10.88.0.1"], ResolverOptions = ["ndots:0"] },
        ImageDisk = DeviceSlot.Mmio(ImageSlot),
        WritableDisk = DeviceSlot.Mmio(DiskSlot),
        Nics =
        [
            new NicConfiguration
            {
                Slot = DeviceSlot.Mmio(NicSlot),
                Name = "eth0",
                Mac = [2, 0x42, 10, 88, 0, 2],
                Mtu = 1400,
                Addresses = [new NicAddress(IPAddress.Parse("10.88.0.2"), 16), new NicAddress(IPAddress.Parse("fd00:88::2"), 64)],
                Gateway4 = IPAddress.Parse("10.88.0.1"),
                Gateway6 = IPAddress.Parse("fd00:88::1"),
            },
        ],
        Sysctls = new Dictionary<string, string> { ["net.core.somaxconn"] = "1234" },
        Tmpfs = new Dictionary<string, string> { ["/scratch/new"] = "size=1m,exec" },
        Entropy = new byte[64],
        UnixTimeNanoseconds = (DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks) * 100,
    };

    public async ValueTask DisposeAsync()
    {
        if (!_qemu.HasExited)
            _qemu.Kill();
        await _qemu.WaitForExitAsync();
        _qemu.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string Tsc()
    {
        var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("bogomips", StringComparison.Ordinal));
        return line is null ? "" : $" tsc_early_khz={(long)(decimal.Parse(line.Split(':')[1], CultureInfo.InvariantCulture) * 500)}";
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_console)
            _console.AppendLine(line.Data);
    }
}
