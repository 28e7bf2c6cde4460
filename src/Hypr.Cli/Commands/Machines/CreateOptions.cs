using Hypr.Cli.Arguments;

namespace Hypr.Cli.Commands.Machines;

/// <summary>The options that <c>run</c> and <c>create</c> share.</summary>
internal static class CreateOptions
{
    public static readonly Option[] All =
    [
        Option.List("add-host", '\0', "Add a custom host-to-IP mapping (host:ip; ip may be host-gateway)"),
        Option.List("attach", 'a', "Attach to STDIN, STDOUT or STDERR"),
        Option.List("cap-add", '\0', "Add Linux capabilities"),
        Option.List("cap-drop", '\0', "Drop Linux capabilities"),
        Option.Text("cidfile", '\0', "Write the VM ID to the file"),
        Option.Text("cpus", '\0', "Number of CPUs (default 2)", "decimal"),
        Option.List("dns", '\0', "Set custom DNS servers"),
        Option.List("dns-option", '\0', "Set DNS options"),
        Option.List("dns-search", '\0', "Set custom DNS search domains"),
        Option.Text("domainname", '\0', "VM NIS domain name"),
        Option.Text("entrypoint", '\0', "Overwrite the default ENTRYPOINT of the image"),
        Option.List("env", 'e', "Set environment variables (KEY=value; KEY takes yours)"),
        Option.List("env-file", '\0', "Read in a file of environment variables"),
        Option.List("expose", '\0', "Expose a port or a range of ports"),
        Option.List("group-add", '\0', "Add additional groups to join"),
        Option.Text("health-cmd", '\0', "Command to run to check health"),
        Option.Text("health-interval", '\0', "Time between running the check (ms|s|m|h) (default 0s)", "duration"),
        Option.Text("health-retries", '\0', "Consecutive failures needed to report unhealthy", "int"),
        Option.Text("health-start-interval", '\0', "Time between running the check during the start period", "duration"),
        Option.Text("health-start-period", '\0', "Start period for the VM to initialize before the retries count", "duration"),
        Option.Text("health-timeout", '\0', "Maximum time to allow one check to run", "duration"),
        Option.Text("hostname", 'h', "VM host name"),
        Option.Switch("init", '\0', "Run an init inside the VM that forwards signals and reaps processes"),
        Option.Switch("interactive", 'i', "Keep STDIN open even if not attached"),
        Option.Text("ip", '\0', "IPv4 address (e.g., 10.88.0.100)"),
        Option.Text("ip6", '\0', "IPv6 address (e.g., 2001:db8::33)"),
        Option.List("label", 'l', "Set metadata on a VM"),
        Option.List("label-file", '\0', "Read in a line delimited file of labels"),
        Option.List("link", '\0', "Add a link to another VM (name[:alias])"),
        Option.Text("log-driver", '\0', "Logging driver for the VM"),
        Option.List("log-opt", '\0', "Log driver options (max-size=10m, max-file=3)"),
        Option.Text("mac-address", '\0', "VM MAC address (e.g., 92:d0:c6:0a:29:33)"),
        Option.Text("memory", 'm', "Memory: 512m, 1g; a bare number is in MB (default 512m)", "bytes"),
        Option.List("mount", '\0', "Attach a filesystem mount to the VM", "mount"),
        Option.Text("name", '\0', "Assign a name to the VM"),
        Option.List("network", '\0', "Connect a VM to a network (name, or name=,ip=,alias=,mac-address=)", "network"),
        Option.List("network-alias", '\0', "Add network-scoped alias for the VM"),
        Option.Switch("no-healthcheck", '\0', "Disable any image-specified HEALTHCHECK"),
        Option.Text("platform", '\0', "Set platform if the image is multi-platform"),
        Option.Switch("privileged", '\0', "Give extended privileges to the process"),
        Option.List("publish", 'p', "Publish a VM's port(s) to the host ([[IP:]HOST:]VM[/PROTOCOL])"),
        Option.Switch("publish-all", 'P', "Publish all exposed ports to random ports"),
        Option.Text("pull", '\0', "Pull image before creating (always, missing, never) (default missing)"),
        Option.Switch("quiet", 'q', "Suppress the pull output"),
        Option.Switch("read-only", '\0', "Mount the VM's root filesystem as read only"),
        Option.Text("restart", '\0', "Restart policy (no, on-failure[:N], always, unless-stopped) (default no)"),
        Option.Switch("rm", '\0', "Automatically remove the VM when it exits"),
        Option.List("security-opt", '\0', "Security options"),
        Option.Text("shm-size", '\0', "Size of /dev/shm", "bytes"),
        Option.Text("stop-signal", '\0', "Signal to stop the VM"),
        Option.Text("stop-timeout", '\0', "Timeout (in seconds) to stop a VM", "int"),
        Option.List("sysctl", '\0', "Sysctl options", "map"),
        Option.List("tmpfs", '\0', "Mount a tmpfs directory (path[:options])"),
        Option.Switch("tty", 't', "Allocate a pseudo-TTY"),
        Option.List("ulimit", '\0', "Ulimit options (nofile=1024:2048)", "ulimit"),
        Option.Text("user", 'u', "Username or UID (format: <name|uid>[:<group|gid>])"),
        Option.List("volume", 'v', "Mount a volume or a folder of the host (name:path[:ro], /folder:path[:ro]; a path alone: an anonymous volume)"),
        Option.Text("volume-driver", '\0', "Volume driver for the VM's volumes (local)"),
        Option.List("volumes-from", '\0', "Mount the volumes of the specified VMs"),
        Option.Text("workdir", 'w', "Working directory inside the VM"),
    ];

    /// <summary>Those of <c>run</c> alone.</summary>
    public static readonly Option[] OfRun =
    [
        Option.Switch("detach", 'd', "Run VM in background and print its ID"),
        Option.Text("detach-keys", '\0', "Override the key sequence for detaching (default ctrl-p,ctrl-q)"),
        new("sig-proxy", "Proxy received signals to the process (default true)"),
    ];
}
