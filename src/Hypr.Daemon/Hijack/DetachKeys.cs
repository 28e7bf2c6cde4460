using System.Text;
using Hypr.Primitives;

namespace Hypr.Daemon.Hijack;

/// <summary>Looks for the detach sequence in what a person types (moby/term, escape proxy). Keys that began it and did not end it are passed on.</summary>
internal sealed class DetachKeys(byte[] keys)
{
    /// <summary>ctrl-p, ctrl-q</summary>
    public static readonly byte[] Default = [16, 17];
    private int _matched;

    public bool Detached { get; private set; }

    /// <summary>What goes on to the process.</summary>
    public ReadOnlyMemory<byte> Filter(ReadOnlySpan<byte> typed)
    {
        var through = new List<byte>(typed.Length + keys.Length);
        foreach (var key in typed)
        {
            if (key == keys[_matched])
            {
                if (++_matched == keys.Length)
                {
                    Detached = true;
                    break;
                }

                continue;
            }

            through.AddRange(keys.AsSpan(0, _matched));
            _matched = key == keys[0] ? 1 : 0;
            if (_matched == 0)
            {
                through.Add(key);
            }
            else if (keys.Length == 1)
            {
                Detached = true;
                break;
            }
        }

        return through.ToArray();
    }

    /// <summary><c>ctrl-p,ctrl-q</c>, <c>a,b</c>; null or empty: the default.</summary>
    public static byte[] Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return Default;
        }

        return [.. text.Split(',').Select(key => key.ToLowerInvariant() switch
        {
            [var single] when char.IsAscii(single) => Encoding.ASCII.GetBytes(key)[0],
            ['c', 't', 'r', 'l', '-', >= 'a' and <= 'z' and var letter] => (byte)(letter - 'a' + 1),
            "ctrl-@" => (byte)0,
            "ctrl-[" => (byte)27,
            "ctrl-\\" => (byte)28,
            "ctrl-]" => (byte)29,
            "ctrl-^" => (byte)30,
            "ctrl-_" => (byte)31,
            _ => throw HyprException.Invalid($"Invalid detach keys ({text}) provided: single characters and ctrl-a to ctrl-z, separated by commas, are due"),
        })];
    }
}
