using System.Globalization;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>How many CPUs and how much memory a machine gets.</summary>
internal static class Sizing
{
    public const int DefaultCpus = 2;
    public const long DefaultMemory = 512L << 20;
    private const long Billion = 1_000_000_000;

    public static int Cpus(MachineConfig config) =>
        config.NanoCpus == 0 ? Math.Min(DefaultCpus, Environment.ProcessorCount) : (int)((config.NanoCpus + Billion - 1) / Billion);

    public static long Memory(MachineConfig config) => config.Memory == 0 ? DefaultMemory : config.Memory;

    public static void Check(MachineConfig config, long minimum)
    {
        var memory = Memory(config);
        if (memory < minimum)
        {
            throw HyprException.Invalid(
                $"memory of {memory >> 20} MB: the guest's kernel does not boot with less than {minimum >> 20} MB. Give more with -m, or leave it out for {DefaultMemory >> 20} MB");
        }

        if (config.NanoCpus < 0 || Cpus(config) > Environment.ProcessorCount)
        {
            throw HyprException.Invalid(string.Create(CultureInfo.InvariantCulture,
                $"Range of CPUs is from 0.01 to {Environment.ProcessorCount}.00, as there are only {Environment.ProcessorCount} CPUs available"));
        }
    }
}
