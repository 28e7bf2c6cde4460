using System.Net.Sockets;
using Hypr.Guest.Protocol.Frames;
using Hypr.Guest.Protocol.Messages;
using Hypr.Guest.Protocol.Multiplexing;
using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Tests;

/// <summary>The agent's end of a socket pair, for the host's client: it does what the test says on each request.</summary>
internal sealed class FakeAgent : IMultiplexerHandler, IDisposable
{
    private readonly Socket _socket;
    private readonly Action<FakeAgent, MessageType, uint, byte[]> _onRequest;
    private readonly ushort _protocol;
    private readonly Lock _lock = new();

    private FakeAgent(Socket socket, Action<FakeAgent, MessageType, uint, byte[]> onRequest, ushort protocol)
    {
        _socket = socket;
        _protocol = protocol;
        _onRequest = onRequest;
        Multiplexer = Multiplexer.ForGuest(this);
        new Thread(Run) { IsBackground = true }.Start();
    }

    public Multiplexer Multiplexer { get; }

    public Dictionary<uint, List<byte>> Received { get; } = [];

    public HashSet<uint> Ended { get; } = [];

    public static (FakeAgent Agent, Stream Port) Start(
        Action<FakeAgent, MessageType, uint, byte[]> onRequest, ushort protocol = Hello.CurrentProtocol)
    {
        var path = Path.Combine(Path.GetTempPath(), $"hypr-{Guid.NewGuid():n}");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(path));
        File.Delete(path);
        return (new FakeAgent(listener.Accept(), onRequest, protocol), new NetworkStream(client, ownsSocket: true));
    }

    /// <summary>For tests: something from outside the agent's thread.</summary>
    public void Do(Action<Multiplexer> action)
    {
        lock (_lock)
            action(Multiplexer);
        Flush();
    }

    public void Reply(MessageType type, uint request, Action<WireWriter>? fields = null)
    {
        var w = Message.Begin(type, request);
        fields?.Invoke(w);
        Multiplexer.Send(w.Written);
    }

    public void Connected() =>
        Reply(MessageType.Hello, 0, new Hello { Protocol = _protocol, AgentVersion = "test", Kernel = "none", State = GuestState.Fresh }.Encode);

    public void Disconnected()
    {
    }

    public void Control(ReadOnlySpan<byte> message)
    {
        var r = new WireReader(message);
        var (type, request) = Message.Decode(ref r);
        _onRequest(this, type, request, message[6..].ToArray());
    }

    public void Data(uint stream, ReadOnlySpan<byte> bytes)
    {
        if (!Received.TryGetValue(stream, out var list))
            Received[stream] = list = [];
        list.AddRange(bytes);
        Multiplexer.Consumed(stream, bytes.Length);
    }

    public void End(uint stream) => Ended.Add(stream);

    public void Stopped(uint stream)
    {
    }

    public void Writable(uint stream)
    {
    }

    public void Dispose() => _socket.Dispose();

    private void Run()
    {
        var buffer = new byte[4096];
        try
        {
            while (_socket.Receive(buffer) is var count and > 0)
            {
                lock (_lock)
                    Multiplexer.Receive(buffer.AsSpan(0, count));
                Flush();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private void Flush()
    {
        var buffer = new byte[2 * Frame.MaxLength];
        lock (_lock)
        {
            while (Multiplexer.Fill(buffer) is var count and > 0)
                _socket.Send(buffer.AsSpan(0, count));
        }
    }
}
