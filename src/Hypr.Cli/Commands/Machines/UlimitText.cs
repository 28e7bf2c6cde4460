using System.Globalization;
using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;

namespace Hypr.Cli.Commands.Machines;

/// <summary><c>--ulimit NAME=SOFT[:HARD]</c>; without a hard limit it is the soft one (docker/go-units, ulimit.go).</summary>
internal static class UlimitText
{
    public static Ulimit Parse(CommandLine line, string text)
    {
        int equals = text.IndexOf('=');
        string[] values = equals < 0 ? [] : text[(equals + 1)..].Split(':');
        if (equals <= 0 || values.Length > 2 || !TryNumber(values[0], out long soft) || !TryNumber(values[^1], out long hard))
            throw new UsageException(line, $"--ulimit \"{text}\": not of the form NAME=SOFT[:HARD], as nofile=1024:2048");
        return new Ulimit { Name = text[..equals], Soft = soft, Hard = hard };
    }

    private static bool TryNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number) && number >= -1;
}
