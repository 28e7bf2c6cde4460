using Hypr.Linux;
using Hypr.Linux.Files;
using Hypr.Linux.Power;

namespace Hypr.Guest.Boot;

/// <summary>
/// What the kernel asks of <c>/sbin/modprobe</c>, which is this program (kernel/module/kmod.c: <c>modprobe -q -- ALIAS</c>): a program in the VM wants what the kernel
/// has as a module. Nothing of it is inserted at the boot, which would pay for what few VMs need.
/// </summary>
internal static class ModuleRequest
{
    /// <summary>Each line: an alias, then files beside it, in order.</summary>
    private const string List = "/modules/asked";

    /// <returns>1 when it is not there, as modprobe's.</returns>
    public static int Run(string alias)
    {
        foreach (var line in (FileTree.TryRead(List) ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(' ') is not [var known, .. var files] || known != alias)
                continue;
            try
            {
                foreach (var file in files)
                    ThisMachine.InsertModule("/modules/" + file);
                return 0;
            }
            catch (LinuxException)
            {
                // The kernel has said why in its own log, and the program is told that there is no such protocol.
                return 1;
            }
        }

        return 1;
    }
}
