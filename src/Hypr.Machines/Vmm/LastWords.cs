using System.Text;

namespace Hypr.Machines.Vmm;

/// <summary>
/// The last bytes that were written, whatever came before: a guest or a VMM that writes without end fills neither memory nor disk.
/// </summary>
internal sealed class LastWords(int capacity)
{
    private const string Panic = "Kernel panic";
    private readonly Lock _lock = new();
    private readonly byte[] _ring = new byte[capacity];
    private long _written;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            if (bytes.Length > capacity)
            {
                _written += bytes.Length - capacity;
                bytes = bytes[^capacity..];
            }

            var at = (int)(_written % capacity);
            var first = Math.Min(bytes.Length, capacity - at);
            bytes[..first].CopyTo(_ring.AsSpan(at));
            bytes[first..].CopyTo(_ring);
            _written += bytes.Length;
        }
    }

    public byte[] ToArray()
    {
        lock (_lock)
        {
            var count = (int)Math.Min(_written, capacity);
            var result = new byte[count];
            var at = (int)((_written - count) % capacity);
            var first = Math.Min(count, capacity - at);
            _ring.AsSpan(at, first).CopyTo(result);
            _ring.AsSpan(0, count - first).CopyTo(result.AsSpan(first));
            return result;
        }
    }

    /// <summary>The last lines as one line for a message: what a terminal could take for a command is taken out.</summary>
    public string End(int lines, int characters) => Printable(Encoding.UTF8.GetString(ToArray()), lines, characters);

    /// <summary>Text of a guest's for a message on a person's terminal.</summary>
    public static string Printable(string text, int lines, int characters)
    {
        var all = text.Split('\n').Select(Clean).Where(line => line.Length > 0).ToList();
        // A kernel's panic is followed by a trace that hides it.
        var panic = all.FindLastIndex(line =>
            line.Contains(Panic, StringComparison.Ordinal) && !line.Contains("end " + Panic, StringComparison.Ordinal));
        var result = string.Join(" | ", (panic < 0 ? all : all.Take(panic + 1)).TakeLast(lines));
        return result.Length <= characters ? result : "..." + result[^characters..];
    }

    private static string Clean(string line)
    {
        var clean = new StringBuilder(line.Length);
        for (var i = 0; i < line.Length; i++)
        {
            // A terminal's CSI sequence (ECMA-48) ends with the first byte from @ to ~.
            if (line[i] == '\e' && i + 1 < line.Length && line[i + 1] == '[')
            {
                for (i += 2; i < line.Length && line[i] is < '@' or > '~'; i++)
                {
                }
            }
            else if (!char.IsControl(line[i]))
            {
                clean.Append(line[i]);
            }
        }

        return clean.ToString().Trim();
    }
}
