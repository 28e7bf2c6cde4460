using System.Runtime.CompilerServices;
using Hypr.Compose.Write;

namespace Hypr.Compose.Tests;

/// <summary>A file with every key of the Compose Specification is a file: what HYPR cannot use is named with its place, nothing is silent.</summary>
public sealed class EveryKeyTests
{
    private static readonly string[] WithoutEffect =
    [
        "annotations", "attach", "blkio_config", "cgroup", "cgroup_parent", "cpu_count", "credential_spec", "develop", "device_cgroup_rules", "devices", "driver_opts", "endpoint_mode",
        "gpus", "ipc", "isolation", "label_file", "labels", "link_local_ips", "mem_reservation", "mem_swappiness", "memswap_limit", "mode", "models",
        "oom_kill_disable", "oom_score_adj", "pid", "pids", "pids_limit", "placement", "post_start", "pre_stop", "restart_policy", "rollback_config", "runtime",
        "storage_opt", "update_config", "use_api_socket", "userns_mode", "uts",
    ];

    [Fact]
    public void It_loads_and_each_key_without_effect_is_named_once_with_its_place()
    {
        using var folder = Folder(File.ReadAllText(EveryKey()));
        var loaded = folder.Load();
        var place = Path.Combine(folder.Path, "compose.yaml") + ":";
        Assert.All(loaded.Warnings, w => Assert.StartsWith(place, w.ToString()));
        var named = loaded.Warnings.Select(w => w.ToString().Split("the key ") is [_, var rest] ? rest.Split(' ')[0] : w.ToString()).ToList();
        Assert.Equal(WithoutEffect, named.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void As_one_file_again_it_loads_to_the_same()
    {
        using var folder = Folder(File.ReadAllText(EveryKey()));
        var text = ConfigText.Of(folder.Load().Project);
        using var again = Folder(text);
        Assert.Equal(text.Replace(folder.Path, "", StringComparison.Ordinal), ConfigText.Of(again.Load().Project).Replace(folder.Path, "", StringComparison.Ordinal));
    }

    private static StackFolder Folder(string yaml)
    {
        var folder = new StackFolder(("compose.yaml", yaml));
        folder.Profiles.Add("*");
        return folder;
    }

    private static string EveryKey([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "Files", "every-key.yaml");
}
