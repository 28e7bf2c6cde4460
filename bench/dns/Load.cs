using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Hypr.Dns.Sockets;

namespace Hypr.Dns.Bench;

/// <summary>
/// A load generator with recvmmsg and sendmmsg: one thread, many sockets, a number of questions on their way for each. With a rate, it sends at that rate
/// whatever comes back, and counts what is lost.
/// </summary>
internal static unsafe class Load
{
    private const int Batch = 32;
    private const int Room = 512;

    public static int Run(string[] args)
    {
        var endPoint = new IPEndPoint(IPAddress.Parse(args[0]), int.Parse(args[1]));
        var (pid, names, seconds, clients, window) = (int.Parse(args[2]), int.Parse(args[3]), int.Parse(args[4]), int.Parse(args[5]), int.Parse(args[6]));
        var stream = args.Length > 7 && args[7] == "tcp";
        var rate = args.Length > 8 ? double.Parse(args[8], CultureInfo.InvariantCulture) : 0;
        var questions = Questions(names, args.Length > 9 ? args[9] : "h{0}.hypr");
        if (stream)
        {
            return new StreamLoad(endPoint, questions, clients, window).Run(seconds, pid);
        }

        var sockets = Enumerable.Range(0, clients).Select(i => new Client(endPoint, questions, window, i * (questions.Length / clients))).ToArray();
        var result = new Result();
        var started = Stopwatch.GetTimestamp();
        var end = started + (seconds * Stopwatch.Frequency);
        var cpu = Result.Cpu(pid);
        var sent = 0L;
        for (var turn = 0; ; turn++)
        {
            var now = Stopwatch.GetTimestamp();
            if (now >= end)
            {
                break;
            }

            var allowed = rate == 0 ? long.MaxValue : (long)(Stopwatch.GetElapsedTime(started, now).TotalSeconds * rate) - sent;
            for (var i = 0; i < sockets.Length; i++)
            {
                var client = sockets[(turn + i) % sockets.Length];
                if (allowed > 0)
                {
                    var count = client.Send(now, (int)Math.Min(allowed, Batch), rate > 0);
                    sent += count;
                    allowed -= count;
                }

                client.Receive(result);
            }
        }

        result.Print(Stopwatch.GetElapsedTime(started), sent, Result.Cpu(pid) - cpu);
        return 0;
    }

    public static byte[][] Questions(int names, string format)
    {
        var order = Enumerable.Range(0, names).ToArray();
        new Random(1).Shuffle(order);
        return [.. order.Select(i =>
        {
            var name = string.Format(CultureInfo.InvariantCulture, format, i).Split('.');
            byte[] question = [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. name.SelectMany(l => (byte[])[(byte)l.Length, .. System.Text.Encoding.ASCII.GetBytes(l)]), 0, 0, 1, 0, 1];
            return question;
        })];
    }

    private sealed class Client
    {
        private readonly Descriptor socket;
        private readonly byte[][] questions;
        private readonly int window;
        private readonly long[] sentAt = new long[65536];
        private readonly MultiMessage* outgoing;
        private readonly MultiMessage* incoming;
        private readonly byte* outBuffers;
        private readonly byte* inBuffers;
        private ushort id;
        private int waiting;
        private int next;
        private long heardAt;

        public Client(IPEndPoint endPoint, byte[][] questions, int window, int first)
        {
            next = first;
            socket = SocketFactory.Connect(endPoint, stream: false);
            var size = 4 << 20;
            _ = Libc.setsockopt(socket.Number, Libc.SolSocket, Libc.SoRcvBufForce, &size, 4);
            this.questions = questions;
            this.window = window;
            outgoing = (MultiMessage*)NativeMemory.AllocZeroed(Batch, (nuint)sizeof(MultiMessage));
            incoming = (MultiMessage*)NativeMemory.AllocZeroed(Batch, (nuint)sizeof(MultiMessage));
            var vectors = (IoVector*)NativeMemory.AllocZeroed(2 * Batch, (nuint)sizeof(IoVector));
            outBuffers = (byte*)NativeMemory.AllocZeroed(Batch * Room);
            inBuffers = (byte*)NativeMemory.AllocZeroed(Batch * Room);
            for (var i = 0; i < Batch; i++)
            {
                vectors[i] = new IoVector { Base = outBuffers + (i * Room), Length = Room };
                vectors[Batch + i] = new IoVector { Base = inBuffers + (i * Room), Length = Room };
                outgoing[i].Header = new Message { Vectors = vectors + i, VectorCount = 1 };
                incoming[i].Header = new Message { Vectors = vectors + Batch + i, VectorCount = 1 };
            }
        }

        public int Send(long now, int most, bool open)
        {
            // What has not come in a fifth of a second is lost.
            if (waiting > 0 && Stopwatch.GetElapsedTime(heardAt, now).TotalMilliseconds > 200)
            {
                waiting = 0;
            }

            var count = Math.Min(most, open ? Batch : window - waiting);
            if (count <= 0 || (!open && count < Math.Min(Batch, window) && waiting > 0))
            {
                return 0;
            }

            if (waiting == 0)
            {
                heardAt = now;
            }

            for (var i = 0; i < count; i++)
            {
                var question = questions[next++ % questions.Length];
                var target = new Span<byte>(outBuffers + (i * Room), Room);
                question.CopyTo(target);
                BinaryPrimitives.WriteUInt16BigEndian(target, ++id);
                sentAt[id] = now;
                outgoing[i].Header.Vectors->Length = (nuint)question.Length;
            }

            var sent = Math.Max(0, Libc.sendmmsg(socket.Number, outgoing, (uint)count, Libc.MsgDontWait));
            waiting += sent;
            return sent;
        }

        public void Receive(Result result)
        {
            var count = Libc.recvmmsg(socket.Number, incoming, Batch, Libc.MsgDontWait, null);
            if (count <= 0)
            {
                return;
            }

            var now = Stopwatch.GetTimestamp();
            heardAt = now;
            for (var i = 0; i < count; i++)
            {
                var answer = new ReadOnlySpan<byte>(inBuffers + (i * Room), (int)incoming[i].Length);
                result.Add(now - sentAt[BinaryPrimitives.ReadUInt16BigEndian(answer)], (answer[3] & 15) == 0);
            }

            waiting = Math.Max(0, waiting - count);
        }
    }
}

/// <summary>Answers, their times, and what the server's process took for them.</summary>
internal sealed class Result
{
    private readonly int[] histogram = new int[200_000];

    public long Answers { get; private set; }

    public long Bad { get; private set; }

    public static double Cpu(int pid)
    {
        if (pid == 0)
        {
            return 0;
        }

        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / 100;
    }

    public void Add(long ticks, bool good)
    {
        Answers++;
        Bad += good ? 0 : 1;
        histogram[Math.Min(histogram.Length - 1, ticks * 1_000_000 / Stopwatch.Frequency)]++;
    }

    public void Print(TimeSpan time, long sent, double cpu) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{Answers / time.TotalSeconds,9:F0} q/s  p50 {Percentile(0.5),6} us  p99 {Percentile(0.99),6} us  cpu {cpu * 1e6 / Math.Max(1, Answers),5:F2} us/q  lost {Math.Max(0, sent - Answers) * 100.0 / Math.Max(1, sent):F2} %  bad {Bad}"));

    private int Percentile(double part)
    {
        var left = (long)(Answers * part);
        for (var i = 0; i < histogram.Length; i++)
        {
            left -= histogram[i];
            if (left < 0)
            {
                return i;
            }
        }

        return histogram.Length;
    }
}

/// <summary>The same over TCP: questions in one write, answers as they come.</summary>
internal sealed unsafe class StreamLoad(IPEndPoint endPoint, byte[][] questions, int clients, int window)
{
    public int Run(int seconds, int pid)
    {
        var sockets = Enumerable.Range(0, clients).Select(_ =>
        {
            var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp) { NoDelay = true };
            socket.Connect(endPoint);
            socket.Blocking = false;
            return (Socket: socket, Buffer: new byte[65536], State: new int[3], SentAt: new long[65536]);
        }).ToArray();
        var result = new Result();
        var started = Stopwatch.GetTimestamp();
        var end = started + (seconds * Stopwatch.Frequency);
        var cpu = Result.Cpu(pid);
        var sent = 0L;
        var output = new byte[65536];
        while (Stopwatch.GetTimestamp() < end)
        {
            foreach (var (socket, buffer, state, sentAt) in sockets)
            {
                // State: octets had, questions on their way, the last id.
                if (state[1] == 0)
                {
                    var length = 0;
                    var now = Stopwatch.GetTimestamp();
                    for (var i = 0; i < window; i++)
                    {
                        var question = questions[(int)(sent++ % questions.Length)];
                        BinaryPrimitives.WriteUInt16BigEndian(output.AsSpan(length), (ushort)question.Length);
                        question.CopyTo(output.AsSpan(length + 2));
                        state[2] = (state[2] + 1) & 0xffff;
                        BinaryPrimitives.WriteUInt16BigEndian(output.AsSpan(length + 2), (ushort)state[2]);
                        sentAt[state[2]] = now;
                        length += question.Length + 2;
                    }

                    socket.Send(output.AsSpan(0, length));
                    state[1] = window;
                }

                if (socket.Available == 0)
                {
                    continue;
                }

                state[0] += socket.Receive(buffer.AsSpan(state[0]));
                var at = 0;
                var heard = Stopwatch.GetTimestamp();
                while (state[0] - at >= 2 && BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(at)) is var size && state[0] - at >= size + 2)
                {
                    result.Add(heard - sentAt[BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(at + 2))], (buffer[at + 5] & 15) == 0);
                    state[1]--;
                    at += size + 2;
                }

                buffer.AsSpan(at, state[0] - at).CopyTo(buffer);
                state[0] -= at;
            }
        }

        result.Print(Stopwatch.GetElapsedTime(started), sent, Result.Cpu(pid) - cpu);
        Array.ForEach(sockets, s => s.Socket.Dispose());
        return 0;
    }
}
