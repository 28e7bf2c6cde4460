using System.Globalization;

namespace Hypr.Machines.Vmm.Qemu;

/// <summary>
/// The frequency of the host's time-stamp counter, which a TCG guest on an x86 host reads as its own (QEMU, cpu_get_host_ticks). The
/// kernel publishes it as
/// BogoMIPS only: where the TSC is the delay timer, loops_per_jiffy is tsc_khz * 1000 / HZ (arch/x86/kernel/tsc.c, lpj_fine), shown as
/// tsc_khz / 500.
/// </summary>
internal static class TscFrequency
{
    /// <summary>In kHz, exact to 5; 0 when it is not known or the counter does not run evenly.</summary>
    public static long Read(string cpuInfo = "/proc/cpuinfo")
    {
        try
        {
            using var reader = new StreamReader(cpuInfo);
            return Parse(reader);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    internal static long Parse(TextReader cpuInfo)
    {
        var even = false;
        decimal mips = 0;
        while (cpuInfo.ReadLine() is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':');
            if (colon < 0)
                continue;
            var value = line.AsSpan(colon + 1).Trim();
            switch (line.AsSpan(0, colon).Trim())
            {
                case "flags":
                    even = value.Contains(" constant_tsc ", StringComparison.Ordinal);
                    break;
                case "bogomips":
                    decimal.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out mips);
                    break;
            }
        }

        return even && mips is > 0 and < 100_000 ? (long)(mips * 500) : 0;
    }
}
