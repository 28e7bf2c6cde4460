using System.Text;
using Hypr.Linux.Processes;

namespace Hypr.Machines.Vmm;

/// <summary>Processes of machines, known by their arguments.</summary>
internal static class ProcessTable
{
    public static IEnumerable<MachineHandle> Find(Func<IReadOnlyList<string>, string?> machineOf)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var pid)
                || machineOf(CommandLine(pid)) is not { } id
                || LinuxProcess.StartTimeOf(pid) is not { } started)
            {
                continue;
            }

            yield return new MachineHandle(id, pid, started);
        }
    }

    /// <summary>Empty: no such process.</summary>
    public static string[] CommandLine(int pid)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/cmdline")).Split('\0');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
