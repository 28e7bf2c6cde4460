using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Messages;

/// <summary>Type and request number before a message's fields.</summary>
public readonly record struct Message(MessageType Type, uint Request)
{
    public static WireWriter Begin(MessageType type, uint request)
    {
        var w = new WireWriter();
        w.U16((ushort)type);
        w.U32(request);
        return w;
    }

    public static Message Decode(ref WireReader r) => new((MessageType)r.U16(), r.U32());

    /// <summary>For fuzzing: every message's fields from the same bytes.</summary>
    internal static void Fuzz(ReadOnlySpan<byte> bytes)
    {
        for (var type = 0; type < 48; type++)
        {
            try
            {
                var r = new WireReader(bytes);
                switch ((MessageType)type)
                {
                    case MessageType.Usage: GuestUsage.Decode(ref r); break;
                    case MessageType.Failed: Failure.Decode(ref r); break;
                    case MessageType.Hello: Hello.Decode(ref r); break;
                    case MessageType.MainExited: MainExit.Decode(ref r); break;
                    case MessageType.ExecExited: ExecExit.Decode(ref r); break;
                    case MessageType.Configure: GuestConfiguration.Decode(ref r); break;
                    case MessageType.StartMain: ProcessSpecification.Decode(ref r); break;
                    case MessageType.StartExec: ExecRequest.Decode(ref r); break;
                    case MessageType.Signal: SignalRequest.Decode(ref r); break;
                    case MessageType.Resize: ResizeRequest.Decode(ref r); break;
                    case MessageType.OpenOutput: OpenOutputRequest.Decode(ref r); break;
                    case MessageType.AddNic: NicConfiguration.Decode(ref r); break;
                    case MessageType.BindDisks: BindDisksRequest.Decode(ref r); break;
                    case MessageType.ConfigureNames: NamesConfiguration.Decode(ref r); break;
                }
            }
            catch (ProtocolException)
            {
                // Said what is wrong, as it should.
            }
        }
    }
}
