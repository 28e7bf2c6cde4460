using Hypr.Cli.Arguments;
using Hypr.Cli.Commands;

namespace Hypr.Cli.Tests.Arguments;

public sealed class ParserTests
{
    private static CommandLine Parse(string line) =>
        new Parser(CommandTable.All).Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    [Theory]
    [InlineData("run nginx -p 8080:80", "nginx", "8080:80")]
    [InlineData("run -p 8080:80 nginx", "nginx", "8080:80")]
    [InlineData("run nginx -p 8080:80 -p 8443:443", "nginx", "8080:80 8443:443")]
    [InlineData("run nginx -p8080:80 --publish=1:1", "nginx", "8080:80 1:1")]
    [InlineData("run nginx -p 80:80 nginx -p 90", "nginx nginx -p 90", "80:80")]
    [InlineData("run nginx -p 80:80 -- -p 90", "nginx -p 90", "80:80")]
    [InlineData("run nginx -- -p 90", "nginx -p 90", "")]
    [InlineData("run busybox ls -l", "busybox ls -l", "")]
    [InlineData("run busybox -l", "busybox -l", "")]
    [InlineData("run busybox -print -p 80", "busybox -print -p 80", "")]
    [InlineData("run busybox -debug", "busybox -debug", "")]
    [InlineData("run busybox --env x", "busybox --env x", "")]
    [InlineData("run busybox -dp 80:80 sh", "busybox sh", "80:80")]
    [InlineData("run -- nginx -p 80:80", "nginx", "80:80")]
    public void Run_takes_all_options_before_the_image_and_five_after_it(string line, string words, string published)
    {
        var parsed = Parse(line);
        Assert.Equal(words, string.Join(' ', parsed.Words));
        Assert.Equal(published, string.Join(' ', parsed.All("publish")));
    }

    [Fact]
    public void Run_takes_detach_name_network_and_rm_after_the_image()
    {
        var line = Parse("run nginx -d --name web --network a --network=b --rm sh -c --rm");
        Assert.True(line.On("detach"));
        Assert.True(line.On("rm"));
        Assert.Equal("web", line.Text("name"));
        Assert.Equal(["a", "b"], line.All("network"));
        Assert.Equal(["nginx", "sh", "-c", "--rm"], line.Words);
    }

    [Theory]
    [InlineData("exec myvm -- cat /etc/resolv.conf", "myvm cat /etc/resolv.conf")]
    [InlineData("exec myvm cat /etc/resolv.conf", "myvm cat /etc/resolv.conf")]
    [InlineData("exec -it myvm ls -la", "myvm ls -la")]
    [InlineData("exec myvm -- ls -- -it", "myvm ls -- -it")]
    [InlineData("exec -- myvm -- ls", "myvm ls")]
    [InlineData("exec -e A=b myvm sh -c -e", "myvm sh -c -e")]
    public void Exec_hands_everything_after_the_machine_to_the_command(string line, string words) =>
        Assert.Equal(words, string.Join(' ', Parse(line).Words));

    [Theory]
    [InlineData("rm web -f db", "web db")]
    [InlineData("rm -f web db", "web db")]
    [InlineData("rm -fv web", "web")]
    [InlineData("rm --force=true -- -web", "-web")]
    [InlineData("network rm mynet --force", "mynet")]
    [InlineData("network remove -f mynet", "mynet")]
    public void Options_stand_anywhere_elsewhere(string line, string words)
    {
        var parsed = Parse(line);
        Assert.True(parsed.On("force"));
        Assert.Equal(words, string.Join(' ', parsed.Words));
    }

    [Theory]
    [InlineData("stop -t 5 a")]
    [InlineData("stop -t5 a")]
    [InlineData("stop -t=5 a")]
    [InlineData("stop --timeout 5 a")]
    [InlineData("stop --timeout=5 a")]
    [InlineData("stop -t 9 -t 5 a")]
    public void A_value_is_written_in_each_of_dockers_ways(string line) => Assert.Equal(5, Parse(line).Number("timeout"));

    [Fact]
    public void A_switch_can_be_off() => Assert.False(Parse("rm --force=false a").On("force"));

    [Theory]
    [InlineData("--host unix:///a ps")]
    [InlineData("-H unix:///a ps")]
    [InlineData("ps -H unix:///a")]
    [InlineData("ps --host=unix:///a")]
    public void The_host_stands_before_or_after_the_command(string line) => Assert.Equal("unix:///a", Parse(line).Text("host"));

    [Fact]
    public void The_hostname_of_run_is_h() => Assert.Equal("x", Parse("run -h x nginx").Text("hostname"));

    [Theory]
    [InlineData("container ls", "ls")]
    [InlineData("container ps", "ls")]
    [InlineData("vm ls -a", "ls")]
    [InlineData("image rm a", "rm")]
    [InlineData("system info", "info")]
    [InlineData("network list", "ls")]
    public void Groups_have_dockers_verbs(string line, string name) => Assert.Equal(name, Parse(line).Command.Name);

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("")]
    [InlineData("network")]
    [InlineData("network --help")]
    [InlineData("network ls --help")]
    [InlineData("run --help")]
    [InlineData("rm -h")]
    public void Help_needs_no_words(string line)
    {
        var parsed = Parse(line);
        Assert.True(parsed.WantsHelp || parsed.Command.Name.Length == 0);
    }

    [Theory]
    [InlineData("rnu nginx", "run", 1)]
    [InlineData("stat web", "start", 1)]
    [InlineData("network lss", "network ls", 1)]
    [InlineData("network craete x", "network create", 1)]
    [InlineData("zzzzzz", "unknown command: hypr zzzzzz", 1)]
    [InlineData("run --detatch nginx", "--detach", 125)]
    [InlineData("run --pubish 80 nginx", "--publish", 125)]
    [InlineData("run --nmae x nginx", "--name", 125)]
    [InlineData("ps --al", "--all", 125)]
    [InlineData("ps -x", "-x", 125)]
    [InlineData("ps -ax", "-x in -ax", 125)]
    [InlineData("ps --quiet=maybe", "true or false", 125)]
    [InlineData("run -p", "needs a value", 125)]
    [InlineData("run --name", "needs a value", 125)]
    [InlineData("stop", "at least 1", 1)]
    [InlineData("rename a", "needs 2 words", 1)]
    [InlineData("rename a b c", "\"c\" is one too many", 1)]
    [InlineData("run", "at least 1", 1)]
    [InlineData("exec a", "at least 2", 1)]
    [InlineData("network create", "needs 1 word", 1)]
    [InlineData("network create a b", "\"b\"", 1)]
    [InlineData("network ls a", "takes no words", 1)]
    [InlineData("version x", "takes no words", 1)]
    [InlineData("--nope ps", "--nope", 125)]
    public void A_wrong_line_is_an_error_that_names_it_and_what_is_near(string line, string says, int code)
    {
        var error = Assert.Throws<UsageException>(() => Parse(line));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Equal(code, error.ExitCode);
    }

    [Fact]
    public void An_empty_name_is_an_error() =>
        Assert.Contains("empty", Assert.Throws<UsageException>(() => new Parser(CommandTable.All).Parse(["rm", ""])).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Whatever_is_typed_is_parsed_or_refused_and_nothing_else_is_thrown()
    {
        string[] pieces =
        [
            "run", "exec", "ps", "network", "create", "ls", "-", "--", "-p", "-d", "--name", "--name=", "=", "-=", "--=x", "-it", "a", "",
                "8080:80", "--rm=false",
            "-ppp", "-H", "--host", "-h", "--help=maybe", "ü", "-ü", "\0", "--network=name=,", new string('x', 5000),
                "--" + new string('x', 5000),
        ];
        var random = new Random(7);
        for (int i = 0; i < 20_000; i++)
        {
            string[] words = Enumerable.Range(0, random.Next(7)).Select(_ => pieces[random.Next(pieces.Length)]).ToArray();
            try
            {
                new Parser(CommandTable.All).Parse(words);
            }
            catch (UsageException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }
    }

    [Fact]
    public void The_table_has_no_option_twice_and_every_command_has_an_example_or_words()
    {
        foreach (var command in CommandTable.All.SelectMany(c => c.Commands.Append(c)).Where(c => !c.Hidden && (c.Run is not null || c.Options.Length > 0)))
        {
            Assert.Equal(command.Options.Length, command.Options.Select(o => o.Name).Distinct().Count());
            var letters = command.Options.Where(o => o.Short != '\0').Select(o => o.Short).ToArray();
            Assert.Equal(letters.Length, letters.Distinct().Count());
            Assert.NotEmpty(command.Summary);
            Assert.NotEmpty(command.Examples);
            foreach (var (line, _) in command.Examples)
                Assert.StartsWith("hypr ", line[line.IndexOf("hypr ", StringComparison.Ordinal)..], StringComparison.Ordinal);
        }
    }
}
