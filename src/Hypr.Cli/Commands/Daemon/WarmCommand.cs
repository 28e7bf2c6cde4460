using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Commands.Machines;
using Hypr.Cli.Output;

namespace Hypr.Cli.Commands.Daemon;

/// <summary><c>hypr system warm</c></summary>
internal static class WarmCommand
{
    private const long NanoCpusPerCpu = 1_000_000_000;

    public static readonly CommandSpec Command = new("warm", "Save a booted guest that VMs of a size start from")
    {
        Options =
        [
            Option.Text("cpus", '\0', "Number of CPUs (default 2)", "decimal"),
            Option.Text("memory", 'm', "Memory: 512m, 1g; a bare number is in MB (default 512m)", "bytes"),
        ],
        Examples = [("hypr system warm", "the next hypr run of the default size need not boot"), ("hypr system warm --cpus 1 -m 256m", "for VMs of another size")],
        Run = Run,
    };

    private static int Run(CommandLine line, Session session)
    {
        long cpus = (CreateRequest.Cpus(line) + NanoCpusPerCpu - 1) / NanoCpusPerCpu;
        long memory = CreateRequest.Memory(line);
        var query = new Query("hypr", "templates").Add("cpus", cpus > 0 ? (int)cpus : null);
        var template = session.Api.Post(query.Add("memory", memory > 0 ? memory.ToString(System.Globalization.CultureInfo.InvariantCulture) : null));
        string count = template.Number("Cpus") is 1 ? "1 CPU" : $"{template.Number("Cpus")} CPUs";
        session.Io.WriteLine($"VMs of {count} and {Sizes.HumanBinary(template.Number("Memory"))} start warm");
        return 0;
    }
}
