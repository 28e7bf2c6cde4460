using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hypr.Api.Contracts;
using Hypr.Compose.Model;

namespace Hypr.Compose.Plan;

/// <summary>From a volume of a project to its create call.</summary>
internal static class VolumeRequest
{
    public static CreateVolumeRequest Of(ComposeProject project, Volume volume, string hash)
    {
        var request = Core(volume);
        request.Labels![StackLabels.Project] = project.Name;
        request.Labels[StackLabels.Volume] = volume.Key;
        request.Labels[StackLabels.Version] = StackLabels.ThisVersion;
        request.Labels[StackLabels.ConfigHash] = hash;
        return request;
    }

    public static string Hash(Volume volume) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(Core(volume), HyprJson.Wire.CreateVolumeRequest))));

    private static CreateVolumeRequest Core(Volume volume) => new()
    {
        Name = volume.Name,
        Driver = volume.Driver ?? "local",
        DriverOpts = volume.DriverOpts.Count > 0 ? Sorted(volume.DriverOpts) : null,
        Labels = Sorted(volume.Labels),
    };

    private static Dictionary<string, string> Sorted(IReadOnlyDictionary<string, string> map) =>
        map.OrderBy(e => e.Key, StringComparer.Ordinal).ToDictionary(e => e.Key, e => e.Value);
}
