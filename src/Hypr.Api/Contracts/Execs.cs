using System.Text.Json.Serialization;

namespace Hypr.Api.Contracts;

/// <summary>POST /containers/{x}/exec</summary>
public sealed record CreateExecRequest
{
    public string? User { get; set; }
    public bool Privileged { get; set; }
    public bool Tty { get; set; }

    /// <summary>Rows and columns.</summary>
    public List<int>? ConsoleSize { get; set; }
    public bool AttachStdin { get; set; }
    public bool AttachStderr { get; set; }
    public bool AttachStdout { get; set; }
    public bool Detach { get; set; }
    public string? DetachKeys { get; set; }
    public List<string>? Env { get; set; }
    public string? WorkingDir { get; set; }

    [JsonConverter(typeof(StringOrListConverter))]
    public List<string>? Cmd { get; set; }
}

/// <summary>POST /exec/{id}/start</summary>
public sealed record StartExecRequest
{
    public bool Detach { get; set; }
    public bool Tty { get; set; }

    /// <summary>Rows and columns.</summary>
    public List<int>? ConsoleSize { get; set; }
}

/// <summary>GET /exec/{id}/json</summary>
public sealed record ExecInspect
{
    [JsonPropertyName("ID")]
    public string Id { get; set; } = "";
    public bool Running { get; set; }

    /// <summary>Null until it has ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public int? ExitCode { get; set; }
    public ExecProcess ProcessConfig { get; set; } = new();
    public bool OpenStdin { get; set; }
    public bool OpenStderr { get; set; }
    public bool OpenStdout { get; set; }
    public bool CanRemove { get; set; }

    [JsonPropertyName("ContainerID")]
    public string ContainerId { get; set; } = "";
    public string DetachKeys { get; set; } = "";

    /// <summary>In the guest.</summary>
    public int Pid { get; set; }
}

public sealed record ExecProcess
{
    [JsonPropertyName("tty")]
    public bool Tty { get; set; }

    [JsonPropertyName("entrypoint")]
    public string Entrypoint { get; set; } = "";

    [JsonPropertyName("arguments")]
    public List<string> Arguments { get; set; } = [];

    [JsonPropertyName("privileged")]
    public bool Privileged { get; set; }

    [JsonPropertyName("user")]
    public string? User { get; set; }
}
