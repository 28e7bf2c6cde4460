using Hypr.Primitives;

namespace Hypr.Cli.Terminal;

/// <summary>Finds the keys that detach (ctrl-p ctrl-q) in what is typed, over the ends of reads (moby/term, escapeProxy).</summary>
internal sealed class DetachKeys
{
    public const string Default = "ctrl-p,ctrl-q";
    private readonly byte[] _keys;
    private int _matched;

    private DetachKeys(byte[] keys) => _keys = keys;

    /// <summary>Parses <c>ctrl-p,ctrl-q</c>: letters, or <c>ctrl-</c> with a letter or one of <c>@ [ \ ] ^ _</c>.</summary>
    /// <exception cref="HyprException">It is no such list.</exception>
    public static DetachKeys Parse(string text)
    {
        string[] words = text.Split(',');
        byte[] keys = new byte[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            keys[i] = words[i] switch
            {
                [var key] when key is > ' ' and < '\x7f' => (byte)key,
                ['c', 't', 'r', 'l', '-', var key] when char.IsAsciiLetter(key) => (byte)(char.ToUpperInvariant(key) - '@'),
                ['c', 't', 'r', 'l', '-', var key] when key is '@' or '[' or '\\' or ']' or '^' or '_' => (byte)(key - '@'),
                _ => throw HyprException.Invalid(
                    $"--detach-keys \"{text}\": \"{words[i]}\" is no key. Write letters or ctrl-LETTER, as {Default}"),
            };
        }
        return new DetachKeys(keys);
    }

    /// <summary>
    /// Writes to <paramref name="pass"/> what goes on to the guest; true when the keys were typed. A held-back key goes on when another
    /// follows.
    /// </summary>
    public bool Scan(ReadOnlySpan<byte> typed, Stream pass)
    {
        foreach (byte key in typed)
        {
            if (key == _keys[_matched])
            {
                if (++_matched == _keys.Length)
                {
                    _matched = 0;
                    return true;
                }
                continue;
            }
            if (_matched > 0)
                pass.Write(_keys, 0, _matched);
            _matched = key == _keys[0] && _keys.Length > 1 ? 1 : 0;
            if (_matched == 0)
                pass.WriteByte(key);
        }
        return false;
    }
}
