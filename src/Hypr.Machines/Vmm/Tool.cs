using System.IO.Pipes;
using System.Text;
using Hypr.Linux;
using Hypr.Linux.Processes;
using Hypr.Primitives;

namespace Hypr.Machines.Vmm;

/// <summary>A program that is run to its end, with what it wrote.</summary>
internal static class Tool
{
    /// <summary>Where programs are looked for, whatever PATH hyprd was started with: mkfs is in sbin.</summary>
    public const string Path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private const int MostOutput = 64 * 1024;

    /// <param name="Code">-1: it was ended at the deadline.</param>
    public readonly record struct Result(int Code, string Output);

    /// <exception cref="HyprException">It is not there: with the hint how to get it.</exception>
    public static async Task<Result> RunAsync(ProcessStart start, string hint, TimeSpan deadline, CancellationToken cancel)
    {
        var program = Find(start.Program) ?? throw HyprException.Unavailable($"{start.Program} is missing: {hint}");
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.None);
        using var process = LinuxProcess.Start(start with
        {
            Program = program,
            Descriptors = new Dictionary<int, System.Runtime.InteropServices.SafeHandle>(start.Descriptors)
            {
                [1] = pipe.ClientSafePipeHandle,
                [2] = pipe.ClientSafePipeHandle,
            },
        });
        pipe.DisposeLocalCopyOfClientHandle();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(deadline);
        var output = ReadAsync(pipe);
        try
        {
            var exit = await process.Exited.WaitAsync(limit.Token);
            return new Result(exit?.Code ?? -1, await output.WaitAsync(limit.Token));
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.Exited;
            cancel.ThrowIfCancellationRequested();
            return new Result(-1, await output);
        }
    }

    /// <summary>The program's path; null when there is none that can be run.</summary>
    public static string? Find(string program)
    {
        if (program.Contains('/'))
            return IsExecutable(program) ? program : null;
        return Path.Split(':').Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
            .Select(folder => System.IO.Path.Combine(folder, program)).FirstOrDefault(IsExecutable);
    }

    private static bool IsExecutable(string path) =>
        File.Exists(path)
        && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    private static async Task<string> ReadAsync(Stream stream)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        int count;
        while ((count = await stream.ReadAsync(buffer)) > 0)
        {
            if (text.Length < MostOutput)
                text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return text.ToString();
    }
}
