using System.Diagnostics;
using System.Security.Cryptography;
using Hypr.Linux.Namespaces;
using Hypr.Linux.Netlink;

namespace Hypr.Testing;

/// <summary>
/// A network namespace with a name of its own (<c>hypr-t-...</c>, under /run/netns, so that <c>nsenter --net</c> finds it). On disposal whatever runs in it
/// is killed, it is removed, and a test whose programs or links outlived it fails: <see cref="LeftoverException"/>.
/// </summary>
public sealed class TestNamespace : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly Lock Making = new();
    private readonly List<TestProgram> _programs = [];
    private readonly string _identity;
    private RtNetlink? _netlink;
    private bool _gone;

    private TestNamespace(string name)
    {
        Name = name;
        Space = NetworkNamespace.OpenNamed(name);
        _identity = Space.Run(() => IdentityOf("/proc/thread-self/ns/net")) ?? throw new InvalidOperationException($"/run/netns/{name} is no namespace");
    }

    public string Name { get; }

    public string Path => $"/run/netns/{Name}";

    public NetworkNamespace Space { get; }

    /// <summary>rtnetlink inside of it.</summary>
    public RtNetlink Netlink => _netlink ??= RtNetlink.Open(Space);

    /// <summary>A new one with the loopback up.</summary>
    /// <param name="role">A word for its name: <c>host</c>, <c>lan</c>.</param>
    public static TestNamespace Create(string role)
    {
        var name = $"hypr-t-{role}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        // iproute2 makes /run/netns a shared mount at its first use, and two first uses at once fail.
        lock (Making)
        {
            for (var attempt = 1; ; attempt++)
            {
                var made = TestProgram.Start(null, "ip", ["netns", "add", name]).WaitForEnd();
                if (made.Succeeded)
                    break;
                if (attempt == 5)
                    throw new InvalidOperationException($"cannot make namespace {name}: {made.Error}");
            }
        }

        var space = new TestNamespace(name);
        space.Netlink.Links.Set("lo", new LinkSettings { Up = true });
        return space;
    }

    /// <summary>Joins two namespaces with a veth pair, both ends up.</summary>
    public static void Join(TestNamespace left, string leftName, TestNamespace right, string rightName)
    {
        left.Netlink.Links.CreateVeth(leftName, new LinkSettings(), rightName, new LinkSettings { Namespace = right.Space });
        // Neither end can go up before it has the other (ENOTCONN, drivers/net/veth.c).
        left.Netlink.Links.Set(leftName, new LinkSettings { Up = true });
        right.Netlink.Links.Set(rightName, new LinkSettings { Up = true });
    }

    /// <summary>Runs a program to its end, whatever its exit code.</summary>
    public ProgramResult Run(string program, params string[] arguments) => Start(program, arguments).WaitForEnd();

    /// <summary>Runs a program that must succeed; its output.</summary>
    public string Must(string program, params string[] arguments)
    {
        var result = Run(program, arguments);
        return result.Succeeded
            ? result.Output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit {result.ExitCode}: {result.Error}{result.Output}");
    }

    /// <summary>Runs a program with text on its standard input; it must succeed.</summary>
    public string MustRead(string input, string program, params string[] arguments)
    {
        var started = Start(program, arguments);
        started.WriteAndClose(input);
        var result = started.WaitForEnd();
        return result.Succeeded
            ? result.Output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit {result.ExitCode}: {result.Error}{result.Output}");
    }

    /// <summary>Starts a program that is killed on disposal if it still runs.</summary>
    public TestProgram Start(string program, params string[] arguments)
    {
        var started = TestProgram.Start(Space, program, arguments);
        lock (_programs)
            _programs.Add(started);
        return started;
    }

    public T Run<T>(Func<T> action) => Space.Run(action);

    public void Run(Action action) => Space.Run(action);

    public void Dispose()
    {
        if (_gone)
            return;
        _gone = true;
        lock (_programs)
        {
            foreach (var program in _programs)
                program.Dispose();
        }

        _netlink?.Dispose();
        var killed = KillInside();
        var removed = TestProgram.Start(null, "ip", ["netns", "del", Name]).WaitForEnd();
        Space.Dispose();
        var left = new List<string>();
        if (!removed.Succeeded)
            left.Add($"namespace {Name}: {removed.Error.Trim()}");
        if (File.Exists(Path))
            left.Add($"file {Path}");
        if (killed.Count > 0)
            left.Add($"programs {string.Join(", ", killed)}");
        if (left.Count > 0)
            throw new LeftoverException($"left behind: {string.Join("; ", left)}");
    }

    /// <summary>Pids of every process whose main thread is in the namespace.</summary>
    public IReadOnlyList<int> Processes() =>
        [.. Directory.EnumerateDirectories("/proc")
            .Select(d => int.TryParse(System.IO.Path.GetFileName(d), out var pid) ? pid : 0)
            .Where(pid => pid != 0 && pid != Environment.ProcessId && IdentityOf($"/proc/{pid}/ns/net") == _identity)];

    /// <summary>Kills what the test did not end and tells of it.</summary>
    private List<string> KillInside()
    {
        var found = new List<string>();
        for (var until = Stopwatch.StartNew(); until.Elapsed < Patience; Thread.Sleep(5))
        {
            var pids = Processes();
            if (pids.Count == 0)
                break;
            foreach (var pid in pids)
            {
                try
                {
                    using var process = Process.GetProcessById(pid);
                    // A child of a program that was just killed may be on its way out; only what has to be killed counts.
                    if (until.Elapsed < TimeSpan.FromMilliseconds(200))
                        continue;
                    found.Add($"{process.ProcessName} ({pid})");
                    process.Kill();
                }
                catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
                {
                    // It ended by itself.
                }
            }
        }

        return [.. found.Distinct()];
    }

    /// <summary><c>net:[INODE]</c>, which is the namespace's identity (namespaces(7)); null when the process has gone.</summary>
    private static string? IdentityOf(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: false)?.Name;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>Something of a test outlived it.</summary>
public sealed class LeftoverException(string message) : Exception(message);
