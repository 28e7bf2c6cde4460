using System.Buffers;
using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.Daemon.Hijack;

/// <summary>Which of a process's streams a client has, and how.</summary>
internal sealed record StreamChoice(bool Stdin, bool Stdout, bool Stderr, bool Tty)
{
    /// <summary>The client's end of stdin is the process's.</summary>
    public bool CloseStdin { get; init; } = true;

    /// <summary>With a terminal: the keys that let go of the process; empty: none.</summary>
    public byte[] DetachKeys { get; init; } = [];
}

/// <summary>Joins a client with a process in a guest.</summary>
internal static class SessionStreams
{
    private const int BufferSize = 32 << 10;

    /// <summary>Ends when both outputs have ended, the client is gone or detached itself, or hyprd stops.</summary>
    public static async Task JoinAsync(HijackedConnection client, IGuestSession session, StreamChoice choice, CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(client.Gone, stopping);
        var input = InputAsync(client, session, choice, over);
        try
        {
            await Task.WhenAll(
                OutputAsync(client, session.Stdout, StreamFrames.Stdout, choice.Stdout, choice.Tty, over.Token),
                OutputAsync(client, session.Stderr, StreamFrames.Stderr, choice.Stderr, choice.Tty, over.Token));
        }
        finally
        {
            await over.CancelAsync();
            await input;
        }
    }

    /// <summary>A stream that the client did not ask for is read too: a full one would stall the process.</summary>
    private static async Task OutputAsync(HijackedConnection client, Stream stream, byte number, bool wanted, bool tty, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var offset = tty ? 0 : StreamFrames.HeaderLength;
            int read;
            while ((read = await ReadAsync(stream, buffer.AsMemory(offset, BufferSize - StreamFrames.HeaderLength), cancel)) > 0)
            {
                if (!wanted)
                {
                    continue;
                }

                if (!tty)
                {
                    StreamFrames.WriteHeader(buffer, number, read);
                }

                await client.SendAsync(buffer.AsMemory(0, offset + read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The end of the VM under a process is the end of its output; how it ended is told by wait and inspect.</summary>
    private static async ValueTask<int> ReadAsync(Stream stream, Memory<byte> buffer, CancellationToken cancel)
    {
        try
        {
            return await stream.ReadAsync(buffer, cancel);
        }
        catch (Exception e) when (e is IOException or HyprException)
        {
            return 0;
        }
    }

    /// <summary>Never fails: a process that does not take its input any more still has its output read.</summary>
    private static async Task InputAsync(HijackedConnection client, IGuestSession session, StreamChoice choice, CancellationTokenSource over)
    {
        var stdin = choice.Stdin ? session.Stdin : null;
        var keys = choice.DetachKeys.Length > 0 ? new DetachKeys(choice.DetachKeys) : null;
        try
        {
            while (true)
            {
                var read = await client.Input.ReadAsync(over.Token);
                if (stdin is not null)
                {
                    foreach (var piece in read.Buffer)
                    {
                        var bytes = keys is null ? piece : keys.Filter(piece.Span);
                        await stdin.WriteAsync(bytes, over.Token);
                    }

                    await stdin.FlushAsync(over.Token);
                }

                client.Input.AdvanceTo(read.Buffer.End);
                if (keys?.Detached == true)
                {
                    await over.CancelAsync();
                    return;
                }

                if (read.IsCompleted)
                {
                    break;
                }
            }

            if (stdin is not null && choice.CloseStdin)
            {
                await session.CloseStdinAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The outputs ended first.
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // EPIPE: the process closed its stdin. The rest of the input is nobody's; it is read away when the connection is closed.
        }
    }
}
