using System.Diagnostics;

namespace Hypr.Cli.Tests.Commands;

/// <summary>What shells are told, from the table and from the daemon; the bash script in a real bash; man pages that man itself reads.</summary>
public sealed class CompletionTests : CommandRunner
{
    private const string Machines = """
        [{"Id":"1111111111111111111111111111111111111111111111111111111111111111","Names":["/web"],"Image":"nginx","Status":"Up 5 minutes"},
         {"Id":"2222222222222222222222222222222222222222222222222222222222222222","Names":["/worker"],"Image":"tools","Status":"Up 1 second"}]
        """;

    [Fact]
    public void Commands_options_and_values_come_from_the_table()
    {
        Assert.Equal(["network"], Words("netw"));
        Assert.Contains("create", Words("network", ""));
        Assert.Equal(["--publish", "--publish-all"], Words("run", "--publ"));
        Assert.Equal(["--publish"], Words("run", "nginx", "--publ"));
        Assert.Equal(["no", "on-failure", "always", "unless-stopped"], Words("run", "--restart", ""));
        Assert.Equal(["bash", "zsh", "fish"], Words("completion", ""));
        Assert.DoesNotContain("__complete", Words(""));
        Assert.Empty(Words("exec", "web", "--"));
    }

    [Fact]
    public void Names_are_live()
    {
        Daemon.On("GET /containers/json", Machines);
        Daemon.On("GET /networks", """[{"Name":"bridge","Driver":"bridge"},{"Name":"back","Driver":"bridge"}]""");
        Daemon.On("GET /images/json", """[{"Id":"sha256:1","RepoTags":["nginx:latest","nginx:1.27","<none>:<none>"]}]""");
        Assert.Equal(["web", "worker"], Words("exec", "w"));
        Assert.Equal(["web:", "worker:", ":files"], Words("cp", ""));
        Assert.Equal(["bridge", "back"], Words("run", "--network", "b"));
        Assert.Equal(["nginx", "nginx:1.27"], Words("run", "-d", "--name", "x", ""));
        Assert.Empty(Words("run", "nginx", ""));
        Assert.Equal(["web", "worker"], Words("network", "connect", "back", "w"));
    }

    [Fact]
    public void Without_a_daemon_there_are_no_names_and_no_error() => Assert.Equal((0, "", ""), Run(["__complete", "--", "stop", ""]));

    [Theory]
    [InlineData("hypr stop w", "web worker ")]
    [InlineData("hypr run nginx:1", "1.27 ")]
    [InlineData("hypr network c", "connect create ")]
    public async Task The_bash_script_works_in_bash(string line, string expected)
    {
        var script = Run("completion bash").Output;
        const string Answers = """
            hypr() { case "${*: -1}" in
              w) printf 'web\tnginx, Up\nworker\ttools, Up\n' ;;
              nginx:1) printf 'nginx:1.27\n' ;;
              c) printf 'connect\tx\ncreate\ty\n' ;;
            esac; }
            """;
        var start = new ProcessStartInfo("bash", ["-c", $$"""
            {{Answers}}
            {{script}}
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}}
            COMP_WORDS=({{line.Replace(":", " : ", StringComparison.Ordinal)}}) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _hypr
            printf '%s ' "${COMPREPLY[@]}"
            """]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var bash = Process.Start(start)!;
        var error = bash.StandardError.ReadToEndAsync();
        var output = await bash.StandardOutput.ReadToEndAsync();
        Assert.Equal((expected.Trim(), ""), (output.Trim(), await error));
        await bash.WaitForExitAsync();
    }

    [Fact]
    public void There_is_a_man_page_for_every_command()
    {
        var folder = Directory.CreateTempSubdirectory("hypr-man-").FullName;
        try
        {
            Assert.Equal(0, Run(["__man", folder]).Code);
            foreach (var command in Cli.Commands.CommandTable.All.Where(c => !c.Hidden))
            {
                var page = File.ReadAllText(Path.Combine(folder, $"hypr-{command.Name}.1"));
                Assert.StartsWith($".TH \"HYPR\\-{command.Name.ToUpperInvariant().Replace("-", "\\-", StringComparison.Ordinal)}\" \"1\"", page, StringComparison.Ordinal);
                Assert.Contains(command.Run is null ? ".SH COMMANDS" : ".SH SYNOPSIS", page, StringComparison.Ordinal);
            }

            Assert.Contains("\\-p, \\-\\-publish", File.ReadAllText(Path.Combine(folder, "hypr-run.1")), StringComparison.Ordinal);
            Assert.True(File.Exists(Path.Combine(folder, "hypr-network-create.1")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private string[] Words(params string[] words)
    {
        var (code, output, error) = Run(["__complete", "--", .. words]);
        Assert.Equal((0, ""), (code, error));
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')[0])];
    }
}
