using Hypr.Guest.Loop;
using Hypr.Guest.Port;
using Hypr.Guest.Processes;
using Hypr.Guest.Protocol;
using Hypr.Guest.Protocol.Messages;
using Hypr.Guest.Protocol.Multiplexing;
using Hypr.Guest.Protocol.Wire;
using Hypr.Guest.Spawning;
using Hypr.Linux;
using Hypr.Linux.Files;
using Hypr.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Guest;

/// <summary>What the host asks of this machine, and how far it is. All on one thread: <see cref="EventLoop"/>.</summary>
internal sealed partial class Agent : IMultiplexerHandler
{
    private readonly EventLoop _loop;
    private readonly AgentPort _port;
    private readonly Reaper _reaper;
    private readonly OutputRing _ring = new();
    private readonly Network.Nics _nics = new();
    private Network.DockerResolver? _docker;
    private Beside? _beside;
    private readonly Dictionary<uint, Session> _execs = [];
    private readonly Dictionary<uint, Session> _writers = [];
    private readonly Dictionary<uint, InputPump> _inputs = [];
    private readonly Dictionary<int, Action<ProcessExit>> _children = [];
    private readonly string _kernel = FileTree.TryRead("/proc/sys/kernel/osrelease")?.Trim() ?? "";

    private GuestState _state;
    private GuestConfiguration? _configuration;
    private Session? _main;
    private ReadyChild? _ready;
    private bool _isPrepared;
    private SafeFileHandle? _containerPids;
    private SafeFileHandle? _containerMounts;
    private MainExit? _exit;
    private uint _output;
    private uint _mainInput;
    private long _oomKills;

    public Agent(EventLoop loop, SafeFileHandle port)
    {
        _loop = loop;
        _port = new AgentPort(port, loop, this);
        _reaper = new Reaper(loop, Reaped);
        _ring.Resume = () => _main?.ResumeOutputs();
        loop.AfterEach = _port.Flush;
    }

    /// <summary>
    /// What is the same for every machine is done before the first is known, so that a saved guest has it: what loopback, control group and 127.0.0.11 need, a
    /// thread, and the image's process's child. What fails here is tried again, and told, when it is wanted.
    /// </summary>
    public void Prepare()
    {
        try
        {
            PrepareContainer();
            var child = new ReadyChild();
            _ready = child;
            Await(child.Pid, exit =>
            {
                if (_main?.Pid == child.Pid)
                    MainEnded(exit);
                else
                    _ready = null;
            });
        }
        catch (LinuxException e)
        {
            using var console = Descriptor.Open("/dev/console", Descriptor.WriteOnly | Descriptor.NoControllingTerminal);
            Hypr.Linux.Power.ThisMachine.Console(console, $"hypr-guest: not prepared: {e.Message}");
        }
    }

    private void PrepareContainer()
    {
        _nics.Begin();
        Root.ContainerCgroup.Make();
        Root.ContainerRoot.MountTerminals();
        Devices.VirtioDevices.Learn();
        ServeDockersResolver();
        Root.ContainerCgroup.Limit();
        _beside = new Beside();
        _isPrepared = true;
    }

    public void Connected()
    {
        _port.DropOutput();
        var hello = new Hello
        {
            AgentVersion = Program.Version,
            Kernel = _kernel,
            State = _state,
            Pid = _main is { IsRunning: true } main ? main.Pid : 0,
            Exit = _exit,
            OutputStart = _ring.Start,
            OutputEnd = _ring.End,
        };
        var message = Message.Begin(MessageType.Hello, 0);
        hello.Encode(message);
        _port.Multiplexer.Send(message.Written);
    }

    public void Disconnected()
    {
        _output = _mainInput = 0;
        _inputs.Clear();
        _writers.Clear();
        _main?.Input?.Detach();
        _ring.Detach();
        // Execs belong to their connection: their input ends, what they write is dropped.
        foreach (var exec in _execs.Values)
        {
            exec.Input?.Dispose();
            exec.ResumeOutputs();
        }

        _execs.Clear();
    }

    public void Data(uint stream, ReadOnlySpan<byte> bytes)
    {
        if (_inputs.TryGetValue(stream, out var input))
            input.Deliver(bytes);
        else
            _port.Multiplexer.Consumed(stream, bytes.Length);
    }

    public void End(uint stream)
    {
        if (_inputs.Remove(stream, out var input))
            input.End();
    }

    public void Stopped(uint stream) => Writable(stream);

    public void Writable(uint stream)
    {
        if (stream == _output)
            _ring.Send();
        else if (_writers.TryGetValue(stream, out var session))
            session.ResumeOutputs();
    }

    public void Control(ReadOnlySpan<byte> bytes)
    {
        var r = new WireReader(bytes);
        var (type, request) = Message.Decode(ref r);
        try
        {
            Handle(type, request, ref r);
        }
        catch (Exception e) when (e is LinuxException or ProtocolException or IOException or UnauthorizedAccessException)
        {
            Answer(request, new Failure(0, e.Message));
        }
    }

    private void Answer(uint request, MessageType type = MessageType.Done) => _port.Multiplexer.Send(Message.Begin(type, request).Written);

    private void Answer(uint request, Failure why)
    {
        var message = Message.Begin(MessageType.Failed, request);
        // The host refuses messages that are too long; the beginning says it.
        (why.Message.Length > 4000 ? why with { Message = why.Message[..4000] } : why).Encode(message);
        _port.Multiplexer.Send(message.Written);
    }

    private void AnswerStarted(uint request, int pid)
    {
        var message = Message.Begin(MessageType.Started, request);
        message.I32(pid);
        _port.Multiplexer.Send(message.Written);
    }

    /// <summary>Calls <paramref name="ended"/> when a child that was just started is reaped.</summary>
    private void Await(int pid, Action<ProcessExit> ended)
    {
        _children.Add(pid, ended);
        _reaper.Proceed();
    }

    private void Reaped(int pid, ProcessExit exit)
    {
        // Others are orphans of the agent's pid namespace: nobody asks how they ended.
        if (_children.Remove(pid, out var ended))
            ended(exit);
    }
}
