using Hypr.Compose.Model;
using Hypr.Compose.Plan;

namespace Hypr.Compose.Tests.Plan;

/// <summary>Projects, what is there, and plans as short texts.</summary>
internal static class PlanText
{
    public static ComposeProject Project(string yaml)
    {
        using var folder = new StackFolder(("compose.yaml", yaml));
        return folder.Load().Project;
    }

    public static StackPlan Up(string yaml, Present? present = null, UpOptions? options = null) => UpPlan.Of(Project(yaml), present ?? WithImages(yaml), options ?? new UpOptions());

    /// <summary><c>start VM shop-web-1 &lt;- create VM shop-web-1</c></summary>
    public static IReadOnlyList<string> Lines(this StackPlan plan) =>
        [.. plan.Steps.Select(s => s.After.Count == 0 ? $"{s}" : $"{s} <- {string.Join(", ", s.After)}")];

    public static IReadOnlyList<string> Names(this StackPlan plan) => [.. plan.Steps.Select(s => s.ToString())];

    public static Present WithImages(string yaml) =>
        Present.Nothing with { Images = Project(yaml).Services.Select(s => s.Image!).Distinct().ToDictionary(i => i, string? (i) => "sha256:" + i) };

    /// <summary>As after an up of that file: every VM in that state.</summary>
    public static Present After(string yaml, string state = "running")
    {
        var project = Project(yaml);
        return WithImages(yaml) with
        {
            Machines = [.. project.Services.SelectMany(s => Enumerable.Range(1, s.Scale).Select(n => Machine(project, s, n, state)))],
            Volumes = [.. project.Volumes.Values.Select(v => new PresentVolume(v.Name, v.External ? "" : project.Name, v.External ? "" : VolumeRequest.Hash(v), Anonymous: false))],
            Networks = [.. project.Networks.Values.Where(n => !n.External).Select(n => new PresentNetwork("id-" + n.Name, n.Name, project.Name, n.Key, NetworkRequest.Hash(n)))],
        };
    }

    private static PresentMachine Machine(ComposeProject project, Service service, int number, string state)
    {
        var name = MachineRequest.NameOf(project, service, number);
        var request = MachineRequest.Of(project, service, name, number, MachineRequest.Hash(project, service), "sha256:" + service.Image);
        return new PresentMachine("id-" + name, name, service.Name, number, state, service.Networks.Select(n => project.Networks[n.Key].Name).ToHashSet())
        {
            ConfigHash = request.Labels![StackLabels.ConfigHash],
            ImageId = request.Labels[StackLabels.Image],
            DependsOn = PresentDependency.Parse(request.Labels[StackLabels.DependsOn]),
        };
    }
}
