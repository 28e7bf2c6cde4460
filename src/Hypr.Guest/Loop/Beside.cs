using System.Runtime.ExceptionServices;
using Hypr.Linux.Files;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Guest.Loop;

/// <summary>
/// Two pieces of work at the same time, where there are two CPUs for them. The thread for the second is made ahead, and waits in the kernel: a saved
/// guest has it. It stays, for its end would be waited for.
/// </summary>
internal sealed class Beside
{
    private const int StackBytes = 256 * 1024;
    private readonly (SafeFileHandle Reader, SafeFileHandle Writer) _go = Descriptor.Pipe();
    private readonly (SafeFileHandle Reader, SafeFileHandle Writer) _done = Descriptor.Pipe();
    private Action? _second;
    private ExceptionDispatchInfo? _failure;

    public Beside()
    {
        if (Environment.ProcessorCount > 1)
            new Thread(Work, StackBytes) { IsBackground = true }.Start();
    }

    /// <summary>Returns when both have ended, and throws what the first threw, else what the second did.</summary>
    public void Run(Action first, Action second)
    {
        if (Environment.ProcessorCount < 2)
        {
            first();
            second();
            return;
        }

        (_second, _failure) = (second, null);
        Span<byte> word = [1];
        Descriptor.WriteAll(_go.Writer, word);
        try
        {
            first();
        }
        finally
        {
            _ = Descriptor.Read(_done.Reader, word);
        }

        _failure?.Throw();
    }

    private void Work()
    {
        Span<byte> word = stackalloc byte[1];
        while (Descriptor.Read(_go.Reader, word) == 1)
        {
            try
            {
                _second!();
            }
            catch (Exception e)
            {
                _failure = ExceptionDispatchInfo.Capture(e);
            }

            Descriptor.WriteAll(_done.Writer, word);
        }
    }
}
