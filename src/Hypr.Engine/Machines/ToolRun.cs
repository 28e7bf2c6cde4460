using System.Text;
using Hypr.Guest.Protocol.Messages;
using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>One run of the agent's own tools: its streams, and its failure as an exception. Disposed before its end, it is ended.</summary>
internal sealed class ToolRun : IAsyncDisposable
{
    private const int MostWords = 4096;
    private const int Kill = 9;
    private readonly Machine _machine;
    private readonly IGuestSession _session;

    private ToolRun(Machine machine, IGuestSession session) => (_machine, _session) = (machine, session);

    public Stream Output => _session.Stdout;

    public Stream Input => _session.Stdin!;

    /// <param name="verb">For messages: <c>cp</c>.</param>
    public static async Task<ToolRun> StartAsync(Machine machine, string verb, bool withInput, CancellationToken cancel, params string[] args)
    {
        var running = machine.State.Status == MachineStatus.Paused
            ? throw HyprException.Conflict($"Container {machine.Name} is paused, unpause the container before {verb}: hypr unpause {machine.Name}")
            : machine.Running ?? throw HyprException.Conflict(
                $"container {machine.Name} is not running: {verb} is done by the VM itself, whose disk no kernel but its own opens. Start it first: hypr start {machine.Name}");
        return new ToolRun(machine, await running.ExecAsync(new GuestProcess { Args = args, OpenStdin = withInput, IsTool = true }, cancel));
    }

    public Task CloseInputAsync() => _session.CloseStdinAsync();

    /// <summary>After all output was read: nothing when all went well, else what the tool says.</summary>
    public async Task FinishAsync(CancellationToken cancel)
    {
        var words = new byte[MostWords];
        var count = await _session.Stderr.ReadAtLeastAsync(words, words.Length, throwOnEndOfStream: false, cancel);
        await _session.Stderr.DisposeAsync();
        int code;
        try
        {
            code = await _session.ExitCode.WaitAsync(cancel);
        }
        catch (IOException)
        {
            throw HyprException.Conflict($"container {_machine.Name} ended meanwhile");
        }

        if (code == 0)
        {
            return;
        }

        var message = string.Concat(Encoding.UTF8.GetString(words, 0, count).Trim().Select(static c => char.IsControl(c) ? ' ' : c));
        throw new HyprException(
            code switch
            {
                Tool.NotFound => ErrorKind.NotFound,
                Tool.Invalid => ErrorKind.InvalidParameter,
                Tool.Forbidden => ErrorKind.Forbidden,
                _ => ErrorKind.Internal,
            },
            message.Length == 0 ? $"the agent of {_machine.Name} was ended ({code}): the VM may be out of memory"
                : message.EndsWith(" in container", StringComparison.Ordinal) ? $"{message} {_machine.Name}"
                : message);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_session.ExitCode.IsCompleted)
        {
            try
            {
                await _session.SignalAsync(Kill, CancellationToken.None);
            }
            catch (HyprException)
            {
                // The VM ended.
            }
        }

        await _session.DisposeAsync();
    }
}
