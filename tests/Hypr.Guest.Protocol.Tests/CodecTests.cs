using System.Net;
using Hypr.Guest.Protocol.Frames;
using Hypr.Guest.Protocol.Messages;
using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Tests;

public sealed class CodecTests
{
    internal static readonly GuestConfiguration Configuration = new()
    {
        Names = new NamesConfiguration
        {
            Hostname = "eager-fox",
            Domainname = "hypr",
            Hosts = [("10.88.0.2", "eager-fox.hypr eager-fox"), ("fd00::2", "eager-fox")],
            Nameservers = ["10.88.0.1"],
            Search = ["corp.example"],
            ResolverOptions = ["ndots:0"],
        },
        ImageDisk = DeviceSlot.Mmio(1),
        WritableDisk = DeviceSlot.PciePort(3, 1),
        ReadOnlyRoot = true,
        Nics =
        [
            new NicConfiguration
            {
                Slot = DeviceSlot.Mmio(4),
                Name = "eth0",
                Mac = [2, 0x42, 10, 88, 0, 2],
                Mtu = 1500,
                Addresses = [new NicAddress(IPAddress.Parse("10.88.0.2"), 16), new NicAddress(IPAddress.Parse("fd00::2"), 64)],
                Gateway4 = IPAddress.Parse("10.88.0.1"),
                ReturnGateway6 = IPAddress.Parse("fd00::1"),
            },
        ],
        Sysctls = new Dictionary<string, string> { ["net.core.somaxconn"] = "1024" },
        Tmpfs = new Dictionary<string, string> { ["/run"] = "size=64m", ["/tmp"] = "" },
        Entropy = [1, 2, 3],
        UnixTimeNanoseconds = 1_700_000_000_000_000_000,
        ExitDeadline = TimeSpan.FromSeconds(90),
        Volumes =
        [
            new VolumeConfiguration
            {
                Slot = DeviceSlot.PciePort(2),
                Name = "data",
                IsDiskReadOnly = true,
                Mounts = [new VolumeMountPoint("/data", true, false), new VolumeMountPoint("/other", false, true)],
            },
        ],
        Files = [new FileConfiguration("/run/secrets/key", [0, 1, 255], 1000, 101, 0x120)],
        Folders = new FoldersConfiguration(DeviceSlot.PciePort(4), [new FolderMountPoint("/srv", true), new FolderMountPoint("/etc/app.conf", false)]),
    };

    [Fact]
    public void A_configuration_is_read_as_it_was_written()
    {
        var bytes = Encode(Configuration.Encode);
        var r = new WireReader(bytes);
        var read = GuestConfiguration.Decode(ref r);
        Assert.True(r.AtEnd);
        Assert.Equal(bytes, Encode(read.Encode));
        Assert.Equal(Configuration.Names.Hosts, read.Names.Hosts);
        Assert.Equal(Configuration.WritableDisk, read.WritableDisk);
        Assert.Equal(Configuration.Folders!.Slot, read.Folders!.Slot);
        Assert.Equal(Configuration.Folders.Mounts, read.Folders.Mounts);
        Assert.Equal(Configuration.Nics[0].Addresses, read.Nics[0].Addresses);
        Assert.Null(read.Nics[0].Gateway6);
        Assert.Equal(Configuration.Nics[0].ReturnGateway6, read.Nics[0].ReturnGateway6);
        Assert.Equal(Configuration.ExitDeadline, read.ExitDeadline);
        Assert.Equal(Configuration.Volumes[0].Mounts, read.Volumes[0].Mounts);
        Assert.Equal(Configuration.Files[0].Content, read.Files[0].Content);
    }

    [Fact]
    public void A_configuration_of_a_hyprd_without_volumes_is_read_with_none()
    {
        var bytes = Encode((Configuration with { Volumes = [], Files = [], Folders = null }).Encode);
        var r = new WireReader(bytes.AsSpan(0, bytes.Length - 17));
        var read = GuestConfiguration.Decode(ref r);
        Assert.Empty(read.Volumes);
        Assert.Empty(read.Files);
        Assert.Equal(Configuration.ExitDeadline, read.ExitDeadline);

        r = new WireReader(bytes.AsSpan(0, bytes.Length - 9));
        Assert.Null(GuestConfiguration.Decode(ref r).Folders);

        r = new WireReader(bytes.AsSpan(0, bytes.Length - 8));
        Assert.Equal(0UL, GuestConfiguration.Decode(ref r).SharedMemoryBytes);
    }

    [Fact]
    public void Rights_are_read_as_they_were_written_and_are_all_of_a_hyprd_without_them()
    {
        var rights = new ProcessRights { Capabilities = 0x401, NoNewPrivileges = true, Groups = ["daemon", "2000"], Limits = [new ResourceLimit(7, 10, ulong.MaxValue)] };
        var bytes = Encode(new ProcessSpecification { Args = ["sh"], Rights = rights, HasInit = true }.Encode);
        var r = new WireReader(bytes);
        var read = ProcessSpecification.Decode(ref r);
        Assert.True(read.HasInit);
        Assert.Equal((rights.Capabilities, true), (read.Rights.Capabilities, read.Rights.NoNewPrivileges));
        Assert.Equal(rights.Groups, read.Rights.Groups);
        Assert.Equal(rights.Limits, read.Rights.Limits);

        // What stands behind the tool's word: a length, capabilities, no new privileges, two groups, one limit, the init.
        r = new WireReader(bytes.AsSpan(0, bytes.Length - (4 + 8 + 1 + 4 + 10 + 8 + 4 + 20 + 1)));
        read = ProcessSpecification.Decode(ref r);
        Assert.Equal(ulong.MaxValue, read.Rights.Capabilities);
        Assert.False(read.HasInit);
    }

    [Fact]
    public void A_process_is_read_as_it_was_written()
    {
        var process = new ProcessSpecification { Args = ["nginx", "-g", "daemon off;", ""], Env = ["A=ä"], User = "web:web", WorkingDir = "/x", Tty = true, OpenStdin = true, Rows = 50, Columns = 132 };
        var r = new WireReader(Encode(process.Encode));
        var read = ProcessSpecification.Decode(ref r);
        Assert.Equal(process.Args, read.Args);
        Assert.Equal(process.Env, read.Env);
        Assert.Equal((process.User, process.WorkingDir, process.Tty, process.OpenStdin, process.Rows, process.Columns),
            (read.User, read.WorkingDir, read.Tty, read.OpenStdin, read.Rows, read.Columns));
    }

    [Fact]
    public void A_hello_is_read_as_it_was_written_with_or_without_an_exit()
    {
        foreach (var exit in (MainExit?[])[null, new MainExit(137, true, 5)])
        {
            var hello = new Hello { AgentVersion = "0.1.0", Kernel = "6.1.0", State = GuestState.Ended, Pid = 7, Exit = exit, OutputStart = 3, OutputEnd = 9 };
            var r = new WireReader(Encode(hello.Encode));
            Assert.Equal(hello, Hello.Decode(ref r));
        }
    }

    [Fact]
    public void Fields_that_a_newer_side_adds_are_ignored()
    {
        var process = new ProcessSpecification { Args = ["true"] };
        var bytes = Encode(w =>
        {
            w.U32(1);
            w.U32(2);
            w.U32(3);
            w.U32(4);
            w.Nested(inner =>
            {
                process.Encode(inner);
                inner.Text("of a later version");
            });
            w.U64(99);
        });
        var r = new WireReader(bytes);
        Assert.Equal((1u, 4u), ExecRequest.Decode(ref r) is var exec ? (exec.Session, exec.Stderr) : default);
        Assert.Equal(["true"], exec.Process.Args);
    }

    [Fact]
    public void Fields_that_an_older_side_does_not_send_have_their_defaults()
    {
        var nic = Configuration.Nics[0] with { ReturnGateway6 = null };
        var bytes = Encode(nic.Encode);

        // Two empty addresses of four bytes of length each were added at the end.
        var r = new WireReader(bytes.AsSpan(..^8));
        var read = NicConfiguration.Decode(ref r);
        Assert.Equal(bytes, Encode(read.Encode));
    }

    [Fact]
    public void Of_a_hello_of_another_protocol_only_that_is_read()
    {
        var r = new WireReader(Encode(w => w.U16(Hello.CurrentProtocol + 1)));
        Assert.Equal(Hello.CurrentProtocol + 1, Hello.Decode(ref r).Protocol);
    }

    [Theory]
    [InlineData("a process without a program")]
    [InlineData("a NUL in an argument")]
    [InlineData("no UTF-8")]
    [InlineData("a list longer than its message")]
    public void What_cannot_be_is_refused(string what)
    {
        var bytes = what switch
        {
            "a process without a program" => Encode(w => w.Texts([])),
            "a NUL in an argument" => Encode(w => w.Texts(["a\0b"])),
            "no UTF-8" => Encode(w =>
            {
                w.U32(1);
                w.Bytes([0xFF, 0xFE]);
            }),
            _ => Encode(w => w.U32(uint.MaxValue)),
        };
        Assert.Throws<ProtocolException>(() =>
        {
            var r = new WireReader(bytes);
            ProcessSpecification.Decode(ref r);
        });
    }

    [Fact]
    public void An_output_record_of_no_length_or_too_much_is_refused()
    {
        var bytes = new byte[OutputRecord.HeaderLength];
        foreach (var length in (int[])[0, -1, OutputRecord.MaxLength + 1])
        {
            new OutputRecord(1, length, 0, 0).Encode(bytes);
            Assert.Throws<ProtocolException>(() => OutputRecord.Decode(bytes));
        }

        var record = new OutputRecord(2, 5, ulong.MaxValue, long.MaxValue);
        record.Encode(bytes);
        Assert.Equal(record, OutputRecord.Decode(bytes));
    }

    [Fact]
    public void A_frame_longer_than_allowed_is_refused_by_its_header()
    {
        var parser = new FrameParser(lenient: false);
        Assert.Throws<ProtocolException>(() =>
        {
            ReadOnlySpan<byte> bytes = [Frame.Marker, (byte)FrameType.Data, 0xFF, 0xFF, 1, 0, 0, 0];
            parser.TryRead(ref bytes);
        });
    }

    internal static byte[] Encode(Action<WireWriter> fields)
    {
        var w = new WireWriter();
        fields(w);
        return w.Written.ToArray();
    }
}
