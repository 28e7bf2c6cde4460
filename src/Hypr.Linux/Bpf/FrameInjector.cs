using System.Runtime.InteropServices;
using Hypr.Linux.Libc;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Linux.Bpf;

/// <summary>
/// Gives the kernel Ethernet frames as if they had come in by a link, whatever its driver: an XDP program that says "pass" is run on them in live mode
/// (BPF_F_TEST_XDP_LIVE_FRAMES, kernel 5.18). Nothing is attached to the link.
/// </summary>
public sealed unsafe class FrameInjector : IDisposable
{
    private const int Load = 5;
    private const int TestRun = 10;
    private const int TypeXdp = 6;
    private const int Pass = 2;
    private const int LiveFrames = 2;
    private readonly SafeFileHandle _program;

    /// <exception cref="LinuxException">EPERM: CAP_BPF and CAP_NET_ADMIN are due.</exception>
    public FrameInjector()
    {
        var instructions = new BpfCode().Out(Pass).Instructions.ToArray();
        fixed (ulong* start = instructions)
        fixed (byte* license = "GPL\0"u8)
        {
            // type, count, code, license; the rest is zero: include/uapi/linux/bpf.h, union bpf_attr
            var attributes = stackalloc ulong[9];
            new Span<ulong>(attributes, 9).Clear();
            attributes[0] = TypeXdp | ((ulong)instructions.Length << 32);
            attributes[1] = (ulong)start;
            attributes[2] = (ulong)license;
            var fd = BpfSystem.Do(Load, attributes, 72);
            _program = fd < 0 ? throw LinuxException.Last("load", "a BPF program that passes frames") : new SafeFileHandle(fd, ownsHandle: true);
        }
    }

    /// <summary>To a link of the calling thread's network namespace. When this returns, the kernel has done with the frame.</summary>
    /// <param name="link">The link's index.</param>
    /// <exception cref="LinuxException">EINVAL: the kernel is older than 5.18.</exception>
    public void Receive(int link, ReadOnlySpan<byte> frame)
    {
        // struct xdp_md: data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex
        var context = stackalloc int[6] { 0, frame.Length, 0, link, 0, 0 };
        fixed (byte* data = frame)
        {
            // prog_fd, retval, data_size_in, data_size_out, data_in, data_out, repeat, duration, ctx_size_in, ctx_size_out, ctx_in, ctx_out, flags, cpu, batch_size
            var attributes = stackalloc ulong[10];
            new Span<ulong>(attributes, 10).Clear();
            attributes[0] = (ulong)_program.DangerousGetHandle();
            attributes[1] = (ulong)frame.Length;
            attributes[2] = (ulong)data;
            attributes[4] = 1;
            attributes[5] = 6 * sizeof(int);
            attributes[6] = (ulong)context;
            attributes[8] = LiveFrames;
            attributes[9] = 1;
            if (BpfSystem.Do(TestRun, attributes, 80) < 0)
                throw LinuxException.Last("receive a frame on", $"link #{link}");
        }
    }

    public void Dispose() => _program.Dispose();
}
