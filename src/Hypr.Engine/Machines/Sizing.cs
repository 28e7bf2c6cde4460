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
}
