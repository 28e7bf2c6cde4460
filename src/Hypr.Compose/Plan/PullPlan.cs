using Hypr.Compose.Model;

namespace Hypr.Compose.Plan;

/// <summary>
/// The pulls that come before a plan of up, because what they bring decides what is made anew (<c>always</c>), and those of <c>compose pull</c>.
/// </summary>
public static class PullPlan
{
    /// <summary>Those services' images that are pulled whether they are there or not.</summary>
    public static StackPlan Always(IEnumerable<Service> services, string? policy) => Of(services.Where(s => Policy(s, policy) == "always"));

    /// <param name="missing">Only what is not there.</param>
    public static StackPlan All(IEnumerable<Service> services, Present present, bool missing) =>
        Of(services.Where(s => s.Image is not null && s.PullPolicy != "never" && (!missing || present.Images.GetValueOrDefault(s.Image) is null)));

    /// <summary><c>always</c>, <c>missing</c> or <c>never</c>.</summary>
    /// <param name="asked">Over the service's own; null: nothing was asked.</param>
    internal static string Policy(Service service, string? asked) => asked ?? Support.PullPolicy(service.PullPolicy) ?? "missing";

    private static StackPlan Of(IEnumerable<Service> services) =>
        new([.. services.Where(s => s.Image is not null).DistinctBy(s => s.Image).Select(s => new Pull(s.Image!, s.Platform, s.Place("image")))]);
}
