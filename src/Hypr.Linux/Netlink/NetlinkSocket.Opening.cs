using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hypr.Linux.Libc;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Netlink;

/// <content>How it is opened, and what it hears.</content>
internal sealed unsafe partial class NetlinkSocket
{
    private const int AfNetlink = 16;
    private const int SockRaw = 3;
    private const int SockCloexec = 0x80000;
    private const int SolSocket = 1;
    private const int SoSndBufForce = 32;
    private const int SoRcvBufForce = 33;
    private const int SolNetlink = 270;
    private const int NetlinkAddMembership = 1;
    private const int NetlinkDropMembership = 2;
    private const int SoAttachFilter = 26;
    private const int NetlinkCapAck = 10;
    private const int NetlinkExtAck = 11;
    private const int NetlinkGetStrictChk = 12;

    /// <summary>Opens one in the calling thread's network namespace.</summary>
    public static NetlinkSocket Open(int protocol, INetlinkFaults? faults = null)
    {
        var fd = LibC.Socket(AfNetlink, SockRaw | SockCloexec, protocol);
        if (fd.IsInvalid)
        {
            var failure = LinuxException.Last("open netlink socket", protocol == Route ? "NETLINK_ROUTE" : "NETLINK_NETFILTER");
            fd.Dispose();
            throw failure;
        }

        var socket = new NetlinkSocket(fd, faults);
        try
        {
            socket.Bind();
            // Kernel 4.12 has extended ACKs, 4.20 the strict check; an older kernel answers ENOPROTOOPT and works on without.
            socket.Option(SolNetlink, NetlinkExtAck, 1, required: false);
            socket.Option(SolNetlink, NetlinkCapAck, 1, required: false);
            socket.Option(SolNetlink, NetlinkGetStrictChk, 1, required: false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Joins a multicast group (RTNLGRP_*, NFNLGRP_*).</summary>
    public void Join(int group) => Option(SolNetlink, NetlinkAddMembership, group, required: true);

    public void Leave(int group) => Option(SolNetlink, NetlinkDropMembership, group, required: true);

    /// <summary>Datagrams of these senders (nlmsg_pid of the first message) are thrown away before they wake anybody.</summary>
    public void Ignore(params ReadOnlySpan<uint> ports)
    {
        // Classic BPF (include/uapi/linux/filter.h), which loads in network order: ld [12]; jeq PORT, drop; ...; ret all; drop: ret 0.
        Span<SockFilter> code = stackalloc SockFilter[ports.Length + 3];
        code[0] = new SockFilter { Code = 0x20, K = 12 };
        for (var i = 0; i < ports.Length; i++)
            code[i + 1] = new SockFilter { Code = 0x15, IfTrue = (byte)(ports.Length - i), K = BinaryPrimitives.ReverseEndianness(ports[i]) };
        code[^2] = new SockFilter { Code = 0x06, K = uint.MaxValue };
        code[^1] = new SockFilter { Code = 0x06, K = 0 };
        fixed (SockFilter* first = code)
        {
            // The kernel copies the program within the call.
            var program = new SockProgram { Length = (ushort)code.Length, Filter = first };
            if (LibC.SetSockOpt(_fd, SolSocket, SoAttachFilter, &program, (uint)sizeof(SockProgram)) < 0)
                throw LinuxException.Last("set filter of", "netlink socket");
        }
    }

    /// <summary>SO_RCVBUFFORCE, which passes rmem_max (CAP_NET_ADMIN).</summary>
    public void ReceiveBuffer(int bytes) => Option(SolSocket, SoRcvBufForce, bytes, required: false);

    private void Bind()
    {
        var own = new SockAddrNl { Family = AfNetlink };
        var length = (uint)sizeof(SockAddrNl);
        if (LibC.Bind(_fd, &own, length) < 0 || LibC.GetSockName(_fd, &own, &length) < 0)
            throw LinuxException.Last("bind", "netlink socket");
        Port = own.Port;
    }

    private void Option(int level, int option, int value, bool required)
    {
        if (LibC.SetSockOpt(_fd, level, option, &value, sizeof(int)) < 0 && required)
            throw LinuxException.Last("set netlink socket option", $"{level}/{option}");
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SockFilter
    {
        public ushort Code;
        public byte IfTrue;
        public byte IfFalse;
        public uint K;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SockProgram
    {
        public ushort Length;
        public SockFilter* Filter;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SockAddrNl
    {
        public ushort Family;
        public ushort Pad;
        public uint Port;
        public uint Groups;
    }
}
