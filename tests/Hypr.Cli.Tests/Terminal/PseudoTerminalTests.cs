using System.Diagnostics;
using System.Text;
using Hypr.Testing;

namespace Hypr.Cli.Tests.Terminal;

/// <summary>The program itself under a pseudo-terminal that util-linux's <c>script</c> makes.</summary>
public sealed class PseudoTerminalTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly FakeDaemon _daemon = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("hypr-pty").FullName;

    public void Dispose()
    {
        _daemon.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A machine with a terminal: it says «ready», then hands what is typed to the test until the test ends it.</summary>
    private void Machine(Action<FakeDaemon.Request, Stream> talk) =>
        _daemon.On("POST /containers/create", """{"Id":"4f1c"}""", 201)
            .On("POST /containers/4f1c/start", "", 204)
            .On("POST /containers/4f1c/resize", "")
            .On("POST /containers/4f1c/wait", """{"StatusCode":5}""")
            .OnUpgrade("POST /containers/4f1c/attach", talk);

    /// <summary>
    /// Runs <c>hypr run -it</c> between two looks at the terminal's settings; what is typed comes when «ready» was printed.
    /// </summary>
    private (string Before, string After, string Code, string Output) Run(string typed, string script = "")
    {
        string hypr = Path.Combine(AppContext.BaseDirectory, "hypr");
        string command = $"cd {_folder}; stty rows 33 cols 99; stty -a > before; {(script.Length > 0 ? script : "$HYPR run -it busybox")}; echo $? > code; stty -a > after";
        var start = new ProcessStartInfo("script", ["-qec", command, "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true
        };
        start.Environment["HYPR"] = hypr;
        start.Environment["HYPR_HOST"] = "unix://" + _daemon.SocketPath;
        start.Environment["SHELL"] = "/bin/sh";
        using var process = Process.Start(start)!;
        try
        {
            var output = new StringBuilder();
            var reading = Task.Run(() =>
            {
                int c;
                while ((c = process.StandardOutput.Read()) >= 0)
                {
                    lock (output)
                        output.Append((char)c);
                }
            });
            Until(() =>
            {
                lock (output)
                    return output.ToString().Contains("ready", StringComparison.Ordinal) || process.HasExited;
            });
            process.StandardInput.Write(typed);
            process.StandardInput.Flush();
            Assert.True(process.WaitForExit(Deadline), "hypr does not end");
            reading.Wait(Deadline);
            return (Read("before"), Read("after"), Read("code").Trim(), output.ToString());
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static void Until(Func<bool> holds)
    {
        var clock = Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(clock.Elapsed < Deadline, "it does not come");
            Thread.Sleep(10);
        }
    }

    private string Read(string name) => File.ReadAllText(Path.Combine(_folder, name));

    [Fact]
    public void Keys_go_to_the_guest_as_they_are_and_the_terminal_is_as_before_when_it_ends()
    {
        byte[] got = new byte[4];
        Machine((_, stream) =>
        {
            stream.Write("ready\r\n"u8);
            stream.ReadExactly(got);
            stream.Write("bye\r\n"u8);
        });
        // Ctrl-C, Ctrl-Z, Ctrl-D and return: in a cooked terminal none of them would arrive.
        var (before, after, code, output) = Run("\x03\x1a\x04\r");
        Assert.Equal([3, 0x1a, 4, 13], got);
        Assert.Equal("5", code);
        Assert.Contains("bye", output, StringComparison.Ordinal);
        Assert.Contains(" icanon", before, StringComparison.Ordinal);
        Assert.Equal(before, after);
        Assert.Contains(_daemon.Requests, r => r.Path.EndsWith("/resize", StringComparison.Ordinal) && r.Query == "h=33&w=99");
    }

    [Fact]
    public void The_detach_keys_leave_with_0_and_the_terminal_is_as_before()
    {
        Machine((_, stream) =>
        {
            stream.Write("ready\r\n"u8);
            while (stream.ReadByte() >= 0)
            {
                // Until the client has gone.
            }
        });
        var (before, after, code, _) = Run("x\x10\x11");
        Assert.Equal("0", code);
        Assert.Equal(before, after);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    [InlineData("INT")]
    public void A_signal_that_ends_it_leaves_the_terminal_as_before(string signal)
    {
        Machine((_, stream) =>
        {
            stream.Write("ready\r\n"u8);
            while (stream.ReadByte() >= 0)
            {
                // Until the client has gone.
            }
        });
        // The shell waits until the terminal is raw, then sends the signal to hypr, which runs in the foreground.
        string kill = $"(until stty -a </dev/tty | grep -q -- -icanon; do :; done; kill -{signal} $(cat pid)) & "
            + "sh -c 'echo $$ > pid; exec $HYPR run -it busybox'";
        var (before, after, code, _) = Run("", kill);
        Assert.NotEqual("0", code);
        Assert.Equal(before, after);
    }

    [Fact]
    public void A_connection_that_breaks_leaves_the_terminal_as_before()
    {
        Machine((_, stream) => stream.Write("ready\r\n"u8));
        _daemon.On("POST /containers/4f1c/wait", (_, stream) => stream.Write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"u8));
        var (before, after, code, _) = Run("");
        Assert.Equal("125", code);
        Assert.Equal(before, after);
    }
}
