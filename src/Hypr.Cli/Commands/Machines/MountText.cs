using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;

namespace Hypr.Cli.Commands.Machines;

/// <summary><c>-v</c>, <c>--mount</c> and <c>--volumes-from</c>, as Docker's client reads them.</summary>
internal static class MountText
{
    /// <summary>A relative path of the host becomes absolute; a path alone is an anonymous volume.</summary>
    public static void Add(CommandLine line, CreateContainerRequest request)
    {
        var host = request.HostConfig!;
        foreach (string volume in line.All("volume"))
        {
            if (!volume.Contains(':'))
                (request.Volumes ??= [])[volume] = new EmptyObject();
            else
                (host.Binds ??= []).Add(volume[0] == '.' ? Path.GetFullPath(volume[..volume.IndexOf(':')]) + volume[volume.IndexOf(':')..] : volume);
        }

        foreach (string mount in line.All("mount"))
            (host.Mounts ??= []).Add(Parse(line, mount));
        if (line.All("volumes-from") is { Count: > 0 } from)
            host.VolumesFrom = [.. from];
        host.VolumeDriver = line.Text("volume-driver");
    }

    private static Mount Parse(CommandLine line, string text)
    {
        var mount = new Mount { Type = "volume" };
        foreach (string field in text.Split(','))
        {
            string[] pair = field.Split('=', 2);
            string value = pair.Length == 2 ? pair[1] : "true";
            switch (pair[0].ToLowerInvariant())
            {
                case "type": mount.Type = value; break;
                case "source" or "src": mount.Source = value.StartsWith('.') ? Path.GetFullPath(value) : value; break;
                case "target" or "dst" or "destination": mount.Target = value; break;
                case "readonly" or "ro": mount.ReadOnly = value is "true" or "1"; break;
                case "bind-propagation": Bind().Propagation = value; break;
                case "bind-create-src": Bind().CreateMountpoint = value is "true" or "1"; break;
                case "consistency": break;
                case "volume-nocopy": Volume().NoCopy = value is "true" or "1"; break;
                case "volume-subpath": Volume().Subpath = value; break;
                case "volume-driver": Driver().Name = value; break;
                case "volume-opt": Put(Driver().Options ??= [], value); break;
                case "volume-label": Put(Volume().Labels ??= [], value); break;
                case "tmpfs-size": Tmpfs().SizeBytes = Sizes.Parse("--mount tmpfs-size", value); break;
                case "tmpfs-mode": Tmpfs().Mode = Octal(value); break;
                case var key: throw new UsageException(line, $"--mount \"{text}\": unknown key {key}");
            }
        }

        return string.IsNullOrEmpty(mount.Target) ? throw new UsageException(line, $"--mount \"{text}\": target= is missing") : mount;

        BindMountOptions Bind() => mount.BindOptions ??= new BindMountOptions();
        VolumeMountOptions Volume() => mount.VolumeOptions ??= new VolumeMountOptions();
        VolumeDriverConfig Driver() => Volume().DriverConfig ??= new VolumeDriverConfig();
        TmpfsMountOptions Tmpfs() => mount.TmpfsOptions ??= new TmpfsMountOptions();

        int Octal(string value) => value.Length is > 0 and <= 5 && value.All(c => c is >= '0' and <= '7')
            ? Convert.ToInt32(value, 8)
            : throw new UsageException(line, $"--mount \"{text}\": tmpfs-mode takes an octal number, such as 1777");
    }

    private static void Put(Dictionary<string, string> map, string pair)
    {
        string[] parts = pair.Split('=', 2);
        map[parts[0]] = parts.Length == 2 ? parts[1] : "";
    }
}
