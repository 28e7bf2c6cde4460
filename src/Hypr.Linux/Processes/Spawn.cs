using System.Runtime.InteropServices;
using Hypr.Linux.Libc;

namespace Hypr.Linux.Processes;

/// <summary>posix_spawn(3): no managed code runs between fork and exec.</summary>
internal static unsafe partial class Spawn
{
    // sizeof(posix_spawn_file_actions_t) is 80 and sizeof(posix_spawnattr_t) 336 on 64-bit glibc; sigset_t is 128.
    private const int ActionsSize = 128;
    private const int AttributesSize = 512;
    private const int SignalSetSize = 128;
    private const short SetSigDef = 0x04;
    private const short SetSigMask = 0x08;
    private const short SetSid = 0x80;

    /// <summary>Starts it and returns its pid.</summary>
    /// <exception cref="LinuxException">ENOENT, EACCES, ... as execve would have said.</exception>
    public static int Start(ProcessStart start)
    {
        // Zeroed heap blocks, because glibc keeps pointers inside them until the destroy calls below.
        var actions = NativeMemory.AllocZeroed(ActionsSize);
        var attributes = NativeMemory.AllocZeroed(AttributesSize);
        var lifted = new List<int>();
        try
        {
            Check(ActionsInit(actions), start);
            Check(AttributesInit(attributes), start);
            WriteActions(actions, start, lifted);
            WriteAttributes(attributes, start);
            using var argv = new StringVector([start.Program, .. start.Arguments]);
            using var envp = new StringVector(start.Environment ?? OwnEnvironment());
            int pid;
            Check(SpawnP(&pid, start.Program, actions, attributes, argv.Pointer, envp.Pointer), start);
            return pid;
        }
        finally
        {
            foreach (var fd in lifted)
                LibC.Close(fd);
            ActionsDestroy(actions);
            AttributesDestroy(attributes);
            NativeMemory.Free(actions);
            NativeMemory.Free(attributes);
        }
    }

    private static void WriteActions(void* actions, ProcessStart start, List<int> lifted)
    {
        if (start.WorkingDirectory is { } folder)
            Check(AddChdir(actions, folder), start);
        AddStandard(actions, start, 0, start.StandardInput, LibC.O_RDONLY);
        AddStandard(actions, start, 1, start.StandardOutput, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND);
        if (start.StandardError is { } error && error == start.StandardOutput && !start.Descriptors.ContainsKey(1) && !start.Descriptors.ContainsKey(2))
            Check(AddDup2(actions, 1, 2), start);
        else
            AddStandard(actions, start, 2, start.StandardError, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND);

        // Every source is first copied above all targets: no dup2 can then overwrite a source that a later one needs. The copies are close-on-exec; dup2's are not.
        var floor = start.Descriptors.Keys.Append(2).Max() + 1;
        foreach (var (target, source) in start.Descriptors)
        {
            var added = false;
            source.DangerousAddRef(ref added);
            try
            {
                var copy = LibC.Fcntl((int)source.DangerousGetHandle(), LibC.F_DUPFD_CLOEXEC, floor);
                if (copy < 0)
                    throw LinuxException.Last("copy descriptor for", start.Program);
                lifted.Add(copy);
                Check(AddDup2(actions, copy, target), start);
            }
            finally
            {
                source.DangerousRelease();
            }
        }
    }

    private static void AddStandard(void* actions, ProcessStart start, int fd, string? path, int flags)
    {
        if (!start.Descriptors.ContainsKey(fd))
            Check(AddOpen(actions, fd, path ?? "/dev/null", path is null ? LibC.O_RDWR : flags, 0x180), start);
    }

    private static void WriteAttributes(void* attributes, ProcessStart start)
    {
        // .NET ignores SIGPIPE and blocks others in places; an ignored or blocked signal would outlive exec.
        var signals = stackalloc byte[SignalSetSize];
        Check(SigEmptySet(signals), start);
        Check(SetMask(attributes, signals), start);
        Check(SigFillSet(signals), start);
        Check(SetDefaults(attributes, signals), start);
        Check(SetFlags(attributes, (short)(SetSigDef | SetSigMask | (start.NewSession ? SetSid : 0))), start);
    }

    private static List<string> OwnEnvironment()
    {
        var own = new List<string>();
        foreach (System.Collections.DictionaryEntry e in Environment.GetEnvironmentVariables())
            own.Add($"{e.Key}={e.Value}");
        return own;
    }

    private static void Check(int errno, ProcessStart start)
    {
        if (errno != 0)
            throw new LinuxException("start", start.Program, errno);
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int ActionsInit(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int ActionsDestroy(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int AddDup2(void* actions, int fd, int target);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddOpen(void* actions, int fd, string path, int flags, uint mode);

    // glibc 2.29
    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddChdir(void* actions, string path);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int AttributesInit(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int AttributesDestroy(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SetFlags(void* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int SetMask(void* attributes, void* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SetDefaults(void* attributes, void* signals);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    private static partial int SigEmptySet(void* signals);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static partial int SigFillSet(void* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnp", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SpawnP(int* pid, string program, void* actions, void* attributes, byte** argv, byte** envp);

    /// <summary>A null-terminated array of C strings, freed on dispose.</summary>
    private readonly ref struct StringVector
    {
        private readonly int _count;

        public StringVector(IReadOnlyList<string> values)
        {
            _count = values.Count;
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(byte*));
            for (var i = 0; i < _count; i++)
                Pointer[i] = (byte*)Marshal.StringToCoTaskMemUTF8(values[i]);
        }

        public byte** Pointer { get; }

        public void Dispose()
        {
            for (var i = 0; i < _count; i++)
                Marshal.FreeCoTaskMem((nint)Pointer[i]);
            NativeMemory.Free(Pointer);
        }
    }
}
