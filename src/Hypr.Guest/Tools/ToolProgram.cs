using Hypr.Guest.Protocol.Messages;
using Hypr.Linux;
using Hypr.Linux.Files;
using Hypr.Tar;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Guest.Tools;

/// <summary>
/// What Docker does on the host to a container's files, done in the guest: <c>cp</c>, <c>diff</c>, <c>export</c>, <c>top</c>. A process of its own, in the container's
/// namespaces, so no path of the image leads out of it, and the agent goes on meanwhile.
/// </summary>
internal static class ToolProgram
{
    public static int Run(IReadOnlyList<string> args, Action enterContainer)
    {
        try
        {
            using var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, 0);
            switch (args[0])
            {
                case Tool.Changes:
                    // The layer that is written stands beside the container's root.
                    RootChanges.Write(output);
                    break;
                case Tool.Look or Tool.Read:
                    enterContainer();
                    ContainerPath.Send(args[1], output, withTar: args[0] == Tool.Read);
                    break;
                case Tool.Write:
                    enterContainer();
                    ArchiveWrite.Run(args);
                    break;
                case Tool.Export:
                    enterContainer();
                    Export(output);
                    break;
                case Tool.Processes:
                    enterContainer();
                    ProcessTable.Write(args.Skip(1), output);
                    break;
                default:
                    throw new ToolFailure(Tool.Failed, $"this agent has no tool {args[0]}: restart the VM, which gives it the agent of this hyprd");
            }

            return 0;
        }
        catch (ToolFailure e)
        {
            return Say(e.Code, e.Message);
        }
        catch (MalformedException e)
        {
            return Say(Tool.Invalid, e.Message);
        }
        catch (LinuxException e)
        {
            return Say(e.Errno is Errno.EROFS or Errno.EACCES or Errno.EPERM ? Tool.Forbidden : Tool.Failed, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Say(Tool.Failed, e.Message);
        }
    }

    private static void Export(FileStream output)
    {
        var tar = new TarEncoder(output, CancellationToken.None);
        using var root = Folder.Open("/");
        new TreePacker(tar) { OneMount = true }.PackFolder(root, "");
        tar.End();
    }

    private static int Say(int code, string message)
    {
        using var error = new SafeFileHandle(2, ownsHandle: false);
        Descriptor.Write(error, System.Text.Encoding.UTF8.GetBytes(message));
        return code;
    }
}

/// <summary>Why a tool did not do it: <see cref="Tool"/>'s exit code and a sentence.</summary>
internal sealed class ToolFailure(int code, string message) : Exception(message)
{
    public int Code { get; } = code;
}
