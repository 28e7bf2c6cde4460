using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Netlink;
using Hypr.Linux.Tap;
using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.EndToEndTests.Machines;

/// <summary>Two machines that go on from one saved guest have nothing secret in common.</summary>
public sealed class StrangersTests(GuestFiles guest) : IClassFixture<GuestFiles>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly int[] Ports = [80, 81, 82];

    /// <summary>A SYN as the guest sent it: what of it comes of the guest's secrets.</summary>
    private readonly record struct Syn(uint Sequence, uint Timestamp, DateTimeOffset Seen);

    [Fact]
    public async Task Random_numbers_ids_layouts_and_TCPs_secrets_differ_between_two_machines_of_one_template()
    {
        await using var lab = new MachineLab(guest, MachineLab.Warm);
        await lab.Host.WarmAsync(1, 256L << 20, CancellationToken.None);
        var (first, firstSyns) = await RunAsync(lab);
        var (second, secondSyns) = await RunAsync(lab);
        Assert.Empty(lab.Logs.Warnings);
        Assert.Equal(first.Keys, second.Keys);
        foreach (var (name, value) in first)
            Assert.True(value.Length > 0 && value != second[name], $"{name} is {value} in both");

        // RFC 6528: a clock plus a secret's hash of the connection. The clock is the time of day, in 64 ns; two of one secret differ by it alone. RFC 7323's
        // timestamps count milliseconds from a secret's hash of the addresses. By chance one such pair is near; all of them are not.
        var isNear = Ports.Select(port =>
        {
            var clock = (uint)(ulong)((secondSyns[port].Seen - firstSyns[port].Seen).TotalNanoseconds / 64);
            return Distance(secondSyns[port].Sequence - firstSyns[port].Sequence, clock) < 10e9 / 64;
        }).Append(Distance(secondSyns[80].Timestamp, firstSyns[80].Timestamp) < 600_000);
        Assert.Contains(false, isNear);
    }

    private async Task<(Dictionary<string, string> Values, Dictionary<int, Syn> Syns)> RunAsync(MachineLab lab)
    {
        using var space = NetworkNamespace.Create();
        using var tap = space.Run(() => TapDevice.Create("tap0"));
        using var packets = space.Run(() =>
        {
            using var netlink = RtNetlink.Open();
            var index = netlink.Links.IndexOf("tap0");
            netlink.Addresses.Replace(new LinkAddress(index, IPAddress.Parse("10.88.0.1"), 24));
            netlink.Links.Set(index, new LinkSettings { Up = true });
            // ETH_P_ALL, in network order
            return new Socket(AddressFamily.Packet, SocketType.Raw, (ProtocolType)0x0300);
        });
        const string Script = """
            echo boot_id=$(cat /proc/sys/kernel/random/boot_id)
            echo uuid=$(cat /proc/sys/kernel/random/uuid)
            echo urandom=$(head -c 16 /dev/urandom | od -An -tx1)
            echo machine-id=$(cat /etc/machine-id)
            echo stack=$(cat /proc/self/maps | while read line; do case "$line" in *stack*) echo ${line%% *};; esac; done)
            echo mapping=$(cat /proc/self/maps | while read line; do case "$line" in *vdso*) echo ${line%% *};; esac; done)
            for port in 80 81 82; do busybox nc -w 5 -p 40000 10.88.0.1 $port </dev/null; done
            echo now=$(busybox date +%s)
            """;
        var nic = new MachineNic(tap, new GuestNic("eth0", MacAddress.Parse("02:42:0a:58:00:02"), 1500, [InterfaceAddress.Parse("10.88.0.2/24")], null, null));
        var before = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var machine = await lab.StartAsync(lab.Spec("sh", "-c", Script) with { Nics = [nic] });
        Assert.True(machine.IsWarm);
        var syns = await ReadAsync(packets);
        Assert.Equal(0, (await machine.Exited.WaitAsync(Patience)).Code);
        var values = (await lab.LogAsync(machine.Handle.MachineId)).Split('\n').Where(l => l.Contains('=')).Select(l => l.Split('=', 2)).ToDictionary(p => p[0], p => p[1]);
        Assert.True(values.Remove("now", out var now));
        Assert.InRange(long.Parse(now, CultureInfo.InvariantCulture), before, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1);
        Assert.Equal(6, values.Count);
        Assert.Equal(machine.Handle.MachineId[..32], values["machine-id"]);
        return (values, syns);
    }

    /// <summary>The first SYN to each port.</summary>
    private static async Task<Dictionary<int, Syn>> ReadAsync(Socket packets)
    {
        using var limit = new CancellationTokenSource(Patience);
        var syns = new Dictionary<int, Syn>();
        var frame = new byte[2048];
        while (syns.Count < Ports.Length)
        {
            var count = await packets.ReceiveAsync(frame, SocketFlags.None, limit.Token);
            if (Parse(frame.AsSpan(0, count)) is { } syn)
                syns.TryAdd(syn.Port, syn.Syn);
        }

        return syns;
    }

    /// <summary>Ethernet, IPv4 without options, TCP (RFC 9293, 3.1).</summary>
    private static (int Port, Syn Syn)? Parse(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < 54 || frame[12] != 8 || frame[13] != 0 || frame[23] != 6 || frame[47] != 2)
            return null;
        var tcp = frame[34..];
        var options = tcp[20..Math.Min(tcp.Length, (tcp[12] >> 4) * 4)];
        uint timestamp = 0;
        while (options.Length > 1 && options[0] != 0)
        {
            if (options[0] == 8)
                timestamp = BinaryPrimitives.ReadUInt32BigEndian(options[2..]);
            options = options[(options[0] == 1 ? 1 : options[1])..];
        }

        return (BinaryPrimitives.ReadUInt16BigEndian(tcp[2..]), new Syn(BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]), timestamp, DateTimeOffset.UtcNow));
    }

    /// <summary>On the circle of 32-bit numbers.</summary>
    private static double Distance(uint a, uint b) => Math.Min(a - b, b - a);
}
