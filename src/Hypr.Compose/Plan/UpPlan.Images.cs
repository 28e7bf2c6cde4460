using Hypr.Compose.Model;

namespace Hypr.Compose.Plan;

/// <content>Images that are pulled before VMs are made of them.</content>
public sealed partial class UpPlan
{
    private readonly Dictionary<string, Step> _pulls = [];

    private void CheckImages(IReadOnlyList<Service> services)
    {
        foreach (var service in services.Where(s => PolicyOf(s) == "never" && !IsThere(s)))
        {
            _problems.Error(service.Place("image"), $"the image {service.Image} of {service.Name} is not there, and is never to be pulled. Load it: hypr load, or hypr pull {service.Image}");
        }
    }

    private string PolicyOf(Service service) => PullPlan.Policy(service, _options.Pull);

    private bool IsThere(Service service) => service.Image is null || _present.Images.GetValueOrDefault(service.Image) is not null;

    private void PlanPulls(IReadOnlyList<Service> services)
    {
        foreach (var service in services.Where(s => PolicyOf(s) != "never" && !IsThere(s)))
        {
            if (!_pulls.ContainsKey(service.Image!))
            {
                _pulls[service.Image!] = Add(new Pull(service.Image!, service.Platform, service.Place("image")));
            }
        }
    }
}
