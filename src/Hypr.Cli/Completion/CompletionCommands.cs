using Hypr.Cli.Arguments;
using Hypr.Cli.Commands;

namespace Hypr.Cli.Completion;

/// <summary><c>hypr completion</c>, what its scripts call, and the man pages: all from the commands' table.</summary>
internal static class CompletionCommands
{
    public static readonly CommandSpec Completion = new("completion", "Generate the autocompletion script for the specified shell")
    {
        Words = "bash|zsh|fish",
        Count = (1, 1),
        Examples =
        [
            ("source <(hypr completion bash)", "in this shell; names of VMs, images and networks are live"),
            ("hypr completion fish > ~/.config/fish/completions/hypr.fish", "for every fish"),
        ],
        Run = (line, session) =>
        {
            session.Io.Write(Scripts.Of(line.Words[0]) ?? throw new UsageException(line, $"completion {line.Words[0]}: it is one of bash, zsh, fish", UsageException.BadWords));
            return 0;
        },
    };

    public static readonly CommandSpec Complete = new("__complete", "What may stand at the end of a command line")
    {
        Words = "[WORD...]",
        Count = (0, int.MaxValue),
        Hidden = true,
        Order = OptionOrder.Unread,
        Run = (line, session) =>
        {
            var found = new Completer(session).Complete([.. line.Words.Skip(line.Words is ["--", ..] ? 1 : 0)]);
            session.Io.Write(string.Concat(found.Words.Select(c => c.Help.Length > 0 ? $"{c.Word}\t{c.Help}\n" : c.Word + "\n")) + (found.Files ? ":files\n" : ""));
            return 0;
        },
    };

    public static readonly CommandSpec Man = new("__man", "Write the man pages into a folder")
    {
        Words = "FOLDER",
        Count = (1, 1),
        Hidden = true,
        Run = (line, session) =>
        {
            Directory.CreateDirectory(line.Words[0]);
            foreach (var (name, text) in ManPages.All())
                File.WriteAllText(Path.Combine(line.Words[0], name), text);
            return 0;
        },
    };
}
