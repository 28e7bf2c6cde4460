using Hypr.Guest.Protocol.Frames;
using Hypr.Guest.Protocol.Messages;
using Hypr.Guest.Protocol.Multiplexing;

namespace Hypr.Guest.Protocol.Tests;

/// <summary>Bytes from a hostile side end in a <see cref="ProtocolException"/> or in nothing, never in another exception.</summary>
public sealed class FuzzTests
{
    [Fact]
    public void The_frame_parser_takes_any_bytes()
    {
        foreach (var bytes in Inputs(seed: 1))
            FrameParser.Fuzz(bytes);
    }

    [Fact]
    public void Every_message_takes_any_bytes()
    {
        foreach (var bytes in Inputs(seed: 2))
            Message.Fuzz(bytes);
    }

    [Fact]
    public void A_message_cut_short_or_changed_is_refused_or_read()
    {
        var whole = CodecTests.Encode(CodecTests.Configuration.Encode);
        var random = new Random(3);
        for (var i = 0; i < whole.Length; i++)
        {
            Message.Fuzz(whole.AsSpan(0, i));
            var changed = whole.ToArray();
            changed[i] = (byte)random.Next(256);
            Message.Fuzz(changed);
        }
    }

    [Fact]
    public void A_connected_host_takes_any_frames()
    {
        var random = new Random(4);
        for (var round = 0; round < 2000; round++)
        {
            var pair = MultiplexerPair.Connected();
            pair.Host.OpenIncoming(1);
            pair.Host.OpenOutgoing(2).Write(new byte[100]);
            try
            {
                for (var i = 0; i < 20; i++)
                {
                    var payload = new byte[random.Next(40)];
                    random.NextBytes(payload);
                    var frame = new byte[Frame.MaxLength];
                    var length = Frame.Write(frame, (FrameType)random.Next(10), (uint)random.Next(4), payload);
                    pair.Host.Receive(frame.AsSpan(0, length));
                }
            }
            catch (ProtocolException)
            {
                // The connection is closed, as it should be.
            }
        }
    }

    private static IEnumerable<byte[]> Inputs(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            // Small numbers and markers reach deeper than noise.
            for (var j = 0; j < bytes.Length; j++)
            {
                if (random.Next(2) == 0)
                    bytes[j] = (byte)random.Next(4);
                else if (random.Next(20) == 0)
                    bytes[j] = random.Next(2) == 0 ? Frame.Marker : Frame.Trailer;
            }

            yield return bytes;
        }
    }
}
