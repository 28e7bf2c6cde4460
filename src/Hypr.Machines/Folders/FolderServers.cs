using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hypr.Linux.Processes;
using Hypr.Machines.Lifecycle;
using Hypr.Machines.Vmm;
using Hypr.Primitives;

namespace Hypr.Machines.Folders;

/// <summary>
/// A process a machine that serves its folders to its VMM (<see cref="FolderServerProgram"/>). It is bound to nothing but the VMM's connection: it outlives hyprd, and ends
/// with the VMM, however that ends.
/// </summary>
internal sealed class FolderServers(HostFolders host, MachineFolders folders)
{
    private const string SourceOption = "source=";

    /// <summary>Starts it; gives the VMM's end.</summary>
    /// <param name="errors">Takes what it says.</param>
    public Socket Start(VmmRequest request, SafeHandle errors)
    {
        var root = MachineFolders.Shared(request.RunFolder);
        var path = root + ".sock";
        MachineFolders.Make(root);
        using var listener = LocalSocket.Listen(path);
        var connection = LocalSocket.Connect(path);
        try
        {
            // Nobody else connects.
            File.Delete(path);
            var (program, arguments) = host.Server(request.MachineId, root, request.Folders);
            var process = LinuxProcess.Start(new ProcessStart
            {
                Program = program,
                Arguments = arguments,
                Environment = [$"PATH={Tool.Path}", "LC_ALL=C"],
                WorkingDirectory = "/",
                Descriptors = new Dictionary<int, SafeHandle> { [0] = listener, [1] = errors, [2] = errors },
            });
            // Reaped when it ends.
            _ = process.Exited.ContinueWith(_ => process.Dispose(), TaskScheduler.Default);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Those that run, with their machines.</summary>
    public IEnumerable<MachineHandle> FindAll() => ProcessTable.Find(MachineOf);

    /// <summary>A machine that runs has folders.</summary>
    public bool HasFolders(string machineId) => Directory.Exists(MachineFolders.Shared(folders.Runtime(machineId)));

    /// <summary>By what virtiofsd serves: <c>-o source=RUN/machines/ID/folders</c>.</summary>
    private string? MachineOf(IReadOnlyList<string> arguments)
    {
        var start = $"{SourceOption}{folders.AllRuntime}/";
        foreach (var argument in arguments)
        {
            if (argument.StartsWith(start, StringComparison.Ordinal) && Path.GetDirectoryName(argument[start.Length..]) is { Length: ObjectId.FullLength } id)
                return id;
        }

        return null;
    }
}
