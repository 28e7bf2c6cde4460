using System.Text;

namespace Hypr.Cli.Terminal;

/// <summary>
/// Standard input, output and error, and which of them is a terminal. System.Console is not used: it sets up the terminal and encodings at
/// every start and restores its own idea of the terminal at exit.
/// </summary>
internal sealed record StandardStreams(Stream Input, Stream Output, Stream Error, bool InputIsTerminal, bool OutputIsTerminal,
    bool ErrorIsTerminal)
{
    public static StandardStreams OfProcess() =>
        new(new FdStream(0), new FdStream(1), new FdStream(2), Libc.IsATty(0) == 1, Libc.IsATty(1) == 1, Libc.IsATty(2) == 1);

    public void Write(string text) => Output.Write(Encoding.UTF8.GetBytes(text));

    public void WriteLine(string text) => Write(text + "\n");

    public void WriteError(string text) => Error.Write(Encoding.UTF8.GetBytes(text + "\n"));
}
