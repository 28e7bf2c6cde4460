using Hypr.Daemon.Configuration;
using Hypr.Daemon.Hosting;
using Hypr.Daemon.Http;
using Hypr.Machines.Folders;
using Hypr.Network.Ports.Holder;
using Hypr.Primitives;

// The port holder is this program too: published ports outlive hyprd.
if (args is ["ports", var socket] && OperatingSystem.IsLinux())
{
    return await PortHolderProgram.RunAsync(socket);
}

// So is what serves a VM its folders of the host; it becomes virtiofsd.
if (OperatingSystem.IsLinux() && args is [FolderServerProgram.Word, .. var folders])
{
    return FolderServerProgram.Run(folders);
}

try
{
    var line = CommandLine.Parse(args);
    if (line.Help)
    {
        Console.WriteLine(CommandLine.HelpText);
        return 0;
    }

    if (line.Version)
    {
        Console.WriteLine($"hyprd {ServerIdentity.Version}");
        return 0;
    }

    var config = ConfigFile.Load(line.ConfigFile);
    return await (line.Uninstall ? Uninstall.RunAsync(config) : DaemonProgram.RunAsync(config));
}
catch (HyprException e)
{
    Console.Error.WriteLine($"hyprd: {e.Message}");
    return 1;
}
