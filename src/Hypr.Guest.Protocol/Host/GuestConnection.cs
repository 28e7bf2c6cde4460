using System.Threading.Channels;
using Hypr.Guest.Protocol.Frames;
using Hypr.Guest.Protocol.Messages;
using Hypr.Guest.Protocol.Multiplexing;
using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Host;

/// <summary>
/// The host's end of one connection to an agent. When it breaks, or this process is another one later, a new connection over the same port takes up again:
/// <see cref="Hello"/> tells how far the guest is. Disposing it closes the port and leaves the guest running.
/// </summary>
public sealed partial class GuestConnection : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Stream _port;
    private readonly Multiplexer _multiplexer;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Dictionary<uint, TaskCompletionSource<Answer>> _pending = [];
    private readonly Dictionary<uint, GuestReadStream> _readers = [];
    private readonly Dictionary<uint, GuestWriteStream> _writers = [];
    private readonly Dictionary<uint, TaskCompletionSource<int>> _sessions = [];
    private readonly TaskCompletionSource<Hello> _hello = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<MainExit> _mainExited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _end = new();
    private long _heard = Environment.TickCount64;
    private uint _lastNumber;
    private Exception? _failure;

    private GuestConnection(Stream port, bool freshGuest)
    {
        _port = port;
        _multiplexer = Multiplexer.ForHost(new Handler(this), freshGuest);
    }

    /// <summary>What the agent said first.</summary>
    public Hello Hello => _hello.Task.Result;

    /// <summary>Completes when the connection is no more, and never fails; <see cref="Failure"/> then says why.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Null while the connection stands.</summary>
    public Exception? Failure => _failure;

    /// <summary>How long nothing has come.</summary>
    public TimeSpan Silence => TimeSpan.FromMilliseconds(Environment.TickCount64 - Volatile.Read(ref _heard));

    /// <summary>Further processes of this connection run, as far as is known.</summary>
    public bool HasSessions
    {
        get
        {
            lock (_lock)
                return _sessions.Count > 0;
        }
    }

    /// <summary>How the image's process ended; fails with <see cref="IOException"/> when the connection ends before. Acknowledge it: the guest waits for that.</summary>
    public Task<MainExit> MainExited => _mainExited.Task;

    /// <summary>Greets the agent over its port.</summary>
    /// <param name="port">Connected, both directions; closed with this connection.</param>
    /// <param name="freshGuest">Nobody ever spoke to this guest: saves 16 KiB. When in doubt, false.</param>
    /// <exception cref="ProtocolException">It is no agent, or one of another protocol.</exception>
    /// <exception cref="IOException">The port was closed.</exception>
    public static async Task<GuestConnection> OpenAsync(Stream port, bool freshGuest, CancellationToken cancel)
    {
        var connection = new GuestConnection(port, freshGuest);
        connection._wake.Writer.TryWrite(true);
        _ = Task.Run(connection.ReadAsync, CancellationToken.None);
        _ = Task.Run(connection.WriteAsync, CancellationToken.None);
        try
        {
            var hello = await connection._hello.Task.WaitAsync(cancel);
            return hello.Protocol == Hello.CurrentProtocol
                ? connection
                : throw new ProtocolException(
                    $"its agent speaks protocol {hello.Protocol} and hyprd {Hello.CurrentProtocol}: the guest's files are of another version. "
                    + "Build or install both anew (./dev build, ./dev install), then start the VM again");
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the connection; who waits for something gets the reason.</summary>
    public void GiveUp(string reason) => Fail(new IOException(reason));

    public async ValueTask DisposeAsync()
    {
        Fail(new IOException("the connection to the guest's agent was closed"));
        await _port.DisposeAsync();
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await _port.ReadAsync(buffer, _end.Token) is var count and > 0)
            {
                Volatile.Write(ref _heard, Environment.TickCount64);
                bool congested;
                lock (_lock)
                {
                    _multiplexer.Receive(buffer.AsSpan(0, count));
                    congested = _multiplexer.IsCongested;
                }

                _wake.Writer.TryWrite(true);
                if (congested)
                    throw new ProtocolException("the agent does not read");
            }

            Fail(new IOException("the guest's port was closed"));
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private async Task WriteAsync()
    {
        var buffer = new byte[4 * Frame.MaxLength];
        try
        {
            while (await _wake.Reader.WaitToReadAsync(_end.Token))
            {
                _wake.Reader.TryRead(out _);
                while (true)
                {
                    int count;
                    lock (_lock)
                        count = _multiplexer.Fill(buffer);
                    if (count == 0)
                        break;
                    await _port.WriteAsync(buffer.AsMemory(0, count), _end.Token);
                }
            }
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private void Fail(Exception why)
    {
        lock (_lock)
        {
            if (_failure is not null)
                return;
            _failure = why;
            var error = why is IOException or ProtocolException ? why : new IOException($"the connection to the guest's agent broke: {why.Message}", why);
            _hello.TrySetException(error);
            _mainExited.TrySetException(error);
            // Nobody may wait for these two; an unobserved failure is none.
            _ = _hello.Task.Exception;
            _ = _mainExited.Task.Exception;
            foreach (var pending in _pending.Values)
                pending.TrySetException(error);
            foreach (var session in _sessions.Values)
            {
                session.TrySetException(error);
                _ = session.Task.Exception;
            }

            foreach (var reader in _readers.Values)
                reader.Fail(error);
            foreach (var writer in _writers.Values)
                writer.Fail(error);
            _pending.Clear();
            _sessions.Clear();
            _readers.Clear();
            _writers.Clear();
        }

        _end.Cancel();
        _port.Dispose();
        _closed.TrySetResult();
    }

    private uint NextNumber() => ++_lastNumber;

    /// <summary>Under the lock. After it the connection is not broken.</summary>
    private void ThrowIfBroken()
    {
        if (_failure is { } why)
            throw new IOException("there is no connection to the guest's agent", why);
    }

    private void Wake() => _wake.Writer.TryWrite(true);

    private readonly record struct Answer(MessageType Type, int Pid, Failure Why, GuestUsage Usage);

    /// <summary>Called by the multiplexer, under the lock.</summary>
    private sealed class Handler(GuestConnection owner) : IMultiplexerHandler
    {
        public void Connected()
        {
        }

        public void Disconnected()
        {
        }

        public void Control(ReadOnlySpan<byte> message)
        {
            var r = new WireReader(message);
            var (type, request) = Message.Decode(ref r);
            switch (type)
            {
                case MessageType.Hello:
                    var hello = Messages.Hello.Decode(ref r);
                    owner._hello.TrySetResult(hello);
                    if (hello.Exit is { } exit)
                        owner._mainExited.TrySetResult(exit);
                    break;
                case MessageType.MainExited:
                    owner._mainExited.TrySetResult(MainExit.Decode(ref r));
                    break;
                case MessageType.ExecExited:
                    var ended = ExecExit.Decode(ref r);
                    if (owner._sessions.Remove(ended.Session, out var session))
                        session.TrySetResult(ended.Code);
                    break;
                case MessageType.Done or MessageType.Failed or MessageType.Started or MessageType.Usage:
                    var answer = new Answer(
                        type,
                        type == MessageType.Started ? r.I32() : 0,
                        type == MessageType.Failed ? Messages.Failure.Decode(ref r) : default,
                        type == MessageType.Usage ? GuestUsage.Decode(ref r) : default);
                    if (owner._pending.Remove(request, out var pending))
                        pending.TrySetResult(answer);
                    break;
            }
        }

        public void Data(uint stream, ReadOnlySpan<byte> bytes)
        {
            if (owner._readers.TryGetValue(stream, out var reader))
                reader.Deliver(bytes);
        }

        public void End(uint stream)
        {
            if (owner._readers.Remove(stream, out var reader))
                reader.Complete();
        }

        public void Stopped(uint stream)
        {
            if (owner._writers.Remove(stream, out var writer))
                writer.Fail(new IOException("the process does not read its input any more"));
        }

        public void Writable(uint stream)
        {
            if (owner._writers.TryGetValue(stream, out var writer))
                writer.SignalRoom();
        }
    }
}
