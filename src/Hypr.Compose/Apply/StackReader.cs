using System.Globalization;
using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Api.Contracts;
using Hypr.Compose.Plan;
using Hypr.Primitives;

namespace Hypr.Compose.Apply;

/// <summary>What is there, by Docker's labels.</summary>
public sealed class StackReader(DockerClient api)
{
    /// <summary>Docker's label of a volume that nobody named.</summary>
    private const string AnonymousVolume = "com.docker.volume.anonymous";

    /// <param name="images">Names to look for.</param>
    /// <exception cref="HyprException">The daemon refuses, or is not there.</exception>
    public Present Read(string project, IEnumerable<string> images)
    {
        // The calls are independent, and up with nothing to do consists of them.
        var wanted = images.Distinct().ToList();
        var found = new string?[wanted.Count];
        IReadOnlyList<PresentMachine> machines = [];
        IReadOnlyList<PresentNetwork> networks = [];
        IReadOnlyList<PresentVolume> volumes = [];
        Together(
        [
            () => machines = [.. Containers(project).Select(Machine)],
            () => networks = Networks(),
            () => volumes = [.. AllVolumes().Select(v => new PresentVolume(
                v.Name, Label(v.Labels ?? [], StackLabels.Project), Label(v.Labels ?? [], StackLabels.ConfigHash), v.Labels?.ContainsKey(AnonymousVolume) == true))],
            .. wanted.Select((name, i) => (Action)(() => found[i] = ImageId(name))),
        ]);
        return new Present(machines, networks, wanted.Zip(found).ToDictionary(p => p.First, p => p.Second)) { Volumes = volumes };
    }

    /// <summary>All VMs of a stack, or with null of every stack, whatever their state.</summary>
    public IReadOnlyList<ContainerSummary> Containers(string? project) =>
        api.Get(new Query("containers", "json").Add("all", true)
            .AddFilters([KeyValuePair.Create("label", project is null ? StackLabels.Project : $"{StackLabels.Project}={project}")]))
            .Deserialize(HyprJson.Wire.ListContainerSummary) ?? [];

    public IReadOnlyList<PresentNetwork> Networks() =>
    [
        .. (api.Get(new Query("networks")).Deserialize(HyprJson.Wire.ListNetworkSummary) ?? []).Select(n => new PresentNetwork(
            n.Id, n.Name, Label(n.Labels, StackLabels.Project), Label(n.Labels, StackLabels.Network), Label(n.Labels, StackLabels.ConfigHash))),
    ];

    /// <summary>Names of the named volumes of a stack.</summary>
    public IReadOnlyList<string> Volumes(string project) =>
        [.. AllVolumes().Where(v => Label(v.Labels ?? [], StackLabels.Project) == project).Select(v => v.Name)];

    private List<VolumeInspect> AllVolumes() => api.Get(new Query("volumes")).Deserialize(HyprJson.Wire.VolumeList)?.Volumes ?? [];

    /// <summary>Null: it is not there.</summary>
    public string? ImageId(string name)
    {
        try
        {
            return api.Get(new Query("images", name, "json")).GetProperty("Id").GetString();
        }
        catch (HyprException e) when (e.Kind == ErrorKind.NotFound)
        {
            return null;
        }
    }

    public ContainerInspect Inspect(string name) => api.Get(new Query("containers", name, "json")).Deserialize(HyprJson.Wire.ContainerInspect)!;

    public static PresentMachine Machine(ContainerSummary c) => new(
        c.Id,
        Name(c),
        Label(c.Labels, StackLabels.Service),
        int.TryParse(Label(c.Labels, StackLabels.Number), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 1,
        c.State,
        c.NetworkSettings.Networks.Keys.ToHashSet())
    {
        OneOff = Label(c.Labels, StackLabels.OneOff) == "True",
        ConfigHash = Label(c.Labels, StackLabels.ConfigHash),
        ImageId = Label(c.Labels, StackLabels.Image) is { Length: > 0 } image ? image : c.ImageId,
        Volumes = c.Mounts.Where(m => m is { Type: "volume", Name: not null }).ToDictionary(m => m.Destination, m => m.Name!),
        DependsOn = PresentDependency.Parse(Label(c.Labels, StackLabels.DependsOn)),
    };

    public static string Name(ContainerSummary c) => c.Names.Select(n => n.TrimStart('/')).FirstOrDefault(n => !n.Contains('/')) ?? c.Id;

    public static string Label(IReadOnlyDictionary<string, string> labels, string key) => labels.TryGetValue(key, out var value) ? value : "";

    /// <summary>At the same time, each in a thread of its own: the client's calls block. The first failure is thrown when all have ended.</summary>
    private static void Together(IReadOnlyList<Action> calls)
    {
        Exception? failure = null;
        var threads = calls.Select(call => new Thread(() =>
        {
            try
            {
                call();
            }
            catch (Exception e) when (e is HyprException or IOException or JsonException)
            {
                Interlocked.CompareExchange(ref failure, e, null);
            }
        })
        { IsBackground = true }).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }
}
