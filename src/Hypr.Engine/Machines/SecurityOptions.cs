using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>Docker's <c>--security-opt</c>: what a VM can honour, and why it cannot honour the rest.</summary>
internal static class SecurityOptions
{
    private const string NoNewPrivileges = "no-new-privileges";

    /// <summary>Whether no program gives its caller more rights.</summary>
    /// <exception cref="HyprException">One that cannot be honoured.</exception>
    public static bool RefuseNewPrivileges(IReadOnlyList<string> options)
    {
        var refuses = false;
        foreach (var option in options)
        {
            // Docker takes both; the colon is the older.
            var cut = option.IndexOfAny(['=', ':']);
            var (name, value) = cut < 0 ? (option, "") : (option[..cut], option[(cut + 1)..]);
            refuses = (name, value) switch
            {
                (NoNewPrivileges, "" or "true") => true,
                (NoNewPrivileges, "false") => false,
                // There is none of these in a VM to be free of.
                ("seccomp" or "apparmor" or "systempaths", "unconfined") or ("label", "disable") or ("writable-cgroups", "true") => refuses,
                ("seccomp", _) => throw Refused("seccomp", "HYPR puts no filter on system calls: they are those of the VM's own kernel. Use seccomp=unconfined"),
                ("apparmor", _) => throw Refused("apparmor", "a profile of the host's does not reach into a VM. Use apparmor=unconfined"),
                ("label", _) => throw Refused("label", "SELinux's labels of the host do not reach into a VM. Use label=disable"),
                _ => throw Refused(option, "HYPR knows no-new-privileges, and seccomp, apparmor and systempaths as unconfined"),
            };
        }

        return refuses;
    }

    private static HyprException Refused(string option, string why) => HyprException.Invalid($"--security-opt {option}: {why}");
}
