using System.Buffers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Hypr.Primitives;

namespace Hypr.Machines.Vmm.Qemu;

/// <summary>
/// One connection to QEMU's monitor. QEMU is in its guest's hands if the guest broke out: lines are bounded, answers have a deadline, and
/// what is not understood
/// ends the connection.
/// </summary>
internal sealed class QmpClient : IDisposable
{
    private const int MostBytesInLine = 256 * 1024;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly Lock _lock = new();
    private readonly Socket _socket;
    private readonly Action<QmpMessage.Event> _happened;
    private readonly Dictionary<long, TaskCompletionSource<JsonElement>> _pending = [];
    private long _last;
    private Exception? _failure;

    private readonly Faults? _faults;

    private QmpClient(Socket socket, Action<QmpMessage.Event> happened, Faults? faults)
    {
        _faults = faults;
        _socket = socket;
        _happened = happened;
    }

    public bool IsBroken => _failure is not null;

    /// <summary>Waits for nothing, not even for QEMU's start: what is asked is worked off in its order, behind the negotiation of capabilities.</summary>
    /// <exception cref="IOException">Nobody listens.</exception>
    public static QmpClient Connect(string path, Action<QmpMessage.Event> happened, Faults? faults = null)
    {
        var client = new QmpClient(LocalSocket.Connect(path), happened, faults);
        _ = Task.Run(client.ReadAsync, CancellationToken.None);
        _ = client.NegotiateAsync();
        return client;
    }

    /// <summary>Before it QEMU takes no other command: where it fails the connection is of no use.</summary>
    private async Task NegotiateAsync()
    {
        try
        {
            await ExecuteAsync("qmp_capabilities", null, CancellationToken.None);
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    /// <param name="arguments">Writes the members of the argument object; null: none.</param>
    /// <param name="descriptor">Goes with the command, for getfd.</param>
    /// <exception cref="QmpException">QEMU's refusal.</exception>
    /// <exception cref="IOException">The connection broke, or no answer came.</exception>
    public async Task<JsonElement> ExecuteAsync(
        string command, Action<Utf8JsonWriter>? arguments, CancellationToken cancel, SafeHandle? descriptor = null)
    {
        if (_faults?.Fails(Seam.Qmp) == true)
            throw new IOException($"QEMU's monitor does not answer {command}");
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        var line = new ArrayBufferWriter<byte>(256);
        long id;
        lock (_lock)
        {
            if (_failure is not null)
                throw new IOException("the connection to QEMU's monitor broke", _failure);
            id = ++_last;
            _pending.Add(id, answer);
            using (var json = new Utf8JsonWriter(line))
            {
                json.WriteStartObject();
                json.WriteString("execute", command);
                json.WriteNumber("id", id);
                if (arguments is not null)
                {
                    json.WriteStartObject("arguments");
                    arguments(json);
                    json.WriteEndObject();
                }

                json.WriteEndObject();
            }

            line.Write("\n"u8);
            // Under the lock, so that lines do not mix; they are short, and QEMU's queue takes many.
            Send(line.WrittenSpan, descriptor);
        }

        try
        {
            return await answer.Task.WaitAsync(Deadline, cancel);
        }
        catch (TimeoutException)
        {
            throw new IOException($"QEMU's monitor does not answer {command}");
        }
        finally
        {
            lock (_lock)
                _pending.Remove(id);
        }
    }

    public void Dispose() => Fail(new ObjectDisposedException(nameof(QmpClient)));

    private void Send(ReadOnlySpan<byte> line, SafeHandle? descriptor)
    {
        try
        {
            if (descriptor is not null)
            {
                LocalSocket.SendDescriptor(_socket, line, descriptor);
                return;
            }

            while (!line.IsEmpty)
                line = line[_socket.Send(line)..];
        }
        catch (SocketException e)
        {
            throw new IOException($"QEMU's monitor is gone: {e.Message}", e);
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            var buffer = new byte[4096];
            var used = 0;
            while (true)
            {
                if (used == buffer.Length)
                {
                    if (used >= MostBytesInLine)
                        throw new IOException("QEMU's monitor sends a line without end");
                    Array.Resize(ref buffer, buffer.Length * 2);
                }

                var count = await _socket.ReceiveAsync(buffer.AsMemory(used), SocketFlags.None);
                if (count == 0)
                    throw new IOException("QEMU closed its monitor");
                used += count;
                var start = 0;
                for (int end; (end = buffer.AsSpan(start, used - start).IndexOf((byte)'\n')) >= 0; start += end + 1)
                    Take(QmpMessage.Parse(new ReadOnlySequence<byte>(buffer, start, end)));
                buffer.AsSpan(start, used - start).CopyTo(buffer);
                used -= start;
            }
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private void Take(QmpMessage message)
    {
        switch (message)
        {
            case QmpMessage.Greeting:
                break;
            case QmpMessage.Event happened:
                _happened(happened);
                break;
            case QmpMessage.Return { Id: var id, Value: var value }:
                Pending(id)?.TrySetResult(value);
                break;
            case QmpMessage.Error error:
                Pending(error.Id)?.TrySetException(new QmpException(error.Class, error.Description));
                break;
        }
    }

    private TaskCompletionSource<JsonElement>? Pending(long id)
    {
        lock (_lock)
            return _pending.GetValueOrDefault(id);
    }

    private void Fail(Exception why)
    {
        lock (_lock)
        {
            if (_failure is not null)
                return;
            _failure = why;
            var error = new IOException("the connection to QEMU's monitor broke", why);
            foreach (var pending in _pending.Values)
                pending.TrySetException(error);
        }

        _socket.Dispose();
    }
}

/// <summary>QEMU did not do what its monitor was asked.</summary>
internal sealed class QmpException(string errorClass, string description) : Exception(description)
{
    /// <summary>GenericError, DeviceNotFound, CommandNotFound, ... (qapi/error.json)</summary>
    public string Class { get; } = errorClass;
}
