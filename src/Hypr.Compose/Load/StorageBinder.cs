using Hypr.Compose.Model;

namespace Hypr.Compose.Load;

/// <summary>Of a service: its mounts, configs and secrets.</summary>
internal sealed class StorageBinder(Problems problems)
{
    public ServiceMount? Mount(string service, Mapping m)
    {
        var f = new Fields(m, $"services.{service}.volumes", problems);
        var type = f.Text("type") ?? "volume";
        var target = f.Text("target");
        var tmpfs = new Fields(f.Mapping("tmpfs") ?? new Mapping(m.At, []), $"services.{service}.volumes.tmpfs", problems);
        var volume = new Fields(f.Mapping("volume") ?? new Mapping(m.At, []), $"services.{service}.volumes.volume", problems);
        var bind = new Fields(f.Mapping("bind") ?? new Mapping(m.At, []), $"services.{service}.volumes.bind", problems);
        f.Ignore("consistency");
        // SELinux labels are a host's: a guest's kernel does not look at them.
        bind.Ignore("selinux");
        var mount = new ServiceMount(type, f.Text("source"), target ?? "", f.Flag("read_only") ?? false, tmpfs.Bytes("size"), m.At)
        {
            TmpfsMode = Octal(tmpfs, "mode", $"services.{service}.volumes.tmpfs"),
            NoCopy = volume.Flag("nocopy") ?? false,
            Subpath = volume.Text("subpath"),
            CreateHostPath = bind.Flag("create_host_path") ?? true,
            Propagation = bind.Text("propagation"),
        };
        tmpfs.WarnOfTheRest();
        volume.WarnOfTheRest();
        bind.WarnOfTheRest();
        f.WarnOfTheRest();
        if (type == "bind" && mount.Source is null)
        {
            problems.Error(m.At, $"services.{service}.volumes: a bind mount has a source, a path of the host");
        }

        if (type is not ("volume" or "bind" or "tmpfs"))
        {
            problems.Error(m.At, $"services.{service}.volumes: the type '{type}' is not supported; volume, bind and tmpfs are");
        }

        // One that does not begin with / is an error of up: the specification has a file with the volume's name alone (10-fragments).
        if (target is null)
        {
            problems.Error(m.At, $"services.{service}.volumes: a target that begins with / is due");
            return null;
        }

        return mount;
    }

    public ServiceFile? File(string service, string what, Mapping m)
    {
        var f = new Fields(m, $"services.{service}.{what}", problems);
        var mode = Octal(f, "mode", $"services.{service}.{what}");
        var source = f.Text("source");
        var file = new ServiceFile(source ?? "", f.Text("target"), f.Text("uid"), f.Text("gid"), mode, m.At);
        f.WarnOfTheRest();
        if (source is null)
        {
            problems.Error(m.At, $"services.{service}.{what}: a source is due");
            return null;
        }

        return file;
    }

    /// <summary>Permission bits in YAML 1.1's octals: 0440 and 0o440.</summary>
    private int? Octal(Fields f, string key, string what)
    {
        if (f.Text(key) is not { } text)
        {
            return null;
        }

        try
        {
            if (Convert.ToInt32(text.Replace("0o", "", StringComparison.Ordinal), 8) is >= 0 and <= 0xFFF and var mode)
            {
                return mode;
            }
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            // The same as one that is too large.
        }

        problems.Error(f.Place(key), $"{what}: the mode '{text}' is no octal number such as 0440");
        return null;
    }
}
