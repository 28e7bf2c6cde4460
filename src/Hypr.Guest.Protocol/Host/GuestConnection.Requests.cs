using Hypr.Guest.Protocol.Messages;
using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Host;

/// <summary>
/// What the host asks for. Every request may throw <see cref="GuestException"/> (the agent says no) and <see cref="IOException"/> (the connection ended).
/// The usual order: Configure, OpenOutput(0), OpenInput if stdin is wanted, StartMain; after a reconnect OpenOutput(position) and OpenInput.
/// </summary>
public sealed partial class GuestConnection
{
    public Task ConfigureAsync(GuestConfiguration configuration, CancellationToken cancel) =>
        RequestAsync(MessageType.Configure, configuration.Encode, cancel);

    /// <summary>Starts the image's process; returns its pid in the guest.</summary>
    public async Task<int> StartMainAsync(ProcessSpecification process, CancellationToken cancel) =>
        (await RequestAsync(MessageType.StartMain, process.Encode, cancel)).Pid;

    /// <summary>The image's process's output from a position on; a former one ends. Its end is the end of all output, after the process ended.</summary>
    public async Task<GuestOutput> OpenOutputAsync(ulong from, CancellationToken cancel)
    {
        GuestReadStream stream;
        lock (_lock)
            stream = OpenReader();
        try
        {
            await RequestAsync(MessageType.OpenOutput, new OpenOutputRequest(stream.Id, from).Encode, cancel);
            return new GuestOutput(stream, from);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>The image's process's stdin; a former one is stopped. Closing the stream is the process's end of input.</summary>
    public async Task<GuestWriteStream> OpenInputAsync(CancellationToken cancel)
    {
        GuestWriteStream stream;
        lock (_lock)
            stream = OpenWriter();
        try
        {
            await RequestAsync(MessageType.OpenInput, w => w.U32(stream.Id), cancel);
            return stream;
        }
        catch
        {
            stream.Abandon();
            throw;
        }
    }

    /// <summary>Starts a further process.</summary>
    public async Task<GuestExec> ExecAsync(ProcessSpecification process, CancellationToken cancel)
    {
        uint session;
        GuestWriteStream? stdin = null;
        GuestReadStream? stdout = null, stderr = null;
        var exit = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            ThrowIfBroken();
            session = NextNumber();
            stdin = process.OpenStdin ? OpenWriter() : null;
            stdout = OpenReader();
            stderr = process.Tty ? null : OpenReader();
            _sessions.Add(session, exit);
        }

        try
        {
            var request = new ExecRequest(session, stdin?.Id ?? 0, stdout.Id, stderr?.Id ?? 0, process);
            var (_, pid, _, _) = await RequestAsync(MessageType.StartExec, request.Encode, cancel);
            return new GuestExec(this, session, pid, stdin, stdout, stderr, exit.Task);
        }
        catch
        {
            lock (_lock)
                _sessions.Remove(session);
            stdin?.Abandon();
            await stdout.DisposeAsync();
            if (stderr is not null)
                await stderr.DisposeAsync();
            throw;
        }
    }

    /// <param name="session">0: the image's process.</param>
    public Task SignalAsync(uint session, int signal, CancellationToken cancel) =>
        RequestAsync(MessageType.Signal, new SignalRequest(session, signal).Encode, cancel);

    /// <param name="session">0: the image's process.</param>
    public Task ResizeAsync(uint session, ushort rows, ushort columns, CancellationToken cancel) =>
        RequestAsync(MessageType.Resize, new ResizeRequest(session, rows, columns).Encode, cancel);

    /// <summary>The host has written down how the image's process ended, and its output: the guest may power off.</summary>
    public Task AcknowledgeExitAsync(CancellationToken cancel) => RequestAsync(MessageType.AcknowledgeExit, null, cancel);

    /// <summary>Waits for a hot-plugged NIC to appear in its slot (some seconds at most) and configures it.</summary>
    public Task AddNicAsync(NicConfiguration nic, CancellationToken cancel) => RequestAsync(MessageType.AddNic, nic.Encode, cancel);

    /// <summary>Unbinds the NIC from its driver: it can be unplugged.</summary>
    public Task RemoveNicAsync(string name, CancellationToken cancel) => RequestAsync(MessageType.RemoveNic, w => w.Text(name), cancel);

    /// <summary>Changes addresses, gateways and MTU of the NIC of that name; its slot is not looked at.</summary>
    public Task ConfigureNicAsync(NicConfiguration nic, CancellationToken cancel) => RequestAsync(MessageType.ConfigureNic, nic.Encode, cancel);

    public Task ConfigureNamesAsync(NamesConfiguration names, CancellationToken cancel) => RequestAsync(MessageType.ConfigureNames, names.Encode, cancel);

    /// <summary>What the image's processes use now.</summary>
    public async Task<GuestUsage> UsageAsync(CancellationToken cancel) => (await RequestAsync(MessageType.ReadUsage, null, cancel)).Usage;

    /// <summary>Of a guest that is going to be saved.</summary>
    public Task BindDisksAsync(IReadOnlyList<DeviceSlot> slots, CancellationToken cancel) =>
        RequestAsync(MessageType.BindDisks, new BindDisksRequest(slots).Encode, cancel);

    public Task PingAsync(CancellationToken cancel) => RequestAsync(MessageType.Ping, null, cancel);

    /// <summary>Ends all processes, unmounts, powers off. The answer comes before that; the VMM's end is the proof.</summary>
    public Task PowerOffAsync(CancellationToken cancel) => RequestAsync(MessageType.PowerOff, null, cancel);

    private async Task<Answer> RequestAsync(MessageType type, Action<WireWriter>? fields, CancellationToken cancel)
    {
        var answer = new TaskCompletionSource<Answer>(TaskCreationOptions.RunContinuationsAsynchronously);
        uint number;
        lock (_lock)
        {
            ThrowIfBroken();
            number = NextNumber();
            var message = Message.Begin(type, number);
            fields?.Invoke(message);
            _multiplexer.Send(message.Written);
            _pending.Add(number, answer);
        }

        Wake();
        try
        {
            var result = await answer.Task.WaitAsync(cancel);
            return result.Type == MessageType.Failed ? throw new GuestException(result.Why.Code, result.Why.Message) : result;
        }
        finally
        {
            lock (_lock)
                _pending.Remove(number);
        }
    }

    private GuestReadStream OpenReader()
    {
        ThrowIfBroken();
        var id = NextNumber();
        _multiplexer.OpenIncoming(id);
        var stream = new GuestReadStream(id, Consumed, Stop);
        _readers.Add(id, stream);
        return stream;
    }

    private GuestWriteStream OpenWriter()
    {
        ThrowIfBroken();
        var id = NextNumber();
        var outgoing = _multiplexer.OpenOutgoing(id);
        var stream = new GuestWriteStream(outgoing, _lock, Wake, () => _writers.Remove(id));
        _writers.Add(id, stream);
        return stream;
    }

    private void Consumed(uint id, int count)
    {
        lock (_lock)
            _multiplexer.Consumed(id, count);
        Wake();
    }

    private void Stop(uint id)
    {
        lock (_lock)
        {
            _readers.Remove(id);
            _multiplexer.StopIncoming(id);
        }

        Wake();
    }
}
