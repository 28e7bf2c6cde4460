using System.Text.Json.Nodes;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Support;

/// <summary>A host whose hyprd fails on purpose (<c>HYPR_FAULT</c>), by a plan that may change while it runs.</summary>
public class FaultyHost : HyprHost
{
    private int _written;

    public FaultyHost()
        : this(null)
    {
    }

    protected FaultyHost(JsonObject? configuration)
        : base(configuration)
    {
        StopDaemon();
        StartFaulty();
    }

    private string Plan => Path.Combine(Folder, "plan");

    /// <summary>Whether something has failed since the plan was made.</summary>
    public bool HasHit => File.Exists($"{Plan}.hits");

    public void StartFaulty() => StartDaemon($"HYPR_FAULT=@{Plan}");

    public void Arm(string plan)
    {
        if (plan.Length > 0)
        {
            File.Delete($"{Plan}.hits");
        }

        File.WriteAllText(Plan, plan);

        // It is read again when its time is another, whatever the file system's clock.
        File.SetLastWriteTimeUtc(Plan, DateTime.UnixEpoch.AddSeconds(++_written));
    }

    /// <summary>Database, kernel, files and processes, a moment after whatever went wrong.</summary>
    public void Agrees(string after)
    {
        ProgramResult check = new(1, "", "");
        Assert.True(Probe.Until(() => (check = Hypr("system", "check")).Succeeded), $"after {after}: {check.Output}{check.Error}\n{DaemonLog}");
    }

    public void Sleeper(string name, params string[] options) => MustHypr(["run", "-d", "--name", name, "-m", "128", .. options, "tools", "sleep", "infinity"]);
}
