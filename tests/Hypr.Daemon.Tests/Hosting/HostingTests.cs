using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hypr.Daemon.Hosting;
using Hypr.Primitives;

namespace Hypr.Daemon.Tests.Hosting;

public sealed class HostingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hyprd-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_second_hyprd_is_refused_and_told_of_the_first()
    {
        using (InstanceLock.Take(_folder, "the data in"))
        {
            var refused = Assert.Throws<HyprException>(() => InstanceLock.Take(_folder, "the data in"));
            Assert.Equal(ErrorKind.Conflict, refused.Kind);
            Assert.Contains($"another hyprd (pid {Environment.ProcessId}) runs with the data in {_folder}", refused.Message, StringComparison.Ordinal);
        }

        InstanceLock.Take(_folder, "the data in").Dispose();
    }

    [Fact]
    public void The_socket_has_its_mode_and_takes_the_place_of_a_dead_ones()
    {
        var path = Path.Combine(_folder, "hypr.sock");
        ApiSocket.Bind(path).Dispose();
        Assert.True(File.Exists(path));
        using var socket = ApiSocket.Bind(path);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite,
            OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path));
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(path));
        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_path_that_the_kernel_does_not_take_is_said_so()
    {
        var deep = Path.Combine(_folder, new string('x', 100), "hypr.sock");
        Assert.Contains("107 bytes", Assert.Throws<HyprException>(() => ApiSocket.Bind(deep)).Message, StringComparison.Ordinal);
        Assert.Contains("cannot listen on", Assert.Throws<HyprException>(() => ApiSocket.Bind(Path.Combine(_folder, "none", "s"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Systemd_is_told_when_hyprd_serves()
    {
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        var name = string.Create(CultureInfo.InvariantCulture, $"hyprd-test-{Environment.ProcessId}");
        systemd.Bind(new UnixDomainSocketEndPoint("\0" + name));
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", "@" + name);
        try
        {
            ServiceNotification.Ready();
        }
        finally
        {
            Environment.SetEnvironmentVariable("NOTIFY_SOCKET", null);
        }

        var buffer = new byte[256];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        Assert.StartsWith("READY=1", Encoding.UTF8.GetString(buffer, 0, await systemd.ReceiveAsync(buffer, patience.Token)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.88.0.0/16", "88.10.in-addr.arpa")]
    [InlineData("10.112.3.0/24", "3.112.10.in-addr.arpa")]
    [InlineData("10.0.0.0/8", "10.in-addr.arpa")]
    [InlineData("172.16.0.0/15", "16.172.in-addr.arpa,17.172.in-addr.arpa")]
    [InlineData("10.1.2.0/30", "")]
    [InlineData("fd00:1234::/32", "4.3.2.1.0.0.d.f.ip6.arpa")]
    public void Reverse_zones_cover_a_subnet(string subnet, string zones) => Assert.Equal(zones, string.Join(',', HostNames.ReverseZones(IPNetwork.Parse(subnet))));
}
