using System.Diagnostics;
using System.Text;
using Hypr.Daemon.Tests.Fakes;

namespace Hypr.Daemon.Tests.Docker;

/// <summary>The real docker, pointed at hyprd.</summary>
internal static class DockerCli
{
    /// <summary>Debian's, and a newer one where it is installed.</summary>
    public static IEnumerable<string> Found => new[] { "/usr/bin/docker", "/usr/local/bin/docker" }.Where(File.Exists);

    public static async Task<CliResult> RunAsync(this ApiFixture api, string docker, string arguments, string? input = null)
    {
        var start = new ProcessStartInfo(docker, arguments.Split(' ').Select(a => a.Replace('~', ' ')))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOCKER_HOST"] = "unix://" + api.Paths.Socket;
        start.Environment["DOCKER_CONFIG"] = api.Paths.Runtime;
        start.Environment.Remove("DOCKER_API_VERSION");
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        await using var end = patience.Token.Register(() => process.Kill());
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
        }

        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return new CliResult(process.ExitCode, await output, await error);
    }
}

internal sealed record CliResult(int Code, string Out, string Error)
{
    /// <summary>The output of a command that must succeed.</summary>
    public string Good => Code == 0 ? Out : throw new Xunit.Sdk.XunitException(new StringBuilder().Append($"exit code {Code}: {Error} {Out}").ToString());
}
