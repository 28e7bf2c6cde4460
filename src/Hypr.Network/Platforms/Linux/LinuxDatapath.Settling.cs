using Hypr.Network.Platforms.Linux.Links;

namespace Hypr.Network.Platforms.Linux;

/// <summary>What follows a change a moment later.</summary>
public sealed partial class LinuxDatapath
{
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SettledAtLatest = TimeSpan.FromSeconds(3);
    private readonly ITimer _settle;

    /// <summary>When the first change was that waits; 0: none does.</summary>
    private long _unsettled;

    /// <summary>What nothing waits for, and costs the more the more networks there are: once for all changes of a moment.</summary>
    private void SettleSoon()
    {
        var now = _time.GetTimestamp();
        if (_unsettled == 0)
            _unsettled = now;
        var left = SettledAtLatest - _time.GetElapsedTime(_unsettled, now);
        _settle.Change(left < Settling ? left < TimeSpan.Zero ? TimeSpan.Zero : left : Settling, Timeout.InfiniteTimeSpan);
    }

    private void Settle()
    {
        if (_unsettled == 0)
            return;
        _unsettled = 0;
        WriteSettings();
        _foreign?.Want(_model.Masqueraded());
    }

    private void WriteSettings()
    {
        try
        {
            _forwarding.Write(_model.Networks.Values, _model.WantsIPv6);
            Note(Forwarding.FileName, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var text = $"{Path.Combine(_settings.SysctlFolder!, Forwarding.FileName)} cannot be written, so sysctl --system may take our kernel settings back: {e.Message}";
            Note(Forwarding.FileName, text);
            LogWarning(_log, text);
        }
    }
}
