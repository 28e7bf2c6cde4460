using Hypr.Primitives;

namespace Hypr.Daemon.Configuration;

/// <summary>hyprd's few arguments.</summary>
internal sealed record CommandLine(bool Help, bool Version, bool Uninstall, string? ConfigFile)
{
    public const string HelpText = """
        Usage: hyprd [--config-file FILE]

        Runs HYPR's VMs and their networks, and serves Docker's API on $HYPR_RUNTIME_DIR/hypr.sock.

          --config-file FILE   configuration (default /etc/hypr/daemon.json, which may be missing)
          --uninstall          end every VM and take HYPR's links, rules and settings out of the host; disks, images and names stay
          --version            print the version
          --help               print this

        Environment:
          HYPR_DATA_DIR        state: database, images, machines (default /var/lib/hypr)
          HYPR_RUNTIME_DIR     socket and pid file (default /run/hypr)
          HYPR_TEMPLATE_DIR    saved guests for warm starts, shared with other hyprds (default $HYPR_DATA_DIR/templates)

        SIGTERM ends hyprd and leaves the VMs running; the next hyprd takes them up.
        """;

    public static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        var (help, version, uninstall, file) = (false, false, false, (string?)null);
        for (var i = 0; i < arguments.Count; i++)
        {
            switch (arguments[i])
            {
                case "--help" or "-h":
                    help = true;
                    break;
                case "--version" or "-v":
                    version = true;
                    break;
                case "--uninstall":
                    uninstall = true;
                    break;
                case "--config-file" when i + 1 < arguments.Count:
                    file = arguments[++i];
                    break;
                case var argument when argument.StartsWith("--config-file=", StringComparison.Ordinal):
                    file = argument["--config-file=".Length..];
                    break;
                case "--config-file":
                    throw HyprException.Invalid("--config-file: a file is due");
                case var argument:
                    throw HyprException.Invalid($"unknown argument {argument}: see hyprd --help");
            }
        }

        return new CommandLine(help, version, uninstall, file);
    }
}
