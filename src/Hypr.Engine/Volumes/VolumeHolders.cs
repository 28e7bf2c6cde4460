using Hypr.Engine.Machines;
using Hypr.Machines;
using Hypr.Primitives;

namespace Hypr.Engine.Volumes;

/// <summary>
/// Which running machine has which volume's disk. A file system on a block device bears one writer, or any number of readers: of two that write, each would
/// overwrite what the other believes to be there.
/// </summary>
internal sealed class VolumeHolders(IVolumeFiles files)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Dictionary<Machine, bool>> _holders = new(StringComparer.Ordinal);

    /// <summary>All of the machine's volumes or none; gives those that it may write to. Conflict names who has one.</summary>
    public IReadOnlyList<string> Take(Machine machine)
    {
        lock (_gate)
        {
            var wanted = machine.Config.Volumes.GroupBy(m => m.Volume)
                .Select(g => (Name: g.Key, Writes: g.Any(m => !m.ReadOnly) || !files.IsInOrder(g.Key))).ToList();
            foreach (var (name, writes) in wanted)
            {
                foreach (var (holder, holderWrites) in _holders.GetValueOrDefault(name) ?? [])
                {
                    if (holder != machine && (writes || holderWrites))
                    {
                        throw InUse(name, holder, holderWrites);
                    }
                }
            }

            foreach (var (name, writes) in wanted)
            {
                Enter(machine, name, writes);
            }

            return [.. wanted.Where(w => w.Writes).Select(w => w.Name)];
        }
    }

    /// <summary>Of a machine that an earlier hyprd started: it has them, whoever else wants them.</summary>
    public void Adopt(Machine machine)
    {
        lock (_gate)
        {
            foreach (var name in machine.Config.Volumes.Select(m => m.Volume).Distinct())
            {
                Enter(machine, name, machine.State.WrittenVolumes.Contains(name));
            }
        }
    }

    /// <summary>When its VMM is gone.</summary>
    public void Release(Machine machine)
    {
        lock (_gate)
        {
            foreach (var name in machine.Config.Volumes.Select(m => m.Volume).Distinct())
            {
                if (_holders.TryGetValue(name, out var holders) && holders.Remove(machine) && holders.Count == 0)
                {
                    _holders.Remove(name);
                }
            }
        }
    }

    private void Enter(Machine machine, string name, bool writes)
    {
        if (!_holders.TryGetValue(name, out var holders))
        {
            _holders.Add(name, holders = []);
        }

        holders[machine] = writes;
    }

    private static HyprException InUse(string name, Machine holder, bool writes) => HyprException.Conflict(
        $"the volume {name} is in use by the running VM {holder.Name} ({(writes ? "read-write" : "read-only")}): a volume is a disk, which one VM at a time can write to. "
        + $"Stop {holder.Name} first, or mount the volume read-only (:ro) in both");
}
