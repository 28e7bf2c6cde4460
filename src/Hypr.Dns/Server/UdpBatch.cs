using System.Runtime.InteropServices;
using Hypr.Dns.Sockets;
using Hypr.Dns.Wire;

namespace Hypr.Dns.Server;

/// <summary>
/// The buffers of recvmmsg and sendmmsg, outside of the collector's heap, so that the kernel's pointers to them stay. Each incoming
/// message has its
/// address, its control message and its octets; an answer goes back with the same address and control message.
/// </summary>
internal sealed unsafe class UdpBatch : IDisposable
{
    public const int Size = 64;

    /// <summary>A question with all that may be around it (padding to 468 octets: RFC 8467); what is longer is none.</summary>
    private const int InputSize = 1536;
    private const int ControlSize = 64;
    private const int Stride = InputSize + Limits.Udp + ControlSize + 32;

    private readonly byte* memory;
    private readonly MultiMessage* input;
    private readonly MultiMessage* output;
    private readonly IoVector* inputVectors;
    private readonly IoVector* outputVectors;

    public UdpBatch()
    {
        var heads = Size * 2 * (sizeof(MultiMessage) + sizeof(IoVector));
        memory = (byte*)NativeMemory.AlignedAlloc((nuint)(heads + (Size * Stride)), 64);
        new Span<byte>(memory, heads + (Size * Stride)).Clear();
        input = (MultiMessage*)memory;
        output = input + Size;
        inputVectors = (IoVector*)(output + Size);
        outputVectors = inputVectors + Size;
        for (var i = 0; i < Size; i++)
        {
            var block = memory + heads + (i * Stride);
            inputVectors[i] = new IoVector { Base = block, Length = InputSize };
            outputVectors[i] = new IoVector { Base = block + InputSize };
            input[i].Header = new Message
            {
                Vectors = inputVectors + i,
                VectorCount = 1,
                Control = block + InputSize + Limits.Udp,
                Name = block + InputSize + Limits.Udp + ControlSize,
            };
            Reset(i);
        }
    }

    public int Waiting { get; private set; }

    public int Receive(int socket) => Libc.recvmmsg(socket, input, Size, Libc.MsgDontWait, null);

    public ref Message Head(int index) => ref input[index].Header;

    public ReadOnlySpan<byte> Input(int index) => new(inputVectors[index].Base, (int)input[index].Length);

    public Span<byte> Output(int index) => new(outputVectors[index].Base, Limits.Udp);

    /// <summary>The length of the address or control message is set by the kernel at each receipt.</summary>
    public void Reset(int index)
    {
        input[index].Header.NameLength = SocketAddress.Size;
        input[index].Header.ControlLength = ControlSize;
    }

    /// <summary>Puts the answer to message <paramref name="index"/> into the outgoing batch.</summary>
    public void Answer(int index, int length)
    {
        ref var message = ref output[Waiting++].Header;
        message = input[index].Header;
        message.Vectors = outputVectors + index;
        message.Flags = 0;
        outputVectors[index].Length = (nuint)length;
    }

    /// <summary>Puts a late answer into the place <paramref name="index"/>, written there before.</summary>
    public void Answer(int index, ForwardRequest request, int length)
    {
        ref var message = ref input[index].Header;
        request.Route[..request.AddressLength].CopyTo(new Span<byte>(message.Name, SocketAddress.Size));
        request.Route.Slice(SocketAddress.Size, request.ControlLength).CopyTo(new Span<byte>(message.Control, ControlSize));
        message.NameLength = (uint)request.AddressLength;
        message.ControlLength = (nuint)request.ControlLength;
        Answer(index, length);
        Reset(index);
    }

    /// <summary>Sends what waits. One answer that cannot be sent (its asker is gone, a rule forbids it) does not hold up those behind
    /// it.</summary>
    public void Send(int socket)
    {
        var sent = 0;
        while (sent < Waiting)
        {
            var count = Libc.sendmmsg(socket, output + sent, (uint)(Waiting - sent), Libc.MsgDontWait | Libc.MsgNoSignal);
            sent += count > 0 ? count : 1;
        }

        Waiting = 0;
    }

    public void Dispose() => NativeMemory.AlignedFree(memory);
}
