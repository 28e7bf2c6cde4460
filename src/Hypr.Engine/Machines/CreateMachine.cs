using System.Net;
using Hypr.Engine.Health;
using Hypr.Engine.Volumes;
using Hypr.Images;
using Hypr.Machines;
using Hypr.Network;
using Hypr.Network.Endpoints;
using Hypr.Network.Networks;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>Makes a machine that does not run: checked wholly, stored, attached to its networks. Undone when a step fails.</summary>
internal sealed class CreateMachine(
    MachineRegistry machines, IImageService images, INetworkService networks, VolumeUseCases volumes, MachineLinks links, IMachineHost host, MachineEvents events,
    TimeProvider clock)
{
    public async Task<MachineCreated> RunAsync(string? name, MachineConfig config, CancellationToken cancel)
    {
        // 1. All checks, before anything is written. The image's come last: a client pulls one that is missing, which is in vain if the rest is wrong.
        var chosen = string.IsNullOrEmpty(name) ? MachineName.Free(machines.HasName) : MachineName.Checked(name);
        Sizing.Check(config, host.MinimumMemoryBytes);
        host.RequireSpace();
        HealthRules.Check(config.Healthcheck);
        CheckNames(config);
        links.Check(config);
        var attachments = Attachments(config);
        MachineFiles.Check(config);
        FolderUseCases.Check(MountPlan.Of(config, [], machines.Get).Folders, host.Folders);
        MachineRights.Check(config);
        if (config.StopSignal is { Length: > 0 } signal)
        {
            Signals.Parse(signal);
        }

        var image = images.Find(config.Image) ?? throw HyprException.NotFound($"No such image: {config.Image}");
        image.RequirePlatform(config.Platform);
        CheckCommand(config, image);
        _ = PortPlan.Of(config, image.Config);

        // 2. Its volumes and the intent. A machine found in Creating at hyprd's start is removed.
        Machine machine = null!;
        var wishes = MountPlan.Of(config, image.Config.Volumes, machines.Get);
        var made = await volumes.TakeAsync(
            wishes.Volumes,
            mounts =>
            {
                var whole = config with { Volumes = mounts, Folders = wishes.Folders };
                machine = new Machine(ObjectId.New(), chosen, clock.GetUtcNow(), image.Id, whole, new MachineState());
                machines.Add(machine);
            },
            cancel);
        try
        {
            // 3. Its place on each network that is there. One that is missing is told at start: a 404 here makes the docker CLI pull the image.
            var missing = new List<string>();
            foreach (var attachment in attachments)
            {
                if (networks.Find(attachment.Network) is { } network)
                {
                    await networks.ConnectAsync(Identity(machine), network.Id, Request(attachment), cancel);
                }
                else
                {
                    missing.Add(attachment.Network);
                }
            }

            machines.SetState(machine, machine.State with { Status = MachineStatus.Created, PendingNetworks = missing });
        }
        catch
        {
            await networks.ForgetAsync(machine.Id, CancellationToken.None);
            machines.Remove(machine);
            await volumes.DropAsync(made);
            throw;
        }

        events.Publish(machine, "create");
        return new MachineCreated(machine.Id, Warnings(machine));
    }

    private IReadOnlyList<string> Warnings(Machine machine)
    {
        var attached = networks.EndpointsOf(machine.Id).Select(e => networks.Find(e.NetworkId)).OfType<VmNetwork>().ToList();
        var discarded = attached.Count > 0 && attached.TrueForAll(n => n.Internal) && (machine.Config.PortBindings.Count > 0 || machine.Config.PublishAllPorts)
            ? new[] { $"Published ports are discarded: {machine.Name} has only internal networks ({string.Join(", ", attached.Select(n => n.Name))})" }
            : [];
        return [.. discarded, .. NameWarnings(machine)];
    }

    /// <summary>RFC 1035, 2.3.4: a label has 63 octets at most. With a dot a name is one of several labels, which is asked for as it stands.</summary>
    private static IEnumerable<string> NameWarnings(Machine machine)
    {
        foreach (var name in machine.Config.Networks.SelectMany(n => n.Aliases).Prepend(machine.Name).Distinct())
        {
            if (name.Split('.').Any(l => l.Length is 0 or > 63) || name.Length > 238)
            {
                yield return $"{name} cannot be asked for by name: each part between dots has 1 to 63 bytes, the whole 238. Use --network-alias for a shorter one";
            }
            else if (name.Contains('.'))
            {
                yield return $"{name} has dots: in VMs it is found bare and as {name}.hypr, on the host as {name}.hypr; a domain of that name outside is hidden from VMs";
            }
        }
    }

    public static MachineIdentity Identity(Machine machine)
    {
        var labels = machine.Config.Labels;
        return new MachineIdentity(machine.Id, machine.Name)
        {
            Stack = labels.GetValueOrDefault("com.docker.compose.project"),
            Service = labels.GetValueOrDefault("com.docker.compose.service"),
            Upstreams = [.. machine.Config.Dns.Select(d => new IPEndPoint(IPAddress.Parse(d), 53))],
        };
    }

    public static EndpointRequest Request(NetworkAttachment attachment) => new()
    {
        IPv4 = attachment.IPv4,
        IPv6 = attachment.IPv6,
        Mac = attachment.MacAddress,
        Aliases = attachment.Aliases,
        GatewayPriority = attachment.GwPriority,
        DriverOptions = attachment.DriverOpts,
    };

    /// <summary>The network mode's network and those of the endpoints' configuration, each once.</summary>
    public static IReadOnlyList<NetworkAttachment> Attachments(MachineConfig config)
    {
        var mode = config.NetworkMode;
        if (mode == "host")
        {
            throw HyprException.Invalid("--network host: a VM has a kernel and a network of its own and cannot share the host's. Publish ports with -p, or reach the host as host.hypr");
        }

        if (mode.StartsWith("container:", StringComparison.Ordinal))
        {
            throw HyprException.Invalid($"--network {mode}: two VMs cannot share one network stack. Put both on one network and use their names");
        }

        if (mode == "none")
        {
            return config.Networks.Any(n => n.Network != "none")
                ? throw HyprException.Invalid("--network none: a VM without a network cannot be on another one as well")
                : [];
        }

        var primary = mode is "" or "default" ? "bridge" : mode;
        var rest = config.Networks.Select(n => n.Network is "" or "default" ? n with { Network = primary } : n).ToList();
        return rest.Any(n => n.Network == primary) ? rest : [new NetworkAttachment { Network = primary }, .. rest];
    }

    private static void CheckCommand(MachineConfig config, Image image)
    {
        if (CommandLine.Of(config, image.Config).Count == 0)
        {
            throw HyprException.Invalid("no command specified: the image has neither entrypoint nor command. Give one after the image's name");
        }
    }

    private static void CheckNames(MachineConfig config)
    {
        foreach (var server in config.Dns)
        {
            if (!IPAddress.TryParse(server, out _))
            {
                throw HyprException.Invalid($"--dns {server}: not an IP address");
            }
        }

        foreach (var entry in config.ExtraHosts)
        {
            var (address, names) = ExtraHost(entry);
            if (names.Length == 0 || (address != "host-gateway" && !IPAddress.TryParse(address, out _)))
            {
                throw HyprException.Invalid($"--add-host {entry}: name:address is due, the address an IP address or host-gateway");
            }
        }
    }

    /// <summary><c>name:address</c> or <c>name=address</c>; an IPv6 address may stand in brackets (Docker).</summary>
    public static (string Address, string Name) ExtraHost(string entry)
    {
        var cut = entry.IndexOfAny([':', '=']);
        return cut < 0 ? ("", "") : (entry[(cut + 1)..].Trim('[', ']'), entry[..cut]);
    }
}
