using System.Diagnostics;
using System.Text;
using Hypr.Linux.Namespaces;

namespace Hypr.Testing;

public sealed record ProgramResult(int ExitCode, string Output, string Error)
{
    public bool Succeeded => ExitCode == 0;
}

/// <summary>A program that a test started, with its output kept. Disposal kills it and what it started.</summary>
public sealed class TestProgram : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    private TestProgram(Process process)
    {
        _process = process;
        Pid = process.Id;
        process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(_error, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Pid { get; }

    public bool HasEnded => _process.HasExited;

    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    public string Error
    {
        get
        {
            lock (_error)
                return _error.ToString();
        }
    }

    /// <summary>A process is in the namespace of the thread that starts it.</summary>
    public static TestProgram Start(NetworkNamespace? where, string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        return new TestProgram(where is null ? Process.Start(start)! : where.Run(() => Process.Start(start)!));
    }

    public void Write(string input)
    {
        _process.StandardInput.Write(input);
        _process.StandardInput.Flush();
    }

    public void WriteAndClose(string input)
    {
        _process.StandardInput.Write(input);
        _process.StandardInput.Close();
    }

    /// <summary>Waits for its end; one that never ends is killed and fails the test.</summary>
    public ProgramResult WaitForEnd(TimeSpan? patience = null)
    {
        var limit = patience ?? TimeSpan.FromSeconds(60);
        if (!_process.WaitForExit(limit))
        {
            _process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{_process.StartInfo.FileName} {string.Join(' ', _process.StartInfo.ArgumentList)} did not end in {limit}: {Error}");
        }

        // The second wait is for the rest of its output.
        _process.WaitForExit();
        return new ProgramResult(_process.ExitCode, Output, Error);
    }

    public void Dispose()
    {
        try
        {
            if (!_process.HasExited)
            {
                _process.Kill(entireProcessTree: true);
                _process.WaitForExit();
            }
        }
        catch (InvalidOperationException)
        {
            // It ended meanwhile.
        }

        _process.Dispose();
    }

    private static void Keep(StringBuilder to, string? line)
    {
        if (line is null)
            return;
        lock (to)
            to.Append(line).Append('\n');
    }
}
