using Hypr.Primitives;

namespace Hypr.Machines;

/// <summary>Where machines live and what runs them.</summary>
public sealed record MachineHostSettings
{
    /// <summary><c>HYPR_DATA_DIR</c>: <c>machines/ID/</c> and the template of writable disks are below it.</summary>
    public required string DataDirectory { get; init; }

    /// <summary><c>HYPR_RUNTIME_DIR</c>: <c>machines/ID/</c> with the sockets is below it.</summary>
    public required string RuntimeDirectory { get; init; }

    /// <summary>The guest's kernel; <c>HYPR_KERNEL</c> names another.</summary>
    public required string Kernel { get; init; }

    /// <summary>The initramfs with the agent.</summary>
    public required string Initramfs { get; init; }

    /// <summary>A path, or a name looked up in PATH.</summary>
    public string Qemu { get; init; } = "qemu-system-x86_64";

    /// <summary>hyprd's own program, which serves folders of the host (<see cref="Folders.FolderServerProgram"/>); null: it cannot.</summary>
    public string? Hyprd { get; init; }

    /// <summary>Whom a VMM is tried out as. A machine's has a user of its own: <see cref="Vmm.VmmUser"/>.</summary>
    public uint Uid { get; init; } = DefaultUser;

    /// <summary>The group of every VMM. They own no file: everything reaches them as an open descriptor.</summary>
    public uint Gid { get; init; } = DefaultUser;

    /// <summary>The size that a guest sees; the file is sparse.</summary>
    public long WritableDiskBytes { get; init; } = 10L << 30;

    /// <summary>Free PCIe root ports of a machine, for NICs and volumes that come later.</summary>
    public int SparePorts { get; init; } = 8;

    /// <summary>How long a guest may take to its agent's hello. One that hangs is started once more.</summary>
    public TimeSpan BootDeadline { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>Machines go on from saved guests where there are some. False: every one boots.</summary>
    public bool WarmStart { get; init; } = true;

    /// <summary>A folder for saved guests that other hyprds use too; null: <c>templates/</c> of the data directory.</summary>
    public string? TemplateDirectory { get; init; }

    /// <summary>A saved guest older than this is used once more and made anew: its kernel's address layout is that of all its machines.</summary>
    public TimeSpan TemplateAge { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How much what makes a saved guest lets others go first (nice(2)), when nobody waits for it.</summary>
    public int TemplateNice { get; init; } = 5;

    /// <summary>How long a saved guest stays in memory behind its last use.</summary>
    public TimeSpan TemplateIdle { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Beyond so many on disk the least recently used go.</summary>
    public int MostTemplates { get; init; } = 8;

    /// <summary>How long a resumed guest may take to its agent's hello. One that does not make it is started cold.</summary>
    public TimeSpan WarmDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an agent may take to answer. One that says nothing at all for so long is asked over a new connection.</summary>
    public TimeSpan AnswerDeadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a guest may take to copy the image's content into a new volume.</summary>
    public TimeSpan CopyDeadline { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a guest whose process has ended keeps its exit code and output for a hyprd that is away.</summary>
    public TimeSpan ExitDeadline { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Docker's <c>max-size</c> and <c>max-file</c> of the json-file driver.</summary>
    public long LogFileBytes { get; init; } = 10_000_000;

    public int LogFiles { get; init; } = 3;

    /// <summary>Failures on purpose; null: none.</summary>
    public Faults? Faults { get; init; }

    /// <summary>
    /// Of the user <c>hypr-vm</c>, which the installer makes: in Debian's range 60000-64999 of ids given by package (Debian policy 9.2.2),
    /// unused there.
    /// </summary>
    public const uint DefaultUser = 64055;
}
