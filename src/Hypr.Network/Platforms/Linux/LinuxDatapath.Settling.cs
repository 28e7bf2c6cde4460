using Hypr.Network.Platforms.Linux.Links;

namespace Hypr.Network.Platforms.Linux;

/// <summary>What follows a change a moment later.</summary>
public sealed partial class LinuxDatapath
{
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(100);
    private readonly ITimer _settle;
    private bool _settling;

    /// <summary>What nothing waits for, and costs the more the more networks there are: once for all changes of a moment.</summary>
    private void SettleSoon()
    {
        if (_settling)
            return;
        _settling = true;
        _settle.Change(Settling, Timeout.InfiniteTimeSpan);
    }

    private void Settle()
    {
        if (!_settling)
            return;
        _settling = false;
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
