using System.Globalization;
using System.Text.Json;
using Hypr.Linux.Files;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Machines.Vmm.Qemu;

/// <summary>
/// QEMU's migration as the way to save and load a guest: memory stays in its file, what goes over the pipe is CPUs and devices. A pipe and no
/// file, for <c>fd:</c> with a file is on its way out (docs/about/deprecated.rst, 9.1).
/// </summary>
internal static class QemuMigration
{
    // A few hundred kilobytes in fact: ROMs, ACPI tables, the ports' configuration spaces.
    private const int MostStateBytes = 16 << 20;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    /// <summary>Writes the state into the pipe for as long as QEMU reads, and closes it.</summary>
    public static void Feed(SafeFileHandle pipe, ReadOnlyMemory<byte> state) => _ = Task.Run(async () =>
    {
        try
        {
            await using var stream = new FileStream(pipe, FileAccess.Write, bufferSize: 0);
            await stream.WriteAsync(state);
        }
        catch (IOException)
        {
            // QEMU is gone: its own end says so.
        }
    });

    /// <summary>Starts to load from the pipe that QEMU was given; a failure is QEMU's end, with its words on stderr. All is asked at once.</summary>
    public static async Task LoadAsync(QmpClient monitor, CancellationToken cancel)
    {
        var ignored = IgnoreMemoryAsync(monitor, cancel);
        var uri = string.Create(CultureInfo.InvariantCulture, $"fd:{QemuCommandLine.State}");
        var loading = monitor.ExecuteAsync("migrate-incoming", json => json.WriteString("uri", uri), cancel);
        await Task.WhenAll(ignored, loading);
    }

    /// <summary>The guest runs until all is written: whoever loads it finds it running.</summary>
    public static async Task<byte[]> SaveAsync(QmpClient monitor, CancellationToken cancel)
    {
        const string Name = "state";
        await IgnoreMemoryAsync(monitor, cancel);
        var (reader, writer) = Descriptor.Pipe();
        await using var stream = new FileStream(reader, FileAccess.Read, bufferSize: 0);
        using (writer)
            await monitor.ExecuteAsync("getfd", json => json.WriteString("fdname", Name), cancel, writer);
        await monitor.ExecuteAsync("migrate", json => json.WriteString("uri", $"fd:{Name}"), cancel);

        using var state = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancel)) > 0)
        {
            state.Write(buffer, 0, count);
            if (state.Length > MostStateBytes)
                throw new IOException("the guest's state is without end");
        }

        // The pipe's end comes a moment before the migration's own.
        while (true)
        {
            var answer = await monitor.ExecuteAsync("query-migrate", null, cancel);
            switch (answer.TryGetProperty("status", out var status) ? status.GetString() : null)
            {
                case "completed":
                    return state.ToArray();
                case "active" or "setup" or "device" or "wait-unplug":
                    await Task.Delay(Interval, cancel);
                    break;
                case var other:
                    throw new IOException($"QEMU did not save the guest: the migration is {other ?? "not known"}");
            }
        }
    }

    /// <summary>On both ends, for the stream has a field more with it. Memory is a file, or was: it is not sent.</summary>
    private static Task<JsonElement> IgnoreMemoryAsync(QmpClient monitor, CancellationToken cancel) =>
        monitor.ExecuteAsync("migrate-set-capabilities", static json =>
        {
            json.WriteStartArray("capabilities");
            json.WriteStartObject();
            json.WriteString("capability", "x-ignore-shared");
            json.WriteBoolean("state", true);
            json.WriteEndObject();
            json.WriteEndArray();
        }, cancel);
}
