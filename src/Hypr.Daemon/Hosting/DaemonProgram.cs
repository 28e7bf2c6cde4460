using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hypr.Daemon.Configuration;
using Hypr.Daemon.Http;
using Hypr.Daemon.Metrics;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Daemon.Hosting;

/// <summary>hyprd from its start to its end.</summary>
internal sealed partial class DaemonProgram
{
    /// <summary>What people without the group may do: look for the socket (and be refused by it); what is in the data folder is nobody's business.</summary>
    private const UnixFileMode RuntimeMode = (UnixFileMode)0b111_101_101;
    private const UnixFileMode DataMode = (UnixFileMode)0b111_001_001;

    public static async Task<int> RunAsync(DaemonConfig config)
    {
        using var logs = StderrLogs.Factory(config.LogLevel);
        var log = logs.CreateLogger("Hypr.Daemon");
        var clock = TimeProvider.System;
        var paths = HyprPaths.FromEnvironment();

        // 1. Its folders, for itself alone.
        Make(paths.Data, DataMode);
        Make(paths.Runtime, RuntimeMode);
        using var data = InstanceLock.Take(paths.Data, "the data in");
        using var runtime = InstanceLock.Take(paths.Runtime, "the socket in");

        // 2. From here on SIGTERM is an orderly end, even in the middle of the start.
        using var ending = new CancellationTokenSource();
        using var signals = new Signals(ending, log);
        try
        {
            // 3. The socket is there before the machines are taken up: clients wait instead of failing.
            using var listener = ApiSocket.Listen(paths);
            await ServeAsync(config, paths, clock, logs, log, listener, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // Ended while it started.
        }
        finally
        {
            if (!ApiSocket.IsPassed)
            {
                Remove(paths.Socket);
            }
        }

        Ended(log);
        return 0;
    }

    private static async Task ServeAsync(
        DaemonConfig config, HyprPaths paths, TimeProvider clock, ILoggerFactory logs, ILogger log, Socket listener, CancellationToken ending)
    {
        await using var whole = await Composition.StartAsync(config, paths, clock, logs, ending);
        var requests = new RequestMetrics();
        await using var metrics = await MetricsServer.StartAsync(config.MetricsAddress, whole.Engine, requests, logs);
        await using var server = await ApiServer.StartAsync(whole.Engine, config, paths, clock, logs, requests, listener);
        Serves(log, ServerIdentity.Version, paths.Socket);
        ServiceNotification.Ready();
        await Task.Delay(Timeout.Infinite, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ServiceNotification.Stopping();
    }

    private static void Make(string folder, UnixFileMode mode)
    {
        try
        {
            if (!Directory.Exists(folder) && !OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder, mode);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HyprException.Unavailable($"cannot make {folder}: {e.Message}. hyprd runs as root, or with HYPR_DATA_DIR and HYPR_RUNTIME_DIR of its own", e);
        }
    }

    private static void Remove(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (IOException)
        {
            // The next hyprd replaces it.
        }
    }

    /// <summary>SIGTERM and SIGINT end hyprd; SIGHUP changes nothing, for the configuration is read at the start only.</summary>
    private sealed class Signals : IDisposable
    {
        private readonly PosixSignalRegistration[] _registrations;

        public Signals(CancellationTokenSource ending, ILogger log) => _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => End(context, ending)),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, context => End(context, ending)),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
            {
                context.Cancel = true;
                NothingReloaded(log);
            }),
        ];

        public void Dispose()
        {
            foreach (var registration in _registrations)
            {
                registration.Dispose();
            }
        }

        private static void End(PosixSignalContext context, CancellationTokenSource ending)
        {
            context.Cancel = true;
            ending.Cancel();
        }
    }

    [LoggerMessage(LogLevel.Information, "hyprd {Version} serves on {Socket}")]
    private static partial void Serves(ILogger logger, string version, string socket);

    [LoggerMessage(LogLevel.Information, "hyprd ends; VMs run on")]
    private static partial void Ended(ILogger logger);

    [LoggerMessage(LogLevel.Information, "SIGHUP: the configuration is read at the start only. Restart hyprd for a new one; VMs run on meanwhile")]
    private static partial void NothingReloaded(ILogger logger);
}
