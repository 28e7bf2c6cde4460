namespace Hypr.Api.Contracts;

/// <summary>Between st_mode (inode(7)) and Go's io/fs.FileMode.</summary>
public static class FileModes
{
    public const uint GoFolder = 1u << 31;
    public const uint GoLink = 1u << 27;
    private const uint GoDevice = 1u << 26;
    private const uint GoFifo = 1u << 25;
    private const uint GoSocket = 1u << 24;
    private const uint GoSetUser = 1u << 23;
    private const uint GoSetGroup = 1u << 22;
    private const uint GoCharDevice = 1u << 21;
    private const uint GoSticky = 1u << 20;

    public static uint ToGo(uint mode) =>
        (mode & 0x1FF)
        | (mode & 0xF000) switch
        {
            0x4000 => GoFolder,
            0xA000 => GoLink,
            0x6000 => GoDevice,
            0x2000 => GoDevice | GoCharDevice,
            0x1000 => GoFifo,
            0xC000 => GoSocket,
            _ => 0,
        }
        | ((mode & 0x800) != 0 ? GoSetUser : 0) | ((mode & 0x400) != 0 ? GoSetGroup : 0) | ((mode & 0x200) != 0 ? GoSticky : 0);
}
