using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Api.Contracts;
using Hypr.Compose.Model;
using Hypr.Compose.Plan;
using Hypr.Primitives;

namespace Hypr.Compose.Apply;

/// <summary>Each kind of step as its call of the API.</summary>
/// <param name="project">Null: the plan is made from labels and creates nothing.</param>
/// <param name="pull">Opens the stream of a pull's messages, with the registry's login.</param>
public sealed class StepActions(DockerClient api, ComposeProject? project, Func<string, string?, ApiAnswer> pull, IStackProgress progress)
{
    /// <summary>How often a VM that is waited for is looked at.</summary>
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);
    private readonly StackReader _reader = new(api);

    /// <exception cref="HyprException">The daemon refuses.</exception>
    public void Do(Step step, CancellationToken cancel)
    {
        var (doing, did) = Words(step);
        progress.Report(step.Subject, doing, StepState.Working);
        switch (step)
        {
            case Pull p:
                DoPull(p);
                break;
            case CreateNetwork n:
                Create(n);
                break;
            case RemoveNetwork n:
                Unless404(() => api.Delete(new Query("networks", n.Id)));
                break;
            case CreateVolume v:
                var volume = VolumeRequest.Of(project!, v.Volume, v.Hash);
                api.Post(new Query("volumes", "create"), JsonSerializer.SerializeToUtf8Bytes(volume, HyprJson.Wire.CreateVolumeRequest));
                break;
            case RemoveVolume v:
                Unless404(() => api.Delete(new Query("volumes", v.Name)));
                break;
            case CreateMachine m:
                Create(m);
                break;
            case StartMachine m:
                Post(m.Name, "start");
                break;
            case StopMachine m:
                Post(m.Name, "stop", q => q.Add("t", m.Timeout));
                break;
            case RestartMachine m:
                Post(m.Name, "restart", q => q.Add("t", m.Timeout));
                break;
            case KillMachine m:
                Post(m.Name, "kill", q => q.Add("signal", m.Signal));
                break;
            case PauseMachine m:
                Post(m.Name, m.Unpause ? "unpause" : "pause");
                break;
            case RemoveMachine m:
                Unless404(() => api.Delete(new Query("containers", m.Name).Add("force", true).Add("v", m.Volumes)));
                break;
            case Await a:
                did = Wait(a, cancel);
                break;
        }

        progress.Report(step.Subject, did, did == NotAsRequired ? StepState.Warning : StepState.Done);
    }

    /// <summary>A failure as a person reads it: with the place in the file where there is one.</summary>
    public string Describe(Step step, string message) => step switch
    {
        CreateMachine m => $"{m.Service.At}: VM {m.Name} cannot be made: {message}",
        CreateNetwork n => $"{n.Network.At}: the network {n.Network.Name} cannot be made: {message}",
        CreateVolume v => $"{v.Volume.At}: the volume {v.Volume.Name} cannot be made: {message}",
        Pull p => $"{p.At}: the image {p.Image} cannot be pulled: {message}",
        Await { At.Line: > 0 } a => $"{a.At}: {message}",
        Await => message,
        _ => $"cannot {step}: {message}",
    };

    private const string NotAsRequired = "Not as required";

    private static (string Doing, string Did) Words(Step step) => step switch
    {
        Pull => ("Pulling", "Pulled"),
        CreateNetwork or CreateVolume or CreateMachine => ("Creating", "Created"),
        StartMachine => ("Starting", "Started"),
        StopMachine => ("Stopping", "Stopped"),
        RestartMachine => ("Restarting", "Restarted"),
        KillMachine => ("Killing", "Killed"),
        PauseMachine { Unpause: false } => ("Pausing", "Paused"),
        PauseMachine => ("Unpausing", "Unpaused"),
        Await => ("Waiting", ""),
        _ => ("Removing", "Removed"),
    };

    private void Post(string machine, string verb, Action<Query>? add = null)
    {
        var query = new Query("containers", machine, verb);
        add?.Invoke(query);
        api.Post(query);
    }

    /// <summary>Somebody else removed it: that is what was wanted.</summary>
    private static void Unless404(Func<JsonElement> call)
    {
        try
        {
            call();
        }
        catch (HyprException e) when (e.Kind == ErrorKind.NotFound)
        {
        }
    }

    private void DoPull(Pull step)
    {
        var layers = new PullTotals();
        using var answer = pull(step.Image, step.Platform);
        foreach (var line in answer.JsonLines())
        {
            var message = line.Deserialize(HyprJson.Wire.ProgressMessage)!;
            if ((message.ErrorDetail?.Message ?? message.Error) is { Length: > 0 } error)
            {
                throw new HyprException(ErrorKind.Internal, error);
            }

            if (layers.Add(message) is { } text)
            {
                progress.Detail(step.Subject, text);
            }
        }
    }

    private void Create(CreateNetwork step)
    {
        try
        {
            var request = NetworkRequest.Of(project!, step.Network, step.Hash);
            var answer = api.Post(new Query("networks", "create"), JsonSerializer.SerializeToUtf8Bytes(request, HyprJson.Wire.CreateNetworkRequest));
            if (answer.Deserialize(HyprJson.Wire.CreateNetworkResponse) is { Warning.Length: > 0 } response)
            {
                progress.Warn($"{step.Network.At}: {response.Warning}");
            }
        }
        catch (HyprException e) when (e.Kind == ErrorKind.Conflict && IsOurs(step.Network.Name))
        {
            // Another up of the same stack was quicker.
        }
    }

    private bool IsOurs(string network) => _reader.Networks().Any(n => n.Name == network && n.Project == project!.Name);

    private void Create(CreateMachine step)
    {
        var service = step.Service;
        var image = _reader.ImageId(service.Image!)
            ?? throw HyprException.NotFound($"the image {service.Image} is not there");
        var request = MachineRequest.Of(project!, service, step.Name, step.Number, step.Hash, image, step.Inherited);
        var query = new Query("containers", "create").Add("name", step.Name).Add("platform", service.Platform);
        var answer = api.Post(query, JsonSerializer.SerializeToUtf8Bytes(request, HyprJson.Wire.CreateContainerRequest));
        foreach (var warning in answer.Deserialize(HyprJson.Wire.CreateContainerResponse)!.Warnings)
        {
            var at = warning.Contains("health", StringComparison.OrdinalIgnoreCase) ? service.Place("healthcheck") : service.At;
            progress.Warn($"{at}: services.{service.Name}: {warning}");
        }
    }

    /// <returns>The word for what it has become.</returns>
    private string Wait(Await step, CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                if (Reached(step) is { } word)
                {
                    return word;
                }

                cancel.WaitHandle.WaitOne(Glance);
                cancel.ThrowIfCancellationRequested();
            }
        }
        catch (HyprException e) when (!step.Required)
        {
            progress.Warn($"{step.At}: {e.Message}; it is not required, so the rest goes on");
            return NotAsRequired;
        }
    }

    private string? Reached(Await step)
    {
        var state = _reader.Inspect(step.Name).State;
        var health = state.Health is { Status: not ("" or "none") } h ? h.Status : null;
        switch (step.Condition)
        {
            case "service_completed_successfully":
                return state.Status is not ("exited" or "dead") ? null
                    : state.ExitCode == 0 ? "Exited"
                    : throw HyprException.Conflict($"VM {step.Name} did not complete successfully: exit code {state.ExitCode}. See hypr logs {step.Name}");
            case "service_healthy" when health is null && state.Running:
                throw HyprException.Conflict($"VM {step.Name} has no health check, so it can never be healthy: give it one, or depend on service_started instead");
            case "service_started":
                return state.Running || state.Status == "exited" ? "Started" : null;
        }

        // Docker calls what has ended unhealthy: its end says more.
        return health switch
        {
            _ when state.Status is "exited" or "dead" =>
                throw HyprException.Conflict($"VM {step.Name} has ended with exit code {state.ExitCode}. See hypr logs {step.Name}"),
            "unhealthy" => throw HyprException.Conflict($"VM {step.Name} is unhealthy: {LastWords(state.Health!)}"),
            "healthy" => "Healthy",
            null when state.Running => "Running",
            _ => null,
        };
    }

    private static string LastWords(Health health) =>
        health.Log.LastOrDefault()?.Output.Trim() is { Length: > 0 } output ? $"its check says {output}" : "its check fails";
}
