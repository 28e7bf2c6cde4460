using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Hypr.Dns.Fuzz;

/// <summary>
/// A fuzzer in the process, guided by what SharpFuzz's instrumentation counts (each branch taken, by afl's hash of it and the one before): an input that takes a
/// new way is kept and changed further. The corpus decides how far it comes; the seed makes a run repeatable.
/// </summary>
internal sealed unsafe class Loop(Func<Action<byte[]>> make, string corpus, int seed)
{
    private const int MapSize = 1 << 16;
    private const int MostOctets = 4096;
    private readonly Random _random = new(seed);
    private readonly byte[] _map = GC.AllocateArray<byte>(MapSize, pinned: true);
    private readonly byte[] _seen = new byte[MapSize];
    private readonly List<byte[]> _inputs = [];
    private Action<byte[]> _target = static _ => { };

    public int Run(TimeSpan time)
    {
        fixed (byte* map = _map)
        {
            // Instrumented code writes there from its first instruction on. The map is pinned for the process's whole life.
            SharpFuzz.Common.Trace.SharedMem = map;
            _target = make();
            foreach (var file in Directory.GetFiles(corpus).Order(StringComparer.Ordinal))
            {
                if (!Try(File.ReadAllBytes(file), keep: false))
                {
                    return 1;
                }
            }

            var (start, count, found) = (Stopwatch.StartNew(), 0L, _inputs.Count);
            while (start.Elapsed < time)
            {
                if (!Try(Change(_inputs[_random.Next(_inputs.Count)]), keep: true))
                {
                    return 1;
                }

                count++;
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{count} inputs in {start.Elapsed.TotalSeconds:F0} s, {_seen.Count(static c => c != 0)} ways, {_inputs.Count - found} inputs more in the corpus, none failed"));
            return 0;
        }
    }

    private bool Try(byte[] input, bool keep)
    {
        _map.AsSpan().Clear();
        SharpFuzz.Common.Trace.PrevLocation = 0;
        try
        {
            _target(input);
        }
        catch (Exception e)
        {
            var folder = Directory.CreateDirectory(Path.Combine(corpus, "..", "crashes"));
            var file = Path.Combine(folder.FullName, Name(input));
            File.WriteAllBytes(file, input);
            Console.Error.WriteLine($"{file}: {e}");
            return false;
        }

        if (!IsNew() && keep)
        {
            return true;
        }

        _inputs.Add(input);
        if (keep)
        {
            File.WriteAllBytes(Path.Combine(corpus, Name(input)), input);
        }

        return true;
    }

    /// <summary>afl's classes of counts: 1, 2, 3, 4 to 7, 8 to 15, ... a bit each.</summary>
    private bool IsNew()
    {
        var isNew = false;
        for (var i = 0; i < MapSize; i++)
        {
            if (_map[i] == 0)
            {
                continue;
            }

            var bit = (byte)(1 << (_map[i] < 4 ? _map[i] - 1 : int.Log2(_map[i]) + 1 is var log && log > 7 ? 7 : log));
            isNew |= (_seen[i] & bit) == 0;
            _seen[i] |= bit;
        }

        return isNew;
    }

    private byte[] Change(byte[] input)
    {
        var bytes = new List<byte>(input);
        for (var times = 1 << _random.Next(5); times > 0; times--)
        {
            var at = _random.Next(bytes.Count + 1);
            switch (_random.Next(6))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (ReadOnlySpan<byte>)[0, 1, 12, 41, 63, 64, 127, 128, 192, 255] is var odd ? odd[_random.Next(odd.Length)] : (byte)0;
                    break;
                case 2 when bytes.Count < MostOctets:
                    bytes.Insert(at, (byte)_random.Next(256));
                    break;
                case 3 when at < bytes.Count:
                    bytes.RemoveRange(at, _random.Next(1, Math.Min(16, bytes.Count - at) + 1));
                    break;
                case 4:
                    var other = _inputs[_random.Next(_inputs.Count)];
                    var from = _random.Next(other.Length + 1);
                    var taken = other.AsSpan(from, _random.Next(other.Length - from + 1));
                    if (bytes.Count + taken.Length <= MostOctets)
                    {
                        bytes.InsertRange(at, taken.ToArray());
                    }

                    break;
                case 5 when at < bytes.Count:
                    bytes[at] = (byte)_random.Next(256);
                    break;
            }
        }

        return [.. bytes];
    }

    private static string Name(byte[] input) => Convert.ToHexStringLower(SHA256.HashData(input).AsSpan(0, 8));
}
