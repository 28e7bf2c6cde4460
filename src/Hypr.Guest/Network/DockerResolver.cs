using System.Net;
using System.Net.Sockets;
using Hypr.Linux.Bpf;
using Hypr.Linux.Files;
using static Hypr.Linux.Bpf.BpfRegister;

namespace Hypr.Guest.Network;

/// <summary>
/// 127.0.0.11 port 53, Docker's resolver, which many images have hard-coded: small programs at the container's control group put the nameserver's address in its
/// place where a process connects or sends, and back where it looks at who answered. No packet takes another way, no process forwards, and no port is taken: a
/// DNS server in the machine can bind 0.0.0.0:53, which a listener on 127.0.0.11 would forbid.
/// </summary>
internal sealed class DockerResolver
{
    // struct bpf_sock_addr, include/uapi/linux/bpf.h. Addresses and ports are in network order, read here on little-endian machines.
    private const short Address4 = 4;
    private const short Address6 = 8;
    private const short Port = 24;
    private const uint Docker = 127 | (11u << 24);
    private const uint DnsPort = 53 << 8;
    private const uint Mapped = 0xffff_0000;

    /// <summary>Sockets remembered as having asked 127.0.0.11; each asks anew when forgotten.</summary>
    private const int Sockets = 4096;

    private readonly BpfMap _server = BpfMap.Array(1);

    /// <param name="controlGroup">The folder of the container's control group.</param>
    /// <exception cref="Linux.LinuxException">The kernel has no programs of control groups.</exception>
    public DockerResolver(string controlGroup)
    {
        using var sockets = BpfMap.Recent(Sockets);
        using var folder = Descriptor.Open(controlGroup, Descriptor.ReadOnly);
        foreach (var hook in (ReadOnlySpan<SocketAddressHook>)[SocketAddressHook.Connect4, SocketAddressHook.SendMessage4, SocketAddressHook.Connect6])
            Attach(hook, Towards(sockets, hook == SocketAddressHook.Connect6));
        foreach (var hook in (ReadOnlySpan<SocketAddressHook>)[SocketAddressHook.ReceiveMessage4, SocketAddressHook.PeerName4])
            Attach(hook, Back(sockets, false));
        foreach (var hook in (ReadOnlySpan<SocketAddressHook>)[SocketAddressHook.ReceiveMessage6, SocketAddressHook.PeerName6])
            Attach(hook, Back(sockets, true));

        void Attach(SocketAddressHook hook, BpfCode code)
        {
            using var program = new BpfProgram(hook, code);
            program.AttachTo(folder);
        }
    }

    /// <summary>Where questions go from now on: the first IPv4 nameserver. Without one 127.0.0.11 is what it is elsewhere.</summary>
    public void PointTo(IEnumerable<string> nameservers)
    {
        var server = nameservers.Select(static s => IPAddress.TryParse(s, out var address) ? address : null)
            .FirstOrDefault(static a => a?.AddressFamily == AddressFamily.InterNetwork);
        _server.Set(0, server is null ? 0 : BitConverter.ToUInt32(server.GetAddressBytes()));
    }

    /// <summary>
    /// <code>
    /// if (address == 127.0.0.11 &amp;&amp; port == 53 &amp;&amp; (server = *lookup(servers, 0))) { sockets[cookie] = 1; address = server; }
    /// return 1;
    /// </code>
    /// </summary>
    private BpfCode Towards(BpfMap sockets, bool v6)
    {
        var code = Question(v6).Load32(R2, R6, AddressOf(v6)).OutUnless32(R2, Docker);
        Server(code);
        Cookie(code)
            .Store32(R10, -16, 1)
            .Map(R1, sockets).Stack(R2, 8).Stack(R3, 16).Move(R4, 0).Call(BpfFunction.MapUpdate)
            .Store32(R6, AddressOf(v6), R7);
        return code.Out(1);
    }

    /// <summary>
    /// <code>
    /// if (port == 53 &amp;&amp; address == *lookup(servers, 0) &amp;&amp; lookup(sockets, cookie)) address = 127.0.0.11;
    /// return 1;
    /// </code>
    /// </summary>
    private BpfCode Back(BpfMap sockets, bool v6)
    {
        var code = Question(v6);
        Server(code).Load32(R2, R6, AddressOf(v6)).OutUnless32(R2, R7);
        Cookie(code)
            .Map(R1, sockets).Stack(R2, 8).Call(BpfFunction.MapLookup).OutIfZero(R0)
            .Move(R2, (int)Docker).Store32(R6, AddressOf(v6), R2);
        return code.Out(1);
    }

    private static BpfCode Question(bool v6)
    {
        var code = new BpfCode().Move(R6, R1).Load32(R2, R6, Port).OutUnless32(R2, DnsPort);
        return !v6 ? code : code
            .Load32(R2, R6, Address6).OutUnless32(R2, 0u)
            .Load32(R2, R6, Address6 + 4).OutUnless32(R2, 0u)
            .Load32(R2, R6, Address6 + 8).OutUnless32(R2, Mapped);
    }

    /// <summary>An IPv6 socket knows IPv4 addresses as ::ffff:a.b.c.d.</summary>
    private static short AddressOf(bool v6) => v6 ? (short)(Address6 + 12) : Address4;

    private BpfCode Server(BpfCode code) => code
        .Store32(R10, -4, 0).Map(R1, _server).Stack(R2, 4).Call(BpfFunction.MapLookup).OutIfZero(R0)
        .Load32(R7, R0, 0).OutIfZero(R7);

    private static BpfCode Cookie(BpfCode code) => code.Move(R1, R6).Call(BpfFunction.SocketCookie).Store64(R10, -8, R0);
}
