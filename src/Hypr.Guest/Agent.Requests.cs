using Hypr.Guest.Loop;
using Hypr.Guest.Network;
using Hypr.Guest.Processes;
using Hypr.Guest.Protocol;
using Hypr.Guest.Protocol.Messages;
using Hypr.Guest.Protocol.Wire;
using Hypr.Guest.Root;
using Hypr.Guest.Spawning;
using Hypr.Linux.Files;
using Hypr.Linux.Power;
using Hypr.Linux.Processes;

namespace Hypr.Guest;

/// <summary>The requests, one method each.</summary>
internal sealed partial class Agent
{
    private static readonly TimeSpan NicDeadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan NicInterval = TimeSpan.FromMilliseconds(20);

    private void Handle(MessageType type, uint request, ref WireReader r)
    {
        switch (type)
        {
            case MessageType.Configure:
                Configure(GuestConfiguration.Decode(ref r));
                Answer(request);
                break;
            case MessageType.StartMain:
                StartMain(request, ProcessSpecification.Decode(ref r));
                break;
            case MessageType.StartExec:
                StartExec(request, ExecRequest.Decode(ref r));
                break;
            case MessageType.Signal:
                var signal = SignalRequest.Decode(ref r);
                Find(signal.Session)?.Signal(signal.Signal);
                Answer(request);
                break;
            case MessageType.Resize:
                var size = ResizeRequest.Decode(ref r);
                Find(size.Session)?.Resize(size.Rows, size.Columns);
                Answer(request);
                break;
            case MessageType.OpenOutput:
                var output = OpenOutputRequest.Decode(ref r);
                var stream = _port.Multiplexer.OpenOutgoing(output.Stream);
                _output = output.Stream;
                _ring.SendTo(stream, output.From);
                Answer(request);
                break;
            case MessageType.OpenInput:
                OpenInput(r.U32());
                Answer(request);
                break;
            case MessageType.AcknowledgeExit:
                Require(GuestState.Ended);
                Answer(request);
                PowerOffWhenFlushed();
                break;
            case MessageType.AddNic:
                AddNic(request, NicConfiguration.Decode(ref r), Environment.TickCount64 + (long)NicDeadline.TotalMilliseconds);
                break;
            case MessageType.RemoveNic:
                _nics.Remove(r.Text());
                Answer(request);
                break;
            case MessageType.ConfigureNic:
                _nics.Configure(NicConfiguration.Decode(ref r));
                Answer(request);
                break;
            case MessageType.ConfigureNames:
                var names = NamesConfiguration.Decode(ref r);
                NameFiles.Write(names);
                _docker?.PointTo(names.Nameservers);
                Answer(request);
                break;
            case MessageType.ReadUsage:
                Require(GuestState.Running);
                var usage = Message.Begin(MessageType.Usage, request);
                ContainerCgroup.Usage().Encode(usage);
                _port.Multiplexer.Send(usage.Written);
                break;
            case MessageType.BindDisks:
                Require(GuestState.Fresh);
                foreach (var slot in BindDisksRequest.Decode(ref r).Slots)
                    ContainerRoot.Device(slot);
                Answer(request);
                break;
            case MessageType.Ping:
                Answer(request);
                break;
            case MessageType.PowerOff:
                Answer(request);
                PowerOffWhenFlushed();
                break;
            default:
                throw new ProtocolException($"this agent knows no request {(ushort)type}");
        }
    }

    private void Configure(GuestConfiguration configuration)
    {
        Require(GuestState.Fresh);

        // 1. A clone of a template becomes a machine of its own before anything draws a random number or reads the clock.
        if (configuration.Entropy.Length > 0)
            ThisMachine.AddEntropy(configuration.Entropy);
        if (configuration.UnixTimeNanoseconds > 0)
            ThisMachine.SetClock(configuration.UnixTimeNanoseconds);

        // 2. Disks, and beside them names and network: neither needs the other, and under emulation each is a tenth of a second's work for one CPU.
        if (!_isPrepared)
            PrepareContainer();
        _beside!.Run(
            () => ContainerRoot.Mount(configuration),
            () =>
            {
                NameFiles.Write(configuration.Names);
                NameFiles.WriteMachineId(configuration.MachineId);
                foreach (var nic in configuration.Nics)
                    _nics.Add(nic);
                foreach (var (name, value) in configuration.Sysctls)
                    Linux.Sysctl.KernelSetting.Write(name, value);
            });
        _docker?.PointTo(configuration.Names.Nameservers);
        _configuration = configuration;
        _state = GuestState.Configured;
    }

    /// <summary>A kernel that cannot do it (CONFIG_CGROUP_BPF) is no reason not to run the machine.</summary>
    private void ServeDockersResolver()
    {
        try
        {
            _docker = new DockerResolver(ContainerCgroup.Folder);
        }
        catch (Linux.LinuxException e)
        {
            using var console = Descriptor.Open("/dev/console", Descriptor.WriteOnly | Descriptor.NoControllingTerminal);
            ThisMachine.Console(console, $"hypr-guest: 127.0.0.11 does not answer: {e.Message}");
        }
    }

    private void StartMain(uint request, ProcessSpecification process)
    {
        Require(GuestState.Configured);
        if (_main is not null)
            throw new ProtocolException("the process is being started already");
        var order = new SpawnOrder(true, _configuration!.Names.Hostname, process, null, _configuration.ReadOnlyRoot, _configuration.Tmpfs)
        {
            Volumes = _configuration.Volumes,
            Files = [.. _configuration.Files.Select(static f => f.Target)],
            Folders = _configuration.Folders?.Mounts ?? [],
            SharedMemoryBytes = _configuration.SharedMemoryBytes,
        };
        _oomKills = ContainerCgroup.OomKills();
        var ready = _ready;
        _ready = null;
        var launched = ready is not null && !process.Tty ? ready.Use(order) : Launcher.Start(order, null, null);
        var session = new Session(_loop, _port.Multiplexer, launched);
        _main = session;
        session.WhenStarted(MainStarted);
        session.ReadOutput(session.Stdout, new RingSink(_ring, 1, CompleteOutput));
        if (session.Stderr is { } stderr)
            session.ReadOutput(stderr, new RingSink(_ring, 2, CompleteOutput));
        if (_mainInput != 0)
            OpenInput(_mainInput);
        if (launched.Pid != ready?.Pid)
        {
            ready?.End();
            Await(launched.Pid, MainEnded);
        }

        void MainStarted(Failure? failure)
        {
            if (failure is { } why)
            {
                session.Abandon();
                Answer(request, why);
                return;
            }

            _containerPids = TryOpen($"/proc/{launched.Pid}/ns/pid");
            _containerMounts = TryOpen($"/proc/{launched.Pid}/ns/mnt");
            _state = GuestState.Running;
            AnswerStarted(request, launched.Pid);
            TellExit();
        }
    }

    private void MainEnded(ProcessExit exit)
    {
        var now = ThisMachine.UnixNanoseconds;
        // An init ends with the code of what it started: 128 and the signal.
        var oom = exit.Code == 128 + 9 && ContainerCgroup.OomKills() > _oomKills;
        _exit = new MainExit(exit.Code, oom, now);
        _main!.Ended();
        _containerPids?.Dispose();
        _containerMounts?.Dispose();
        TellExit();
    }

    /// <summary>A program that ends at once is reaped before its start was told: start first, end then.</summary>
    private void TellExit()
    {
        if (_exit is not { } exit || _state != GuestState.Running)
            return;
        _state = GuestState.Ended;
        var message = Message.Begin(MessageType.MainExited, 0);
        exit.Encode(message);
        if (_port.Multiplexer.IsConnected)
            _port.Multiplexer.Send(message.Written);
        _loop.After(_configuration!.ExitDeadline, PowerOffWhenFlushed);
        CompleteOutput();
    }

    private void CompleteOutput()
    {
        if (_state == GuestState.Ended && _main!.Outputs.All(static o => o.IsEnded))
            _ring.Complete();
    }

    private void StartExec(uint request, ExecRequest exec)
    {
        Require(GuestState.Running);
        var order = new SpawnOrder(false, _configuration!.Names.Hostname, exec.Process, null, false, new Dictionary<string, string>());
        var launched = Launcher.Start(order, _containerPids, _containerMounts);
        var multiplexer = _port.Multiplexer;
        var session = new Session(_loop, multiplexer, launched);
        ProcessExit? ended = null;
        var isStarted = false;
        _execs.Add(exec.Session, session);
        if (exec.Stdin != 0)
        {
            multiplexer.OpenIncoming(exec.Stdin);
            if (session.Input is { } input)
            {
                input.Attach(exec.Stdin);
                _inputs[exec.Stdin] = input;
            }
        }

        var stdout = multiplexer.OpenOutgoing(exec.Stdout);
        var stderr = exec.Stderr != 0 ? multiplexer.OpenOutgoing(exec.Stderr) : null;
        _writers[exec.Stdout] = session;
        if (stderr is not null)
            _writers[exec.Stderr] = session;
        session.WhenStarted(Started);
        Await(launched.Pid, exit =>
        {
            ended = exit;
            Tell();
        });

        void Started(Failure? failure)
        {
            if (failure is { } why)
            {
                session.Abandon();
                Forget();
                if (_port.Multiplexer.IsConnected)
                    Answer(request, why);
                return;
            }

            isStarted = true;
            session.ReadOutput(session.Stdout, new StreamSink(stdout));
            if (session.Stderr is { } from)
            {
                session.ReadOutput(from, stderr is not null ? new StreamSink(stderr) : new StreamSink(stdout));
            }

            if (IsCurrent())
                AnswerStarted(request, launched.Pid);
            Tell();
        }

        void Tell()
        {
            if (ended is not { } exit || !isStarted)
                return;
            if (IsCurrent())
            {
                var message = Message.Begin(MessageType.ExecExited, 0);
                new ExecExit(exec.Session, exit.Code).Encode(message);
                multiplexer.Send(message.Written);
                _execs.Remove(exec.Session);
            }

            session.Ended();
        }

        bool IsCurrent() => _execs.TryGetValue(exec.Session, out var known) && known == session;

        void Forget()
        {
            if (!IsCurrent())
                return;
            _execs.Remove(exec.Session);
            stdout.End();
            stderr?.End();
        }
    }

    private void OpenInput(uint stream)
    {
        if (_mainInput != stream)
        {
            _port.Multiplexer.OpenIncoming(stream);
            if (_mainInput != 0)
            {
                _inputs.Remove(_mainInput);
                _port.Multiplexer.StopIncoming(_mainInput);
            }

            _mainInput = stream;
        }

        if (_main?.Input is not { } input)
            return;
        input.Attach(stream);
        _inputs[stream] = input;
    }

    private void AddNic(uint request, NicConfiguration nic, long deadline)
    {
        Require(GuestState.Configured, GuestState.Running);
        if (Nics.IsThere(nic) || Environment.TickCount64 > deadline)
        {
            _nics.Add(nic);
            Answer(request);
            return;
        }

        _loop.After(NicInterval, () =>
        {
            try
            {
                AddNic(request, nic, deadline);
            }
            catch (Exception e) when (e is Linux.LinuxException or ProtocolException)
            {
                Answer(request, new Failure(0, e.Message));
            }
        });
    }

    private void PowerOffWhenFlushed()
    {
        // A host that does not read is not waited for.
        if (_port.IsFlushed || !_port.Multiplexer.IsConnected)
            Boot.Shutdown.Run();
        else
            _loop.After(TimeSpan.FromMilliseconds(5), Boot.Shutdown.Run);
    }

    private Session? Find(uint session) =>
        session == 0 ? (_main is { IsRunning: true } ? _main : null) : _execs.GetValueOrDefault(session) is { IsRunning: true } exec ? exec : null;

    private void Require(params ReadOnlySpan<GuestState> states)
    {
        if (!states.Contains(_state))
            throw new ProtocolException($"the guest is {_state}, which does not fit the request");
    }

    private static Microsoft.Win32.SafeHandles.SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return Descriptor.Open(path, Descriptor.ReadOnly);
        }
        catch (Linux.LinuxException)
        {
            // The process has ended already.
            return null;
        }
    }
}
