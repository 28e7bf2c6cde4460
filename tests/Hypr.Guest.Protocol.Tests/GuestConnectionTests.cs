using System.Text;
using Hypr.Guest.Protocol.Host;
using Hypr.Guest.Protocol.Messages;
using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Tests;

public sealed class GuestConnectionTests
{
    private static readonly ProcessSpecification Program = new() { Args = ["cat"], OpenStdin = true };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_are_answered_each_by_its_own_answer()
    {
        var held = new List<uint>();
        var (agent, port) = FakeAgent.Start((a, type, request, _) =>
        {
            // Answers come in the other order.
            if (type != MessageType.Ping)
                return;
            held.Add(request);
            if (held.Count < 3)
                return;
            a.Reply(MessageType.Failed, held[2], new Failure(0, "third").Encode);
            a.Reply(MessageType.Done, held[1]);
            a.Reply(MessageType.Failed, held[0], new Failure(127, "first").Encode);
        });
        using var _ = agent;
        await using var host = await GuestConnection.OpenAsync(port, freshGuest: false, Cancel);
        Assert.Equal("test", host.Hello.AgentVersion);
        var first = host.PingAsync(Cancel);
        var second = host.PingAsync(Cancel);
        var third = host.PingAsync(Cancel);
        await second;
        Assert.Equal((127, "first"), await Assert.ThrowsAsync<GuestException>(() => first) is var e ? (e.Code, e.Message) : default);
        Assert.Equal("third", (await Assert.ThrowsAsync<GuestException>(() => third)).Message);
    }

    [Fact]
    public async Task An_exec_carries_both_directions_and_its_exit_code()
    {
        ExecRequest? exec = null;
        var (agent, port) = FakeAgent.Start((a, type, request, body) =>
        {
            var r = new WireReader(body);
            if (type != MessageType.StartExec)
                return;
            exec = ExecRequest.Decode(ref r);
            a.Multiplexer.OpenIncoming(exec.Stdin);
            a.Reply(MessageType.Started, request, w => w.I32(33));
            var stdout = a.Multiplexer.OpenOutgoing(exec.Stdout);
            stdout.Write("hello"u8);
            stdout.End();
            a.Multiplexer.OpenOutgoing(exec.Stderr).End();
            a.Reply(MessageType.ExecExited, 0, new ExecExit(exec.Session, 5).Encode);
        });
        using var _ = agent;
        await using var host = await GuestConnection.OpenAsync(port, freshGuest: true, Cancel);
        await using var session = await host.ExecAsync(Program, Cancel);
        Assert.Equal(33, session.Pid);
        Assert.Equal("hello", await new StreamReader(session.Stdout).ReadToEndAsync(Cancel));
        Assert.Equal(5, await session.Exited.WaitAsync(Cancel));

        var sent = new byte[700_000];
        new Random(1).NextBytes(sent);
        await session.Stdin!.WriteAsync(sent, Cancel);
        await session.Stdin.CloseAsync();
        await host.Until(() => agent.Ended.Contains(exec!.Stdin));
        Assert.Equal(sent, agent.Received[exec!.Stdin].ToArray());
    }

    [Fact]
    public async Task Output_goes_on_at_a_position_and_says_what_was_lost()
    {
        var (agent, port) = FakeAgent.Start((a, type, request, body) =>
        {
            var r = new WireReader(body);
            if (type != MessageType.OpenOutput)
                return;
            var (id, from) = OpenOutputRequest.Decode(ref r);
            Assert.Equal(100ul, from);
            a.Reply(MessageType.Done, request);
            var stream = a.Multiplexer.OpenOutgoing(id);
            foreach (var (position, text) in ((ulong, string)[])[(110, "after a gap"), (121, "next")])
            {
                var header = new byte[OutputRecord.HeaderLength];
                new OutputRecord(2, text.Length, position, 1_000_000_000).Encode(header);
                stream.Write(header);
                stream.Write(Encoding.UTF8.GetBytes(text));
            }

            stream.End();
        });
        using var _ = agent;
        await using var host = await GuestConnection.OpenAsync(port, freshGuest: true, Cancel);
        await using var output = await host.OpenOutputAsync(100, Cancel);
        var first = await output.ReadAsync(Cancel);
        Assert.Equal((2, 110ul, 10ul, "after a gap"), (first!.Value.Stream, first.Value.Position, first.Value.Lost, Encoding.UTF8.GetString(first.Value.Data.Span)));
        Assert.Equal(DateTimeOffset.UnixEpoch.AddSeconds(1), first.Value.Time);
        Assert.Equal(0ul, (await output.ReadAsync(Cancel))!.Value.Lost);
        Assert.Null(await output.ReadAsync(Cancel));
    }

    [Fact]
    public async Task When_the_port_closes_everything_that_waits_fails()
    {
        var (agent, port) = FakeAgent.Start((a, type, request, body) =>
        {
            if (type == MessageType.StartExec)
                a.Reply(MessageType.Started, request, w => w.I32(1));
        });
        await using var host = await GuestConnection.OpenAsync(port, freshGuest: true, Cancel);
        await using var session = await host.ExecAsync(Program, Cancel);
        var ping = host.PingAsync(Cancel);
        var read = session.Stdout.ReadAsync(new byte[1], Cancel).AsTask();
        agent.Dispose();
        await host.Closed.WaitAsync(Cancel);
        await Assert.ThrowsAsync<IOException>(() => ping);
        await Assert.ThrowsAsync<IOException>(() => read);
        await Assert.ThrowsAsync<IOException>(() => session.Exited);
        await Assert.ThrowsAsync<IOException>(() => host.MainExited);
        await Assert.ThrowsAsync<IOException>(() => host.PingAsync(Cancel));
        await Assert.ThrowsAsync<IOException>(async () => await session.Stdin!.WriteAsync(new byte[1], Cancel));
    }

    [Fact]
    public async Task An_agent_of_another_protocol_is_refused_with_both_numbers_and_the_way_out()
    {
        var (agent, port) = FakeAgent.Start((_, _, _, _) => { }, protocol: 2);
        using var _ = agent;
        var error = await Assert.ThrowsAsync<ProtocolException>(() => GuestConnection.OpenAsync(port, freshGuest: true, Cancel));
        Assert.Contains($"protocol 2 and hyprd {Hello.CurrentProtocol}", error.Message, StringComparison.Ordinal);
        Assert.Contains("./dev install", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_that_breaks_the_rules_is_cut_off()
    {
        var (agent, port) = FakeAgent.Start((a, type, request, body) => a.Reply((MessageType)18, 0));
        using var _ = agent;
        await using var host = await GuestConnection.OpenAsync(port, freshGuest: true, Cancel);
        await Assert.ThrowsAsync<ProtocolException>(() => host.PingAsync(Cancel));
        Assert.IsType<ProtocolException>(host.Failure);
    }

    [Fact]
    public async Task A_port_with_nobody_behind_it_ends_with_the_callers_patience()
    {
        var (agent, port) = FakeAgent.Start((_, _, _, _) => { });
        agent.Dispose();
        await Assert.ThrowsAnyAsync<Exception>(() => GuestConnection.OpenAsync(port, freshGuest: true, Cancel));
        using var stopped = new CancellationTokenSource();
        var silent = new SilentPort();
        var open = GuestConnection.OpenAsync(silent, freshGuest: true, stopped.Token);
        await stopped.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => open);
        Assert.True(silent.IsDisposed);
    }

    private sealed class SilentPort : MemoryStream
    {
        public bool IsDisposed { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}

internal static class Waiting
{
    /// <summary>Waits for something that another thread brings about.</summary>
    public static async Task Until(this GuestConnection host, Func<bool> condition)
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 2000, "waited too long");
            await host.PingOrWaitAsync();
        }
    }

    private static Task PingOrWaitAsync(this GuestConnection _) => Task.Delay(10);
}
