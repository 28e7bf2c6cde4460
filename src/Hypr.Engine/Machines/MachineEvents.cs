using Hypr.Engine.Events;

namespace Hypr.Engine.Machines;

/// <summary>Docker's container events: the attributes are the labels, the image and the name.</summary>
internal sealed class MachineEvents(EventLog log)
{
    public void Publish(Machine machine, string action, params ReadOnlySpan<(string Key, string Value)> more)
    {
        var attributes = new Dictionary<string, string>(machine.Config.Labels) { ["image"] = machine.Config.Image, ["name"] = machine.Name };
        foreach (var (key, value) in more)
        {
            attributes[key] = value;
        }

        log.Publish("container", action, machine.Id, attributes);
    }
}
