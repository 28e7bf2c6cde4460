using System.Globalization;

namespace Hypr.Primitives;

/// <summary>Where hyprd meets what may fail. In <c>HYPR_FAULT</c> the names stand in lower case with dashes.</summary>
public enum Seam
{
    /// <summary>A request of rtnetlink is refused (ENOMEM).</summary>
    Netlink,

    /// <summary>The kernel does what rtnetlink is asked, and its answer is lost (ENOBUFS).</summary>
    NetlinkLost,

    /// <summary>A transaction or request of nf_tables is refused (ENOMEM).</summary>
    Nft,

    /// <summary>The database stays locked (SQLITE_BUSY).</summary>
    StoreBusy,

    /// <summary>A statement or commit finds the disk full (SQLITE_FULL).</summary>
    StoreFull,

    /// <summary>A file or folder finds the disk full (ENOSPC).</summary>
    Files,

    /// <summary>The VMM's process cannot be made.</summary>
    VmmStart,

    /// <summary>The VMM is killed before the next words to its agent.</summary>
    VmmDies,

    /// <summary>The VMM's monitor does not do what it is told.</summary>
    Qmp,

    /// <summary>The agent hears the next words and is silent from then on.</summary>
    AgentHangs,
}

/// <summary>
/// Failures on purpose, one switch for all seams: each asks before it passes. Null in production, where a seam costs one comparison.
/// A plan is <c>SEAM:N</c>, the N-th pass from now on fails, or <c>SEAM:N+</c>, that one and all behind it; several stand between commas. <c>any</c> counts the passes
/// of all seams together: <c>any:N+</c> leaves behind what a hyprd that is killed at that moment does.
/// </summary>
public sealed class Faults
{
    private readonly Lock _gate = new();
    private readonly int[] _passes = new int[Enum.GetValues<Seam>().Length];
    private readonly string? _file;
    private DateTime _read;
    private (Seam? Seam, int Pass, bool Onwards)[] _plan = [];
    private int _all;
    private int _hits;

    /// <param name="file">
    /// Has the plan, and is read again whenever it was written; each pass that failed is a line more in <c>FILE.hits</c>. Null: <see cref="Arm"/> is used.
    /// </param>
    public Faults(string? file = null) => _file = file;

    /// <summary>How many passes failed since the plan was made.</summary>
    public int Hits => Volatile.Read(ref _hits);

    /// <summary>By <c>HYPR_FAULT</c>: a plan, or <c>@FILE</c>. Null when it is not set.</summary>
    /// <exception cref="HyprException">InvalidParameter: not a plan.</exception>
    public static Faults? FromEnvironment()
    {
        if (Environment.GetEnvironmentVariable("HYPR_FAULT") is not { Length: > 0 } text)
        {
            return null;
        }

        var faults = new Faults(text[0] == '@' ? text[1..] : null);
        if (text[0] != '@')
        {
            faults.Arm(text);
        }

        return faults;
    }

    /// <summary>From now on, in place of what was planned before; empty: nothing fails.</summary>
    public void Arm(string plan)
    {
        var parsed = plan.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Parse).ToArray();
        lock (_gate)
        {
            _plan = parsed;
            _hits = 0;
            _all = 0;
            Array.Clear(_passes);
        }
    }

    /// <summary>Counts a pass; true when it is to fail. The seam then fails as what is behind it would.</summary>
    public bool Fails(Seam seam)
    {
        if (_file is not null)
        {
            Read(_file);
        }

        lock (_gate)
        {
            var (pass, all) = (++_passes[(int)seam], ++_all);
            var fails = Array.Exists(_plan, f => (f.Seam is null || f.Seam == seam) && (f.Seam is null ? all : pass) is var now && (now == f.Pass || (f.Onwards && now > f.Pass)));
            if (fails)
            {
                _hits++;
                if (_file is not null)
                {
                    File.AppendAllText($"{_file}.hits", $"{seam}:{pass}\n");
                }
            }

            return fails;
        }
    }

    private void Read(string file)
    {
        // A file that is not there has the time 1601.
        var written = File.GetLastWriteTimeUtc(file);
        lock (_gate)
        {
            if (written == _read)
            {
                return;
            }

            _read = written;
            Arm(File.Exists(file) ? File.ReadAllText(file) : "");
        }
    }

    private static (Seam? Seam, int Pass, bool Onwards) Parse(string text)
    {
        var cut = text.IndexOf(':');
        var name = cut < 0 ? "" : text[..cut];
        var seam = default(Seam);
        return (name == "any" || Enum.TryParse(name.Replace("-", ""), ignoreCase: true, out seam))
            && int.TryParse(text[(cut + 1)..].TrimEnd('+'), NumberStyles.None, CultureInfo.InvariantCulture, out var pass) && pass > 0
            ? (name == "any" ? null : seam, pass, text[^1] == '+')
            : throw HyprException.Invalid($"HYPR_FAULT: {text} is no fault. SEAM:N or SEAM:N+ is due, SEAM any or one of {string.Join(' ', Enum.GetNames<Seam>())}");
    }
}

/// <summary>How files fail.</summary>
public static class FileFaults
{
    private const int NoSpace = 28;

    /// <summary>Called before something is written.</summary>
    /// <exception cref="IOException">ENOSPC, as .NET tells it, when a fault is due.</exception>
    public static void BeforeWriting(this Faults? faults, string path)
    {
        if (faults is not null && faults.Fails(Seam.Files))
        {
            throw new IOException($"No space left on device : '{path}'", NoSpace);
        }
    }
}
