using System.ComponentModel;
using System.Diagnostics;

namespace Hypr.Network.Platforms.Linux.Foreign;

/// <summary>iptables refused; its own words.</summary>
internal sealed class IptablesException(string message) : Exception(message);

/// <summary>One of the iptables programs, and what it is good for on this host.</summary>
/// <param name="Program">Its path up to the suffix: <c>/usr/sbin/iptables-nft</c>.</param>
/// <param name="IsDefault">What an administrator gets who types <c>iptables</c>.</param>
internal sealed record IptablesTool(string Program, bool IsIPv6, bool IsLegacy, bool IsDefault)
{
    private const string NftBinary = "xtables-nft-multi";
    private const string LegacyBinary = "xtables-legacy-multi";
    private static readonly string[] Folders = ["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Those that are installed now: another may be tomorrow.</summary>
    public static List<IptablesTool> Find()
    {
        var found = new List<IptablesTool>();
        foreach (var (family, ipv6) in (ReadOnlySpan<(string, bool)>)[("iptables", false), ("ip6tables", true)])
        {
            var standard = Locate(family);
            var isLegacy = standard is not null && BinaryOf(standard) == LegacyBinary;
            if (standard is not null)
                found.Add(new IptablesTool(standard, ipv6, isLegacy, IsDefault: true));
            // The other variant, where both are installed (Debian's alternatives): its tables count as much.
            if (Locate(family + (isLegacy ? "-nft" : "-legacy")) is { } other && BinaryOf(other) == (isLegacy ? NftBinary : LegacyBinary))
                found.Add(new IptablesTool(other, ipv6, !isLegacy, IsDefault: false));
        }

        return found;
    }

    /// <summary>Whether the variant has the table in this network namespace. To ask the legacy program would make it.</summary>
    public bool LegacyHas(string table)
    {
        var path = $"/proc/thread-self/net/{(IsIPv6 ? "ip6" : "ip")}_tables_names";
        try
        {
            return File.ReadLines(path).Contains(table);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>For people.</summary>
    public string Name => $"{Path.GetFileName(Program)} ({(IsLegacy ? "legacy" : "nf_tables")})";

    /// <summary><c>iptables-save -t TABLE</c>, line by line; with <c>-c</c> each has its packets and bytes before it.</summary>
    public List<string> Save(string table, bool withCounts = false) =>
        [.. Run("-save", withCounts ? ["-c", "-t", table] : ["-t", table], null).Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    /// <summary><c>iptables-restore --noflush --wait</c>: all lines in one transaction.</summary>
    public void Restore(string table, IEnumerable<string> lines) =>
        Run("-restore", ["--noflush", "--wait", "5"], $"*{table}\n{string.Join('\n', lines)}\nCOMMIT\n");

    private static string? Locate(string name) => Folders.Select(f => Path.Combine(f, name)).FirstOrDefault(File.Exists);

    private static string? BinaryOf(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.Name ?? Path.GetFileName(path);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The program is in this thread's network namespace.</summary>
    private string Run(string suffix, string[] arguments, string? input)
    {
        var start = new ProcessStartInfo(Program + suffix, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            if (input is not null)
                process.StandardInput.Write(input);
            process.StandardInput.Close();
            if (!process.WaitForExit(Patience))
            {
                process.Kill();
                throw new IptablesException($"{start.FileName} did not end within {Patience.TotalSeconds:0} s");
            }

            return process.ExitCode == 0 ? output.Result : throw new IptablesException($"{start.FileName} failed: {error.Result.Trim()}");
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            throw new IptablesException($"{start.FileName} cannot be run: {e.Message}");
        }
    }
}
