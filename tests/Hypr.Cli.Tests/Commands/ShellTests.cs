using System.Diagnostics;

namespace Hypr.Cli.Tests.Commands;

/// <summary>The scripts for zsh and fish in the real shells, which run the real program against a daemon that knows two VMs.</summary>
public sealed class ShellTests : CommandRunner
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-shell-").FullName;

    public ShellTests() => Daemon
        .On("GET /containers/json", """
            [{"Id":"1111111111111111111111111111111111111111111111111111111111111111","Names":["/web"],"Image":"nginx","Status":"Up 5 minutes"},
             {"Id":"2222222222222222222222222222222222222222222222222222222222222222","Names":["/worker"],"Image":"tools","Status":"Up 1 second"}]
            """)
        .On("GET /images/json", """[{"Id":"sha256:1","RepoTags":["nginx:1.27"]}]""");

    public override void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        base.Dispose();
    }

    [Theory]
    [InlineData("hypr stop w", "web|worker")]
    [InlineData("hypr run nginx:1", "nginx:1.27")]
    [InlineData("hypr network conn", "connect")]
    [InlineData("hypr run --restart un", "unless-stopped")]
    public void Fish_offers_them(string line, string expected)
    {
        var offered = Shell("fish", "--no-config", "-c", $"source {Script("fish")}; complete -C '{line}'");
        Assert.Equal(expected.Split('|'), offered.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t')[0]));
    }

    /// <summary>A zsh on a terminal of its own (zpty), in which a tab is typed; then what it shows.</summary>
    [Theory]
    [InlineData("hypr stop w", "worker")]
    [InlineData("hypr stop wo", "hypr stop worker ")]
    [InlineData("hypr run nginx:1", "hypr run nginx:1.27")]
    [InlineData("hypr network conn", "hypr network connect")]
    public void Zsh_offers_them(string line, string expected)
    {
        var driver = Path.Combine(_folder, "driver");
        File.WriteAllText(driver, $$"""
            zmodload zsh/zpty
            zpty z "TERM=dumb PS1='> ' zsh -f -i"
            zpty -w z "autoload -Uz compinit; compinit -u -D; source {{Script("zsh")}}; LISTMAX=0; setopt auto_list no_list_beep; print rea''dy"
            zpty -r -m z shown '*ready*' || exit 2
            zpty -w -n z "$1"$'\t'
            zpty -r -m z shown "*$2*" || exit 3
            zpty -d z
            """);
        Shell("zsh", "-f", driver, line, expected);
    }

    private string Script(string shell)
    {
        var path = Path.Combine(_folder, shell);
        File.WriteAllText(path, Run($"completion {shell}").Output);
        return path;
    }

    private string Shell(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["PATH"] = $"{AppContext.BaseDirectory}:{System.Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["HYPR_HOST"] = "unix://" + Daemon.SocketPath;
        start.Environment["HOME"] = _folder;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            Assert.True(process.WaitForExit(Deadline), $"{program} does not end");
            Assert.True(process.ExitCode == 0, $"{program}: {process.ExitCode} {error.Result}{output.Result}");
            return output.Result;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
