namespace Hypr.Machines;

/// <summary>Volumes' disks: an ext4 each, in a sparse file <c>DATA/volumes/NAME.ext4</c>. Whose they are and who has them, others know.</summary>
public interface IVolumeFiles
{
    /// <summary>The size of a volume of which nothing else was said.</summary>
    long DefaultBytes { get; }

    /// <summary>The smallest that mkfs.ext4 makes with a journal.</summary>
    long LeastBytes { get; }

    string PathOf(string name);

    /// <summary>The caller has seen to it that no file of that name is there.</summary>
    Task CreateAsync(string name, long bytes, CancellationToken cancel);

    /// <summary>Nothing to do when it is not there.</summary>
    void Delete(string name);

    /// <summary>What it takes of the host's disk; 0: it is not there.</summary>
    long UsedBytes(string name);

    /// <summary>Whether it can be mounted without a write: it was used before and left in order.</summary>
    bool IsInOrder(string name);
}
