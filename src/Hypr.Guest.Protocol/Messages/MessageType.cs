namespace Hypr.Guest.Protocol.Messages;

/// <summary>
/// What a control message says. On the wire: the type (2 bytes), the request's number (4 bytes; 0 in events), the fields. Fields are only ever added at the end;
/// a reader ignores what it does not know and takes defaults for what is missing, so that a hyprd and an agent of different versions understand each other.
/// </summary>
public enum MessageType : ushort
{
    // Guest to host, answers.
    Done = 1,
    Failed = 2,
    Started = 3,
    Usage = 4,

    // Guest to host, events.
    Hello = 16,
    MainExited = 17,
    ExecExited = 18,

    // Host to guest, requests. Each has one answer: Done, Failed, Started or Usage.
    Configure = 32,
    StartMain = 33,
    StartExec = 34,
    Signal = 35,
    Resize = 36,
    OpenOutput = 37,
    OpenInput = 38,
    AcknowledgeExit = 39,
    AddNic = 40,
    RemoveNic = 41,
    ConfigureNic = 42,
    ConfigureNames = 43,
    Ping = 44,
    PowerOff = 45,
    ReadUsage = 46,
    BindDisks = 47,
}
