using Hypr.Primitives;

namespace Hypr.Images.Store;

/// <summary>What the disk says, for people.</summary>
internal static class DiskErrors
{
    private const int NoSpace = 28; // ENOSPC
    private const int QuotaExceeded = 122; // EDQUOT
    private const int ReadOnly = 30; // EROFS

    public static async Task<T> InWordsAsync<T>(Func<Task<T>> action, string what)
    {
        try
        {
            return await action().ConfigureAwait(false);
        }
        catch (IOException e) when (Errno(e) is NoSpace or QuotaExceeded)
        {
            throw HyprException.Unavailable($"{what}: no space left on device. Remove images (hypr rmi) or make room", e);
        }
        catch (IOException e) when (Errno(e) is ReadOnly)
        {
            throw HyprException.Unavailable($"{what}: {e.Message}", e);
        }
    }

    /// <summary>.NET gives errno as the HResult of an IOException, bare.</summary>
    private static int Errno(IOException e) => e.HResult & 0xFFFF;
}
