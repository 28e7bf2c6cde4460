using System.Buffers.Binary;
using System.Security.Cryptography;
using Hypr.Dns.Sockets;

namespace Hypr.Dns.Forwarding;

/// <summary>Something of the forwarder's that epoll watches.</summary>
internal abstract class UpstreamSource
{
    public required Descriptor Socket { get; init; }

    public required Upstream Upstream { get; init; }

    public int Slot { get; set; } = -1;
}

/// <summary>A connected UDP socket: for a few questions, then another port's (RFC 5452 section 9.2).</summary>
internal sealed class UpstreamSocket : UpstreamSource
{
    public const int MostQuestions = 64;
    public const long MostMilliseconds = 5000;

    private readonly Dictionary<ushort, Exchange> waiting = [];

    public required long OpenedAt { get; init; }

    public int Asked { get; private set; }

    public bool IsIdle => waiting.Count == 0;

    public bool IsSpent(long now) => Asked >= MostQuestions || now - OpenedAt > MostMilliseconds;

    /// <summary>An id by chance that is not in use.</summary>
    public ushort Add(Exchange exchange, RandomIds ids)
    {
        Asked++;
        while (true)
        {
            var id = ids.Next();
            if (waiting.TryAdd(id, exchange))
            {
                return id;
            }
        }
    }

    public Exchange? Find(ushort id) => waiting.GetValueOrDefault(id);

    public IEnumerable<Exchange> Waiting => [.. waiting.Values];

    public void Remove(ushort id) => waiting.Remove(id);
}

/// <summary>One question over TCP, after a truncated answer.</summary>
internal sealed class UpstreamStream : UpstreamSource
{
    public required Exchange Exchange { get; init; }

    public required ushort Id { get; init; }

    /// <summary>The question with its length before it, then the answer the same.</summary>
    public required byte[] Buffer { get; set; }

    public required int Length { get; set; }

    public int Done { get; set; }

    public bool IsSent { get; set; }

    public long StartedAt { get; init; }
}

/// <summary>Ids that nobody can foresee, from the kernel's generator, a block at a time.</summary>
internal sealed class RandomIds
{
    private readonly byte[] block = new byte[1024];
    private int used = 1024;

    public ushort Next()
    {
        if (used == block.Length)
        {
            RandomNumberGenerator.Fill(block);
            used = 0;
        }

        used += 2;
        return BinaryPrimitives.ReadUInt16LittleEndian(block.AsSpan(used - 2));
    }
}
