using System.Runtime.InteropServices;

namespace Hypr.Linux.Processes;

/// <summary>signal(2), for the one thing that a program does about signals right before exec.</summary>
internal static partial class NativeSignals
{
    /// <summary>SIG_DFL is the null pointer.</summary>
    public static void RestoreDefault(int signal) => Signal(signal, 0);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint Signal(int signal, nint handler);
}
