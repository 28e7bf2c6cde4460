using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hypr.Linux.Processes;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Network.Ports.Holder;

/// <summary>
/// The reserver of a hyprd that may die: ports are held by a process of their own, found again by its socket, started when it is not there. If the holder itself
/// dies, the next call starts another one and gives it everything that this hyprd had reserved.
/// </summary>
public sealed partial class HeldPorts(string socketPath, string program, ILogger<HeldPorts> log) : IPortReserver
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<string, HashSet<HostPort>> _own = new(StringComparer.Ordinal);
    private Socket? _holder;
    private StreamReader? _answers;

    public bool HasIPv6 => SocketPortReserver.HostHasIPv6;

    public async ValueTask<PortConflict?> ReserveAsync(string owner, IReadOnlyList<HostPort> ports, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            var answer = await AskAsync(Request("reserve", owner, ports));
            if (answer.Refused is { } refused)
            {
                var port = ports.First(p => p.Port == refused.Port && p.Protocol == refused.Protocol && p.Address.ToString() == refused.Address);
                return new PortConflict(port, answer.Reason ?? "refused", answer.HolderName is null ? null : new PortHolder(answer.HolderPid, answer.HolderName));
            }

            if (!_own.TryGetValue(owner, out var own))
            {
                _own.Add(owner, own = []);
            }

            // Equal ones may have another target now.
            own.ExceptWith(ports);
            own.UnionWith(ports);
            return null;
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask ReleaseAsync(string owner, IReadOnlyList<HostPort> ports)
    {
        if (ports.Count == 0)
        {
            return;
        }

        await _gate.WaitAsync();
        try
        {
            if (_own.TryGetValue(owner, out var own))
            {
                own.ExceptWith(ports);
                if (own.Count == 0)
                {
                    _own.Remove(owner);
                }
            }

            if (_holder is not null || await TryConnectAsync())
            {
                await AskAsync(Request("release", owner, ports));
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask KeepAsync(IReadOnlyCollection<string> owners)
    {
        await _gate.WaitAsync();
        try
        {
            foreach (var gone in _own.Keys.Except(owners).ToList())
            {
                _own.Remove(gone);
            }

            // Where no holder runs nothing is held, and none is started to say so.
            if (_holder is not null || await TryConnectAsync())
            {
                await AskAsync(new HolderRequest { Do = "keep", Owners = [.. owners] });
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Ends the holder and with it all reservations; where none runs nothing happens.</summary>
    public static async Task EndAsync(string socketPath)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath));
            await socket.SendAsync(new byte[][] { JsonSerializer.SerializeToUtf8Bytes(new HolderRequest { Do = "exit" }, HolderJson.Default.HolderRequest), [(byte)'\n'] }
                .Select(b => new ArraySegment<byte>(b)).ToList());
            await socket.ReceiveAsync(new byte[1024]);
        }
        catch (SocketException)
        {
            // Nobody holds anything.
        }
    }

    /// <summary>Lets go of the holder; it goes on.</summary>
    public ValueTask DisposeAsync()
    {
        Drop();
        _gate.Dispose();
        return ValueTask.CompletedTask;
    }

    private static HolderRequest Request(string what, string owner, IEnumerable<HostPort> ports) => new()
    {
        Do = what,
        Owner = owner,
        Ports = [.. ports.Select(p => new HeldPort(p.Address.ToString(), p.Port, p.Protocol, p.Target?.ToString()))],
    };

    private async Task<HolderAnswer> AskAsync(HolderRequest request)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (_holder is null)
                {
                    await ConnectAsync();
                }

                var answer = await ExchangeAsync(request);
                return answer.Error is null ? answer : throw new HyprException(ErrorKind.Internal, $"the port holder failed: {answer.Error}");
            }
            catch (Exception e) when (attempt < 3 && e is SocketException or IOException)
            {
                Drop();
            }
        }
    }

    private async Task<HolderAnswer> ExchangeAsync(HolderRequest request)
    {
        var line = new byte[][] { JsonSerializer.SerializeToUtf8Bytes(request, HolderJson.Default.HolderRequest), [(byte)'\n'] };
        foreach (var part in line)
        {
            for (var sent = 0; sent < part.Length;)
            {
                sent += await _holder!.SendAsync(part.AsMemory(sent));
            }
        }

        var answer = await _answers!.ReadLineAsync() ?? throw new IOException("the port holder ended");
        return JsonSerializer.Deserialize(answer, HolderJson.Default.HolderAnswer)!;
    }

    private async Task ConnectAsync()
    {
        if (!await TryConnectAsync())
        {
            // In a session of its own, its standard files /dev/null: nothing ties it to this process.
            using (LinuxProcess.Start(new ProcessStart { Program = program, Arguments = ["ports", socketPath], WorkingDirectory = "/" }))
            {
                var started = TimeProvider.System.GetTimestamp();
                while (!await TryConnectAsync())
                {
                    if (TimeProvider.System.GetElapsedTime(started) > Patience)
                    {
                        throw HyprException.Unavailable($"the port holder ({program} ports) does not come up at {socketPath}");
                    }

                    await Task.Delay(5);
                }
            }
        }

        // A holder that was started anew knows nothing; one that was there is told what it knows.
        foreach (var (owner, ports) in _own)
        {
            if (await ExchangeAsync(Request("reserve", owner, ports)) is { Refused: { } refused } answer)
            {
                NotHeld(log, refused.Address, refused.Port, answer.Reason ?? "");
            }
        }
    }

    private async Task<bool> TryConnectAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath));
            _holder = socket;
            _answers = new StreamReader(new NetworkStream(socket), Encoding.UTF8);
            return true;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return false;
        }
    }

    private void Drop()
    {
        _answers?.Dispose();
        _holder?.Dispose();
        (_answers, _holder) = (null, null);
    }

    [LoggerMessage(LogLevel.Warning, "the published port {Address}:{Port} is not held any more: {Reason}. The rules still serve it")]
    private static partial void NotHeld(ILogger logger, string address, int port, string reason);
}
