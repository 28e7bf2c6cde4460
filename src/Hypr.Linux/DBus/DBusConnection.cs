using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Hypr.Linux.DBus;

/// <summary>
/// A connection to a message bus over its unix socket: method calls and signals, no objects of our own. Safe for many callers at once. When the bus goes away
/// every call under way fails with <c>org.freedesktop.DBus.Error.Disconnected</c> and <see cref="Closed"/> completes.
/// </summary>
public sealed partial class DBusConnection : IAsyncDisposable
{
    public const string BusName = "org.freedesktop.DBus";

    /// <summary>Our own error name, as libdbus has it: the bus went away.</summary>
    public const string Disconnected = "org.freedesktop.DBus.Error.Disconnected";
    private const string BusPath = "/org/freedesktop/DBus";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    private readonly Socket _socket;
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly ConcurrentDictionary<uint, TaskCompletionSource<DBusMessage>> _calls = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ending = new();
    private Task _reading = Task.CompletedTask;
    private uint _serial;

    private DBusConnection(Socket socket) => _socket = socket;

    /// <summary>Called for each signal that was asked for, one after another; it must not wait for a call on this connection.</summary>
    public event Action<DBusMessage>? Signal;

    public Task Closed => _closed.Task;

    /// <param name="address">D-Bus's own form, <c>unix:path=/run/dbus/system_bus_socket</c>.</param>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static async Task<DBusConnection> ConnectAsync(string address, CancellationToken cancel)
    {
        const string Prefix = "unix:path=";
        if (!address.StartsWith(Prefix, StringComparison.Ordinal))
            throw new ArgumentException($"'{address}' is no address of a bus such as unix:path=/run/dbus/system_bus_socket", nameof(address));
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var connection = new DBusConnection(socket);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(address[Prefix.Length..].Split(',')[0]), cancel);
            await connection.AuthenticateAsync(cancel);
            connection._reading = connection.ReadAsync();
            await connection.CallAsync(BusName, BusPath, BusName, "Hello", "", null, cancel);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="DBusException">The peer's error, or NoReply after 25 seconds (libdbus's own patience).</exception>
    public async Task<DBusMessage> CallAsync(
        string destination, string path, string iface, string member, string signature, Action<DBusWriter>? arguments, CancellationToken cancel)
    {
        var body = new DBusWriter();
        arguments?.Invoke(body);
        var answer = new TaskCompletionSource<DBusMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        var serial = Interlocked.Increment(ref _serial);
        _calls[serial] = answer;
        try
        {
            await SendAsync(DBusMessage.EncodeCall(serial, destination, path, iface, member, signature, body.Written), cancel);
            if (_closed.Task.IsCompleted)
                throw WentAway();
            var reply = await answer.Task.WaitAsync(Patience, cancel);
            return reply.Type == DBusMessageType.Error ? throw new DBusException(reply.ErrorName, ErrorText(reply)) : reply;
        }
        catch (TimeoutException)
        {
            throw new DBusException("org.freedesktop.DBus.Error.NoReply", $"{destination} did not answer {member}");
        }
        finally
        {
            _calls.TryRemove(serial, out _);
        }
    }

    /// <summary>Asks the bus for signals: <c>type='signal',interface='...',member='...'</c>.</summary>
    public Task SubscribeAsync(string rule, CancellationToken cancel) => CallAsync(BusName, BusPath, BusName, "AddMatch", "s", w => w.String(rule), cancel);

    /// <summary>Whether a name has an owner now: whether the service runs. Unlike a call to the name it starts nothing.</summary>
    public async Task<bool> HasOwnerAsync(string name, CancellationToken cancel)
    {
        var reply = await CallAsync(BusName, BusPath, BusName, "NameHasOwner", "s", w => w.String(name), cancel);
        return reply.Body.Bool();
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _socket.Dispose();
        await _reading;
        Fail();
        _ending.Dispose();
    }

    private static DBusException WentAway() => new(Disconnected, "the message bus went away");

    private static string ErrorText(DBusMessage error) =>
        error.BodySignature.StartsWith('s') ? error.Body.String() : error.ErrorName;

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUserId();

    // D-Bus specification, "Authentication Protocol": a NUL byte, then lines. EXTERNAL: the bus takes our uid from the socket's credentials.
    private async Task AuthenticateAsync(CancellationToken cancel)
    {
        var uid = Convert.ToHexStringLower(Encoding.ASCII.GetBytes(EffectiveUserId().ToString(CultureInfo.InvariantCulture)));
        await SendAsync(Encoding.ASCII.GetBytes($"\0AUTH EXTERNAL {uid}\r\n"), cancel);
        var answer = await ReadLineAsync(cancel);
        if (!answer.StartsWith("OK ", StringComparison.Ordinal))
            throw new DBusException("org.freedesktop.DBus.Error.AuthFailed", $"the message bus refused us: {answer}");
        await SendAsync("BEGIN\r\n"u8.ToArray(), cancel);
    }

    private async Task<string> ReadLineAsync(CancellationToken cancel)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (line.Length < 1024)
        {
            if (await _socket.ReceiveAsync(one, cancel) == 0)
                throw WentAway();
            if (one[0] == (byte)'\n')
                return line.ToString().TrimEnd('\r');
            line.Append((char)one[0]);
        }

        throw new DBusException("org.freedesktop.DBus.Error.AuthFailed", "the message bus sent a line without end");
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        await _sending.WaitAsync(cancel);
        try
        {
            // A message that was begun is finished: half of one would spoil the stream for all callers.
            while (bytes.Length > 0)
                bytes = bytes[await _socket.SendAsync(bytes, CancellationToken.None)..];
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw WentAway();
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            var head = new byte[DBusMessage.FixedHeader];
            while (await FillAsync(head))
            {
                var bytes = new byte[DBusMessage.TotalLength(head)];
                head.CopyTo(bytes, 0);
                if (!await FillAsync(bytes.AsMemory(head.Length)))
                    return;
                Deliver(DBusMessage.Parse(bytes));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException or DBusException)
        {
            // A stream that cannot be read on is at its end.
        }
        finally
        {
            Fail();
        }
    }

    private async Task<bool> FillAsync(Memory<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var got = await _socket.ReceiveAsync(buffer, _ending.Token);
            if (got == 0)
                return false;
            buffer = buffer[got..];
        }

        return true;
    }

    private void Deliver(DBusMessage message)
    {
        switch (message.Type)
        {
            case DBusMessageType.MethodReturn or DBusMessageType.Error when _calls.TryGetValue(message.ReplyTo, out var call):
                call.TrySetResult(message);
                break;
            case DBusMessageType.Signal:
                Signal?.Invoke(message);
                break;
        }
    }

    private void Fail()
    {
        _closed.TrySetResult();
        foreach (var call in _calls.Values)
            call.TrySetException(WentAway());
    }
}
