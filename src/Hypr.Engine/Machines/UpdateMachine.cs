using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>Docker's update: the restart policy changes at once; a VM's size is made at its start, so a new one counts from the next.</summary>
internal sealed class UpdateMachine(MachineRegistry machines, IMachineHost host, MachineEvents events)
{
    public IReadOnlyList<string> Run(Machine machine, MachineUpdate update)
    {
        var config = machine.Config;
        if (update.Restart is { } restart)
        {
            if (config.AutoRemove && restart.Name is not ("" or "no"))
            {
                throw HyprException.Invalid($"Restart policy cannot be updated because AutoRemove is enabled for the container {machine.Name}");
            }

            config = config with { Restart = restart };
        }

        config = config with { NanoCpus = update.NanoCpus ?? config.NanoCpus, Memory = update.Memory ?? config.Memory };
        Sizing.Check(config, host.MinimumMemoryBytes);
        var resized = (Sizing.Cpus(config), Sizing.Memory(config)) != (Sizing.Cpus(machine.Config), Sizing.Memory(machine.Config));
        machines.SetConfig(machine, config);
        events.Publish(machine, "update");
        return resized && machine.Running is not null
            ? [$"{machine.Name} has {Sizing.Cpus(config)} CPUs and {Sizing.Memory(config) >> 20} MB from its next start on: a VM's size is made at its start (hypr restart {machine.Name})"]
            : [];
    }
}

/// <summary>Null: stays.</summary>
public sealed record MachineUpdate(RestartPolicy? Restart, long? NanoCpus, long? Memory);
