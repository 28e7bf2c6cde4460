using System.Net;
using System.Net.Sockets;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Reliability;

/// <summary>A connection to a VM that sends back what it is sent; bytes go on until <see cref="End"/>, and each that comes back is compared.</summary>
internal sealed class EchoedBytes : IDisposable
{
    /// <summary>The VM's side, on port 80; a process a connection.</summary>
    public const string Server = """
        import os, signal, socket
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        s = socket.create_server(('', 80))
        while True:
            c, _ = s.accept()
            if os.fork() == 0:
                while data := c.recv(65536): c.sendall(data)
                os._exit(0)
            c.close()
        """;

    /// <summary>A prime: what is lost or comes twice shows, whatever its size.</summary>
    private const int Period = 251;
    private static readonly byte[] Pattern = [.. Enumerable.Range(0, 65536 + Period).Select(n => (byte)(n % Period))];
    private readonly Socket _socket;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task<long> _sending;
    private readonly Task _receiving;
    private long _received;

    private EchoedBytes(Socket connected)
    {
        _socket = connected;
        _sending = Task.Run(SendAsync);
        _receiving = Task.Run(ReceiveAsync);
    }

    public long Received => Volatile.Read(ref _received);

    /// <summary>The VM's program may need a moment to listen.</summary>
    public static EchoedBytes Through(TestNamespace from, IPAddress to, int port)
    {
        Socket? connected = null;
        Assert.True(Probe.Until(() => (connected = Connect(from, to, port)) is not null, TimeSpan.FromSeconds(60)), $"nothing answers on {to}:{port}");
        return new EchoedBytes(connected!);
    }

    /// <summary>Whether bytes still come back; those under way at the call do not count.</summary>
    public bool GoesOn()
    {
        var before = Received;
        return Probe.Until(() => _receiving.IsCompleted || Received > before + (1 << 20), TimeSpan.FromSeconds(60)) && !_receiving.IsCompleted;
    }

    /// <summary>Sends no more, and waits for the rest.</summary>
    public void End()
    {
        _ending.Cancel();
        Assert.True(_sending.Wait(TimeSpan.FromSeconds(60)) && _receiving.Wait(TimeSpan.FromSeconds(60)), $"{Received} bytes came back, the rest does not");
        Assert.Equal(_sending.Result, Received);
    }

    public void Dispose()
    {
        _ending.Cancel();
        _socket.Dispose();
        _ending.Dispose();
    }

    private static Socket? Connect(TestNamespace from, IPAddress to, int port)
    {
        var socket = from.Run(() => new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            socket.ConnectAsync(new IPEndPoint(to, port), patience.Token).AsTask().GetAwaiter().GetResult();
            return socket;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            return null;
        }
    }

    private async Task<long> SendAsync()
    {
        var sent = 0L;
        while (!_ending.IsCancellationRequested)
        {
            await _socket.SendAsync(Pattern.AsMemory((int)(sent % Period), 65536));
            sent += 65536;
            await Task.Delay(10);
        }

        _socket.Shutdown(SocketShutdown.Send);
        return sent;
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[65536];
        int read;
        while ((read = await _socket.ReceiveAsync(buffer)) > 0)
        {
            Assert.True(buffer.AsSpan(0, read).SequenceEqual(Pattern.AsSpan((int)(_received % Period), read)), $"other bytes than were sent, {_received} after the first");
            Volatile.Write(ref _received, _received + read);
        }
    }
}
