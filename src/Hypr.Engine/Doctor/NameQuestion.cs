using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Hypr.Engine.Doctor;

/// <summary>One question over UDP, as a VM's resolver asks it: whether somebody answers, and with which RCODE.</summary>
internal static class NameQuestion
{
    private const int HeaderLength = 12;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <param name="type">RFC 1035, 3.2.2: 1 is A, 6 is SOA.</param>
    /// <returns>The RCODE and the number of answers; null when nobody answered in time.</returns>
    public static async Task<(int Code, int Answers)?> AskAsync(IPEndPoint server, string name, ushort type, CancellationToken cancel)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        var question = Write(name, type);
        var answer = new byte[1232];
        try
        {
            await socket.ConnectAsync(server, limit.Token);
            await socket.SendAsync(question, limit.Token);
            while (true)
            {
                var length = await socket.ReceiveAsync(answer, limit.Token);
                if (length >= HeaderLength && answer.AsSpan(0, 2).SequenceEqual(question.AsSpan(0, 2)) && (answer[2] & 0x80) != 0)
                {
                    return (answer[3] & 0xF, BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(6)));
                }
            }
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>RFC 1035, 4.1: a header with RD, one question of class IN.</summary>
    private static byte[] Write(string name, ushort type)
    {
        var message = new List<byte>();
        message.AddRange(RandomNumberGenerator.GetBytes(2));
        message.AddRange([0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]);
        foreach (var label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            message.Add((byte)label.Length);
            message.AddRange(Encoding.ASCII.GetBytes(label));
        }

        message.AddRange([0, (byte)(type >> 8), (byte)type, 0, 1]);
        return [.. message];
    }
}
