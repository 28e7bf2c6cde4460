using System.Reflection;
using System.Runtime.InteropServices;

namespace Hypr.Daemon.Http;

/// <summary>Who answers.</summary>
internal static class ServerIdentity
{
    public static string Version { get; } =
        typeof(ServerIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static string Commit { get; } =
        typeof(ServerIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+') is [_, var commit] ? commit : "";

    public static string ServerHeader { get; } = $"hypr/{Version} (linux)";

    /// <summary>Go's word, which Docker's API uses.</summary>
    public static string Architecture { get; } = RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        var other => other.ToString().ToLowerInvariant(),
    };

    /// <summary>uname's word.</summary>
    public static string Machine { get; } = Architecture switch { "amd64" => "x86_64", "arm64" => "aarch64", var other => other };

    public static string KernelVersion { get; } = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
}
