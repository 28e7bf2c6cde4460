using System.Buffers.Binary;
using Hypr.Guest.Protocol.Frames;
using Hypr.Guest.Protocol.Multiplexing;

namespace Hypr.Guest.Protocol.Tests;

public sealed class MultiplexerTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_connection_stands_after_resets_both_ways(bool fresh)
    {
        var pair = new MultiplexerPair(fresh);
        pair.Run(piece: 7);
        Assert.Equal((1, 1), (pair.AtHost.Connections, pair.AtGuest.Connections));
        Assert.True(pair.Host.IsConnected && pair.Guest.IsConnected);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Frame.MaxPayload)]
    [InlineData(Frame.MaxPayload + 1)]
    [InlineData(3_000_000)]
    public void A_message_of_any_length_arrives_whole(int length)
    {
        var pair = MultiplexerPair.Connected();
        var message = Pattern(length);
        pair.Host.Send(message);
        pair.Host.Send([1, 2, 3]);
        pair.Run(piece: 100_000);
        Assert.Equal(message, pair.AtGuest.Messages[0]);
        Assert.Equal([1, 2, 3], pair.AtGuest.Messages[1]);
    }

    [Fact]
    public void A_message_longer_than_the_host_allows_is_refused()
    {
        var pair = MultiplexerPair.Connected();
        var frame = new byte[Frame.MaxLength];
        Frame.Write(frame, FrameType.ControlPart, 0, new byte[Frame.MaxPayload]);
        for (var i = 0; i < Multiplexer.MaxMessageToHost / Frame.MaxPayload; i++)
            pair.Host.Receive(frame);
        Assert.Throws<ProtocolException>(() => pair.Host.Receive(frame));
    }

    [Fact]
    public void A_stream_stalls_at_its_window_and_nobody_else_does()
    {
        var pair = MultiplexerPair.Connected();
        var slow = pair.Guest.OpenOutgoing(1);
        var quick = pair.Guest.OpenOutgoing(2);
        pair.Host.OpenIncoming(1);
        pair.Host.OpenIncoming(2);
        var sent = 0;
        var piece = Pattern(50_000);
        for (var i = 0; i < 20; i++)
        {
            sent += slow.Write(piece);
            pair.Run();
        }

        Assert.Equal(Multiplexer.Window, pair.AtHost.Bytes[1].Count);
        Assert.Equal(Multiplexer.Window + Multiplexer.SendBuffer, sent);

        quick.Write([9]);
        quick.End();
        pair.Guest.Send([7]);
        pair.Run();
        Assert.Equal([9], pair.AtHost.Bytes[2]);
        Assert.Equal([2u], pair.AtHost.Ended);
        Assert.Equal([7], Assert.Single(pair.AtHost.Messages));

        Assert.Empty(pair.AtGuest.WritableStreams);
        pair.Host.Consumed(1, Multiplexer.Window);
        pair.Run();
        Assert.Equal(Multiplexer.Window + Multiplexer.SendBuffer, pair.AtHost.Bytes[1].Count);
        Assert.Equal([1u], pair.AtGuest.WritableStreams.Distinct());
    }

    [Fact]
    public void Credit_goes_back_in_few_frames()
    {
        var pair = MultiplexerPair.Connected();
        var stream = pair.Guest.OpenOutgoing(1);
        pair.Host.OpenIncoming(1);
        stream.Write(new byte[1000]);
        pair.Run();
        pair.Host.Consumed(1, 1000);
        Assert.False(pair.Host.HasOutput);
    }

    [Fact]
    public void An_end_comes_after_all_bytes_and_the_other_direction_goes_on()
    {
        var pair = MultiplexerPair.Connected();
        var input = pair.Host.OpenOutgoing(5);
        pair.Guest.OpenIncoming(5);
        var output = pair.Guest.OpenOutgoing(6);
        pair.Host.OpenIncoming(6);
        input.Write("all of it"u8);
        input.End();
        Assert.Equal(0, input.Room);
        pair.Run();
        Assert.Equal("all of it"u8.ToArray(), pair.AtGuest.Bytes[5].ToArray());
        Assert.Equal([5u], pair.AtGuest.Ended);
        Assert.True(input.IsFinished);

        output.Write("late answer"u8);
        pair.Run();
        Assert.Equal("late answer"u8.ToArray(), pair.AtHost.Bytes[6].ToArray());
    }

    [Fact]
    public void A_stopped_stream_takes_everything_and_sends_nothing()
    {
        var pair = MultiplexerPair.Connected();
        var stream = pair.Guest.OpenOutgoing(1);
        pair.Host.OpenIncoming(1);
        pair.Host.StopIncoming(1);
        stream.Write([1, 2, 3]);
        pair.Run();
        Assert.Equal([1u], pair.AtGuest.StoppedStreams);
        Assert.True(stream.IsGone);
        Assert.Equal(1_000_000, stream.Write(new byte[1_000_000]));
        pair.Run();
        Assert.Empty(pair.AtHost.Bytes);
    }

    [Fact]
    public void More_bytes_than_credit_break_the_connection()
    {
        var pair = MultiplexerPair.Connected();
        pair.Host.OpenIncoming(1);
        var frame = new byte[Frame.MaxLength];
        Frame.Write(frame, FrameType.Data, 1, new byte[Frame.MaxPayload]);
        for (var i = 0; i < Multiplexer.Window / Frame.MaxPayload; i++)
            pair.Host.Receive(frame);
        Assert.Throws<ProtocolException>(() => pair.Host.Receive(frame));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public void Credit_that_nobody_spent_breaks_the_connection(int credit)
    {
        var pair = MultiplexerPair.Connected();
        pair.Host.OpenOutgoing(1);
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(payload, credit);
        var frame = new byte[Frame.MaxLength];
        var length = Frame.Write(frame, FrameType.Credit, 1, payload);
        Assert.Throws<ProtocolException>(() => pair.Host.Receive(frame.AsSpan(0, length)));
    }

    [Fact]
    public void Streams_take_turns()
    {
        var pair = MultiplexerPair.Connected();
        var streams = new[] { 1u, 2u, 3u }.Select(pair.Guest.OpenOutgoing).ToList();
        streams.ForEach(s => s.Write(new byte[2 * Frame.MaxPayload]));
        var parser = new FrameParser(lenient: false);
        var order = new List<uint>();
        while (pair.TakeFromGuest() is { Length: > 0 } bytes)
        {
            ReadOnlySpan<byte> rest = bytes;
            while (parser.TryRead(ref rest))
                order.Add(parser.Stream);
        }

        Assert.Equal([1u, 2u, 3u, 1u, 2u, 3u], order);
    }

    [Fact]
    public void A_host_that_comes_back_in_the_middle_of_a_frame_is_understood()
    {
        var pair = MultiplexerPair.Connected();
        pair.Guest.OpenIncoming(1);
        pair.Host.OpenOutgoing(1).Write(Pattern(10_000));
        var torn = pair.TakeFromHost();
        for (var cut = 1; cut < torn.Length; cut += cut < 20 ? 1 : 997)
        {
            pair.Guest.Receive(torn.AsSpan(0, cut));
            pair.Reconnect();
            pair.Run();
            Assert.True(pair.Host.IsConnected, $"cut after {cut}");
            pair.Host.Send([4]);
            pair.Run();
            Assert.Equal([4], pair.AtGuest.Messages[^1]);
            pair.Guest.OpenIncoming(1);
        }

        // Of the frame that was torn nothing arrived: not even zeros in its place.
        Assert.Empty(pair.AtGuest.Bytes);
    }

    [Fact]
    public void What_an_earlier_connection_left_is_skipped_by_the_host()
    {
        var pair = MultiplexerPair.Connected();
        pair.Guest.OpenOutgoing(1).Write(Pattern(30_000));
        var left = pair.TakeFromGuest();
        pair.Reconnect();
        pair.Host.Receive(left.AsSpan(5));
        pair.Run();
        Assert.True(pair.Host.IsConnected);
        Assert.Empty(pair.AtHost.Bytes);
        Assert.False(pair.Guest.HasOutput);
    }

    [Fact]
    public void An_acknowledgement_right_behind_the_begin_of_one_is_found()
    {
        var pair = MultiplexerPair.Connected();
        pair.Reconnect();
        pair.HostToGuest();
        pair.HostToGuest();
        var answer = pair.TakeFromGuest();
        for (var cut = 1; cut < 25; cut++)
            pair.Host.Receive(answer.AsSpan(0, cut));
        pair.Host.Receive(answer);
        Assert.True(pair.Host.IsConnected);
    }

    [Fact]
    public void The_guest_drops_what_it_does_not_understand_up_to_the_next_reset()
    {
        var pair = MultiplexerPair.Connected();
        pair.Guest.Receive("nothing that makes sense"u8);
        pair.Host.Send([1]);
        pair.Run();
        Assert.Empty(pair.AtGuest.Messages);
        pair.Reconnect();
        pair.Run();
        pair.Host.Send([2]);
        pair.Run();
        Assert.Equal([2], Assert.Single(pair.AtGuest.Messages));
    }

    [Fact]
    public void A_guest_that_only_talks_and_never_answers_the_reset_is_given_up()
    {
        var host = Multiplexer.ForHost(new MultiplexerPair.Record(), freshGuest: false);
        var noise = new byte[1024 * 1024];
        Assert.Throws<ProtocolException>(() =>
        {
            for (var i = 0; i < 17; i++)
                host.Receive(noise);
        });
    }

    [Fact]
    public void A_host_that_asks_and_does_not_read_congests_the_guest()
    {
        var pair = MultiplexerPair.Connected();
        for (var i = 0; i < 5; i++)
            pair.Guest.Send(new byte[60_000]);
        Assert.True(pair.Guest.IsCongested);
        pair.Run();
        Assert.False(pair.Guest.IsCongested);
    }

    internal static byte[] Pattern(int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
            bytes[i] = (byte)((i * 7) ^ (i >> 8));
        return bytes;
    }
}
