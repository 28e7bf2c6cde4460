using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.Json;
using Hypr.Linux.Processes;
using Hypr.Primitives;

namespace Hypr.Network.Ports.Holder;

/// <summary>
/// The port holder, <c>hyprd ports SOCKET</c>: a process of its own that keeps published ports bound, and carries what the kernel's rules cannot, while hyprd is away.
/// It ends when it holds nothing and nobody is connected.
/// </summary>
[SupportedOSPlatform("linux")]
public static class PortHolderProgram
{
    /// <summary>A request of 65,536 ports fits with room.</summary>
    internal const int MaxLine = 16 << 20;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(30);

    /// <summary>Runs until it is of no use any more. Exit code 0, or 1 with a line on stderr.</summary>
    public static async Task<int> RunAsync(string socketPath)
    {
        FileLimit.Raise();
        using var listener = Listen(socketPath);
        await using var reserver = new SocketPortReserver();
        var clients = 0;
        var ending = new CancellationTokenSource();

        // Whoever started this connects at once; if nobody does, it is not wanted.
        using var unwanted = new Timer(_ => EndIfUseless(), null, Idle, Timeout.InfiniteTimeSpan);
        try
        {
            while (true)
            {
                var client = await listener.AcceptAsync(ending.Token);
                Interlocked.Increment(ref clients);
                _ = Task.Run(async () =>
                {
                    try
                    {
                        if (await ServeAsync(client, reserver))
                        {
                            await ending.CancelAsync();
                        }
                    }
                    finally
                    {
                        Interlocked.Decrement(ref clients);
                        EndIfUseless();
                    }
                });
            }
        }
        catch (OperationCanceledException)
        {
            File.Delete(socketPath);
            return 0;
        }

        void EndIfUseless()
        {
            if (Volatile.Read(ref clients) == 0 && reserver.Count == 0)
            {
                ending.Cancel();
            }
        }
    }

    private static Socket Listen(string path)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // Bound under another name and renamed: who finds the socket finds it listening, and one that a dead holder left is replaced.
            var making = $"{path}.{Environment.ProcessId}";
            File.Delete(making);
            listener.Bind(new UnixDomainSocketEndPoint(making));
            File.SetUnixFileMode(making, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            listener.Listen();
            File.Move(making, path, overwrite: true);
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>True when it was told to end.</summary>
    private static async Task<bool> ServeAsync(Socket client, SocketPortReserver reserver)
    {
        try
        {
            reserver.NameServerPid = PeerPid(client);
            await using var stream = new NetworkStream(client, ownsSocket: true);
            using var reader = new StreamReader(stream);
            while (await reader.ReadLineAsync() is { } line)
            {
                HolderAnswer answer;
                var exit = false;
                try
                {
                    var request = JsonSerializer.Deserialize(line, HolderJson.Default.HolderRequest)!;
                    exit = request.Do == "exit";
                    answer = exit ? new HolderAnswer() : await DoAsync(request, reserver);
                }
                catch (Exception e) when (e is JsonException or FormatException or HyprException or SocketException)
                {
                    answer = new HolderAnswer { Error = e.Message };
                }

                byte[] reply = [.. JsonSerializer.SerializeToUtf8Bytes(answer, HolderJson.Default.HolderAnswer), (byte)'\n'];
                await stream.WriteAsync(reply);
                if (exit)
                {
                    return true;
                }
            }
        }
        catch (IOException)
        {
            // hyprd has gone: what it reserved stays.
        }

        return false;
    }

    /// <summary>Of struct ucred (unix(7), SO_PEERCRED) the first field.</summary>
    private static int PeerPid(Socket client)
    {
        const int SolSocket = 1, SoPeerCred = 17;
        Span<byte> credentials = stackalloc byte[12];
        client.GetRawSocketOption(SolSocket, SoPeerCred, credentials);
        return BitConverter.ToInt32(credentials);
    }

    private static async Task<HolderAnswer> DoAsync(HolderRequest request, SocketPortReserver reserver)
    {
        var ports = request.Ports.Select(p => new HostPort(IPAddress.Parse(p.Address), p.Port, p.Protocol) { Target = p.Target is null ? null : IPEndPoint.Parse(p.Target) }).ToList();
        switch (request.Do)
        {
            case "reserve":
                return await reserver.ReserveAsync(request.Owner, ports, CancellationToken.None) is not { } conflict
                    ? new HolderAnswer()
                    : new HolderAnswer
                    {
                        Refused = request.Ports[ports.IndexOf(conflict.Port)],
                        Reason = conflict.Reason,
                        HolderPid = conflict.Holder?.Pid ?? 0,
                        HolderName = conflict.Holder?.Name,
                    };
            case "release":
                await reserver.ReleaseAsync(request.Owner, ports);
                return new HolderAnswer();
            case "keep":
                await reserver.KeepAsync([.. request.Owners]);
                return new HolderAnswer();
            default:
                return new HolderAnswer { Error = $"the port holder knows no '{request.Do}'" };
        }
    }
}
