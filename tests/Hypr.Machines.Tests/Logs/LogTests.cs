using System.Text;
using System.Text.Json;
using Hypr.Machines.Logs;

namespace Hypr.Machines.Tests.Logs;

public sealed class LogTests : IDisposable
{
    private const ulong Run = 4711;
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly LogQuery All = new(true, true, null, null, null, false);
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-log-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "log.json");

    [Fact]
    public async Task Lines_are_Dockers_json_with_our_mark()
    {
        var files = Files();
        var writer = Writer(files);
        writer.Write(1, 0, Start, Utf8("a \"quoted\" \\ tab\tü\u0001 ÿ no\n"u8, [0xff, (byte)'\n']));
        writer.Complete();
        var line = (await File.ReadAllLinesAsync(Path, TestContext.Current.CancellationToken))[0];
        using var json = JsonDocument.Parse(line);
        Assert.Equal("a \"quoted\" \\ tab\tü\u0001 ÿ no\n", json.RootElement.GetProperty("log").GetString());
        Assert.Equal("stdout", json.RootElement.GetProperty("stream").GetString());
        Assert.Equal("2026-01-02T03:04:05.000000000Z", json.RootElement.GetProperty("time").GetString());
        Assert.Equal(["a \"quoted\" \\ tab\tü\u0001 ÿ no\n", "\ufffd\n"], await ReadAsync(files, All));
    }

    [Fact]
    public async Task A_long_line_is_split_at_16_KiB_and_not_within_a_character()
    {
        var files = Files();
        var writer = Writer(files);
        var text = "x" + new string('ü', 12_000) + "\n";
        writer.Write(1, 0, Start, Encoding.UTF8.GetBytes(text));
        writer.Complete();
        var parts = await ReadAsync(files, All);
        Assert.Equal(2, parts.Count);
        Assert.Equal(text, string.Concat(parts));
        Assert.InRange(Encoding.UTF8.GetByteCount(parts[0]), LogLine.MostText - 3, LogLine.MostText);
    }

    [Fact]
    public async Task Streams_are_told_apart_and_a_line_without_its_end_is_written_at_the_end()
    {
        var files = Files();
        var writer = Writer(files);
        writer.Write(1, 0, Start, "out "u8);
        writer.Write(2, 4, Start, "err\n"u8);
        writer.Write(1, 8, Start, "put\nopen"u8);
        writer.Complete();
        Assert.Equal(["err\n", "out put\n", "open"], await ReadAsync(files, All));
        Assert.Equal(["err\n"], await ReadAsync(files, All with { Stdout = false }));
        Assert.Equal(["out put\n", "open"], await ReadAsync(files, All with { Stderr = false }));
    }

    [Fact]
    public async Task A_writer_that_was_killed_anywhere_leaves_neither_gap_nor_double()
    {
        // Two streams in pieces that cut lines anywhere; after each piece the writer is lost and another one goes on.
        var output = new List<(int Stream, ulong Position, byte[] Data)>();
        var random = new Random(7);
        ulong position = 0;
        for (var i = 0; i < 300; i++)
        {
            var data = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(9) == 0 ? '\n' : (char)random.Next('a', 'z'))));
            output.Add((random.Next(1, 3), position, data));
            position += (ulong)data.Length;
        }

        var files = Files(bytes: 5_000, count: 1_000);
        for (var lost = 0; lost <= output.Count; lost++)
        {
            var writer = Writer(files);
            var from = writer.Next;
            foreach (var (stream, at, data) in output.Take(lost == output.Count ? lost : lost + 1).Where(piece => piece.Position + (ulong)piece.Data.Length > from))
            {
                // The guest sends from the position asked for, within a piece too.
                var skip = from > at ? (int)(from - at) : 0;
                writer.Write(stream, at + (ulong)skip, Start, data.AsSpan(skip));
            }

            if (lost == output.Count)
                writer.Complete();
            else
                writer.Abandon();
        }

        foreach (var stream in new[] { 1, 2 })
        {
            var expected = string.Concat(output.Where(piece => piece.Stream == stream).Select(piece => Encoding.ASCII.GetString(piece.Data)));
            Assert.Equal(expected, string.Concat(await ReadAsync(files, All with { Stdout = stream == 1, Stderr = stream == 2 })));
        }
    }

    [Fact]
    public async Task A_torn_last_line_is_cut_off_and_another_run_begins_at_0()
    {
        var files = Files();
        var writer = Writer(files);
        writer.Write(1, 0, Start, "whole\n"u8);
        writer.Abandon();
        await File.AppendAllTextAsync(Path, "{\"log\":\"torn", TestContext.Current.CancellationToken);
        Assert.Equal(6ul, Writer(files, close: true).Next);
        var other = new LogWriter(files, Run + 1, TimeProvider.System);
        Assert.Equal(0ul, other.Next);
        other.Write(1, 0, Start, "second run\n"u8);
        other.Complete();
        Assert.Equal(["whole\n", "second run\n"], await ReadAsync(files, All));
    }

    [Fact]
    public async Task Files_are_rotated_within_their_bounds_and_the_tail_reaches_across_them()
    {
        var files = Files(bytes: 20_000, count: 3);
        Fill(files, 2_000);
        Assert.Equal(3, Directory.GetFiles(_folder).Length);
        Assert.All(Directory.GetFiles(_folder), file => Assert.InRange(new FileInfo(file).Length, 1, 20_000));
        var kept = await ReadAsync(files, All);
        Assert.Equal(Enumerable.Range(2_000 - kept.Count, kept.Count).Select(i => $"line {i}\n"), kept);
        foreach (var tail in new[] { 0, 1, 2, 100, kept.Count - 1, kept.Count, kept.Count + 1 })
            Assert.Equal(kept.TakeLast(tail), await ReadAsync(files, All with { Tail = tail }));
        var errors = kept.Where(line => int.Parse(line[5..], System.Globalization.CultureInfo.InvariantCulture) % 10 == 0).ToList();
        foreach (var tail in new[] { 0, 1, 30, errors.Count + 1 })
            Assert.Equal(errors.TakeLast(tail), await ReadAsync(files, All with { Stdout = false, Tail = tail }));
    }

    [Fact]
    public async Task Since_and_until_bound_by_time()
    {
        var files = Files();
        Fill(files, 100);
        Assert.Equal(
            ["line 10\n", "line 11\n", "line 12\n"],
            await ReadAsync(files, All with { Since = Start.AddSeconds(10), Until = Start.AddSeconds(12) }));
    }

    [Fact]
    public async Task A_follower_sees_what_comes_across_rotations_until_the_writer_ends()
    {
        var files = Files(bytes: 20_000, count: 50);
        var writer = Writer(files);
        writer.Write(1, 0, Start, "line 0\n"u8);
        var following = ReadAsync(files, All with { Follow = true });
        ulong position = 7;
        for (var i = 1; i < 2_000; i++)
        {
            var line = Encoding.ASCII.GetBytes($"line {i}\n");
            writer.Write(1, position, Start.AddSeconds(i), line);
            position += (ulong)line.Length;
        }

        writer.Complete();
        Assert.Equal(Enumerable.Range(0, 2_000).Select(i => $"line {i}\n"), await following);
        Assert.Equal(["line 1999\n"], await ReadAsync(files, All with { Follow = true, Tail = 1 }));
    }

    [Fact]
    public async Task What_is_no_line_of_a_log_is_passed_over()
    {
        await File.WriteAllTextAsync(
            Path, "rubbish\n{\"log\":\"kept\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05Z\",\"attrs\":{\"a\":[1]}}\n{}\n" + new string('x', 500_000) + "\n",
            TestContext.Current.CancellationToken);
        Assert.Equal(["kept\n"], await ReadAsync(Files(), All));
    }

    [Fact]
    public async Task A_log_that_is_not_there_is_empty() => Assert.Empty(await ReadAsync(Files(), All with { Follow = true, Tail = 5 }));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static byte[] Utf8(ReadOnlySpan<byte> text, byte[] more) => [.. text, .. more];

    private static void Fill(LogFiles files, int lines)
    {
        var writer = Writer(files);
        ulong position = 0;
        for (var i = 0; i < lines; i++)
        {
            var line = Encoding.ASCII.GetBytes($"line {i}\n");
            writer.Write(i % 10 == 0 ? 2 : 1, position, Start.AddSeconds(i), line);
            position += (ulong)line.Length;
        }

        writer.Complete();
    }

    private LogFiles Files(long bytes = 10_000_000, int count = 3) => new(Path, bytes, count);

    private static LogWriter Writer(LogFiles files, bool close = false)
    {
        var writer = new LogWriter(files, Run, TimeProvider.System);
        if (close)
            writer.Abandon();
        return writer;
    }

    private static async Task<List<string>> ReadAsync(LogFiles files, LogQuery query)
    {
        var entries = new List<string>();
        using var log = new MachineLog(files, TimeProvider.System);
        await foreach (var entry in log.ReadAsync(query, TestContext.Current.CancellationToken))
            entries.Add(Encoding.UTF8.GetString(entry.Data.Span));
        return entries;
    }
}
