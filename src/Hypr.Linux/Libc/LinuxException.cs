using System.Runtime.InteropServices;

namespace Hypr.Linux;

/// <summary>
/// A refusal of the kernel: what was tried, on which object, errno with its name, and the kernel's own words where it gave some (netlink
/// extended acknowledgement, include/uapi/linux/netlink.h <c>NLMSGERR_ATTR_MSG</c>).
/// </summary>
public sealed class LinuxException : Exception
{
    /// <param name="operation">A verb and its kind of object: <c>create bridge</c>.</param>
    /// <param name="subject">The object's name: <c>vbr0</c>.</param>
    /// <param name="errno">A positive errno.</param>
    /// <param name="kernelText">The extended acknowledgement's text, or null.</param>
    public LinuxException(string operation, string subject, int errno, string? kernelText = null)
        : base(Compose(operation, subject, errno, kernelText))
    {
        Operation = operation;
        Subject = subject;
        Errno = errno;
        KernelText = kernelText;
    }

    public string Operation { get; }

    public string Subject { get; }

    /// <summary>Positive; constants in <see cref="Linux.Errno"/>.</summary>
    public int Errno { get; }

    /// <summary>The kernel's own explanation; null when it gave none.</summary>
    public string? KernelText { get; }

    /// <summary>The exception for the errno that the last P/Invoke with SetLastError left.</summary>
    internal static LinuxException Last(string operation, string subject) => new(operation, subject, Marshal.GetLastPInvokeError());

    private static string Compose(string operation, string subject, int errno, string? kernelText)
    {
        var reason = $"{Marshal.GetPInvokeErrorMessage(errno)} ({Linux.Errno.Name(errno)})";
        return string.IsNullOrEmpty(kernelText)
            ? $"cannot {operation} {subject}: {reason}"
            : $"cannot {operation} {subject}: {reason}; the kernel says: {kernelText}";
    }
}
