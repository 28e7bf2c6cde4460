using Hypr.Guest.Protocol.Wire;

namespace Hypr.Guest.Protocol.Messages;

/// <summary>A process to start.</summary>
public sealed record ProcessSpecification
{
    /// <summary>Program and arguments, not empty.</summary>
    public required IReadOnlyList<string> Args { get; init; }

    /// <summary><c>KEY=value</c>; PATH, HOME, HOSTNAME and, with a tty, TERM are added when missing.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary><c>user</c>, <c>uid</c>, <c>user:group</c>, ... by the image's /etc/passwd and /etc/group. Empty: root.</summary>
    public string User { get; init; } = "";

    /// <summary>Made when it is missing.</summary>
    public string WorkingDir { get; init; } = "/";
    public bool Tty { get; init; }

    /// <summary>False: stdin is /dev/null.</summary>
    public bool OpenStdin { get; init; }
    public ushort Rows { get; init; } = 24;
    public ushort Columns { get; init; } = 80;

    /// <summary>The agent does it itself, as a process: the first argument is a <see cref="Tool"/>.</summary>
    public bool IsTool { get; init; }
    public ProcessRights Rights { get; init; } = new();

    /// <summary>Of the image's process alone: it is started by an init that hands signals on to it and reaps what it leaves behind.</summary>
    public bool HasInit { get; init; }

    public void Encode(WireWriter w)
    {
        w.Texts(Args);
        w.Texts(Env);
        w.Text(User);
        w.Text(WorkingDir);
        w.Bool(Tty);
        w.Bool(OpenStdin);
        w.U16(Rows);
        w.U16(Columns);
        w.Bool(IsTool);
        w.Nested(Rights.Encode);
        w.Bool(HasInit);
    }

    public static ProcessSpecification Decode(ref WireReader r)
    {
        var args = r.Texts();
        if (args.Length == 0)
            throw new ProtocolException("a process without a program");
        var process = new ProcessSpecification
        {
            Args = args,
            Env = r.Texts(),
            User = r.Text(),
            WorkingDir = r.Text(),
            Tty = r.Bool(),
            OpenStdin = r.Bool(),
            Rows = r.U16(),
            Columns = r.U16(),
            IsTool = !r.AtEnd && r.Bool(),
        };
        if (r.AtEnd)
            return process;
        var nested = new WireReader(r.Bytes());
        return process with { Rights = ProcessRights.Decode(ref nested), HasInit = r.Bool() };
    }
}
