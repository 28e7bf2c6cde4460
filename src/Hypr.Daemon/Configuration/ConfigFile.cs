using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Hypr.Network;
using Hypr.Primitives;
using Microsoft.Extensions.Logging;

namespace Hypr.Daemon.Configuration;

/// <summary>Reads daemon.json. A wrong file is refused whole: the message names the file, the key, the value and the reason.</summary>
internal static class ConfigFile
{
    private static readonly string[] Keys =
    [
        "bip", "default-address-pools", "dns", "hypr-resolv-conf", "hypr-sysctl-dir", "hypr-system-bus", "insecure-registries", "ip", "ipv6", "log-level", "metrics-addr", "mtu",
        "registry-mirrors", "warm-start",
    ];

    /// <param name="path">Null: the default file, which may be missing.</param>
    public static DaemonConfig Load(string? path)
    {
        var file = path ?? DaemonConfig.DefaultFile;
        if (path is null && !File.Exists(file))
        {
            return new DaemonConfig();
        }

        try
        {
            return Parse(file, File.ReadAllText(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HyprException.Invalid($"cannot read the configuration {file}: {e.Message}");
        }
    }

    public static DaemonConfig Parse(string file, string json)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException e)
        {
            throw HyprException.Invalid($"{file}: line {e.LineNumber + 1}: not JSON: {e.Message}");
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw HyprException.Invalid($"{file}: a JSON object is due");
            }

            var config = new DaemonConfig();
            foreach (var entry in document.RootElement.EnumerateObject())
            {
                try
                {
                    config = With(config, entry.Name, entry.Value);
                }
                catch (FormatException e)
                {
                    throw HyprException.Invalid($"{file}: {entry.Name}: {entry.Value.GetRawText()}: {e.Message}");
                }
            }

            return config;
        }
    }

    private static DaemonConfig With(DaemonConfig config, string key, JsonElement value) => key switch
    {
        "registry-mirrors" => config with { RegistryMirrors = [.. Texts(value).Select(Mirror)] },
        "insecure-registries" => config with { InsecureRegistries = [.. Texts(value).Select(Registry)] },
        "bip" => config with { Network = config.Network with { DefaultBridgeAddress = BridgeAddress(Text(value)) } },
        "default-address-pools" => config with { Network = config.Network with { Pools = Pools(value) } },
        "dns" => config with { Dns = [.. Texts(value).Select(Address)] },
        "mtu" => config with { Network = config.Network with { Mtu = Mtu(value) } },
        "ipv6" => config with { Network = config.Network with { IPv6 = Bool(value) } },
        "ip" => config with { Network = config.Network with { DefaultBindAddress = Address(Text(value)) } },
        "log-level" => config with { LogLevel = Level(Text(value)) },
        "warm-start" => config with { WarmStart = Bool(value) },
        "metrics-addr" => config with { MetricsAddress = MetricsAddress(value) },
        "hypr-resolv-conf" => config with { ResolvConf = Absolute(Text(value)) },
        "hypr-system-bus" => config with { SystemBus = Text(value) },
        "hypr-sysctl-dir" => config with { SysctlDirectory = Absolute(Text(value)) },
        _ => throw new FormatException($"unknown key. Known are: {string.Join(", ", Keys)}"),
    };

    private static string Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : throw new FormatException("a text is due");

    private static List<string> Texts(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(Text)] : throw new FormatException("a list of texts is due");

    private static bool Bool(JsonElement value) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw new FormatException("true or false is due");

    /// <summary>RFC 791: every IPv4 module forwards 68 bytes. 65535 is the most that a TAP takes.</summary>
    private static int Mtu(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var mtu) && mtu is >= 68 and <= 65535
        ? mtu
        : throw new FormatException("a number of bytes from 68 to 65535 is due");

    private static IPAddress Address(string text) =>
        IPAddress.TryParse(text, out var address) ? address : throw new FormatException($"{text} is not an IP address");

    private static InterfaceAddress BridgeAddress(string text)
    {
        if (!InterfaceAddress.TryParse(text, out var address) || address.IsIPv6)
        {
            throw new FormatException("an IPv4 address with its prefix length, such as 10.88.0.1/16, is due");
        }

        var bytes = address.Address.GetAddressBytes();
        var number = ((uint)bytes[0] << 24) | ((uint)bytes[1] << 16) | ((uint)bytes[2] << 8) | bytes[3];
        if (address.PrefixLength is < 8 or > 30)
        {
            throw new FormatException("a prefix length from 8 to 30 is due: the network needs room for VMs");
        }

        var hosts = uint.MaxValue >> address.PrefixLength;
        return (number & hosts) == 0 || (number & hosts) == hosts
            ? throw new FormatException("the bridge's own address is due, not the network's first or last one")
            : address;
    }

    private static List<AddressPool> Pools(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
        {
            throw new FormatException("""a list such as [{"base":"10.112.0.0/12","size":24}] is due""");
        }

        return [.. value.EnumerateArray().Select(Pool)];
    }

    private static AddressPool Pool(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty("base", out var text) || !value.TryGetProperty("size", out var number)
            || value.EnumerateObject().Count() != 2)
        {
            throw new FormatException("each pool has exactly base and size");
        }

        // .NET takes bits behind the prefix for granted and cuts them off.
        if (!IPNetwork.TryParse(Text(text), out var network) || !Text(text).StartsWith($"{network.BaseAddress}/", StringComparison.OrdinalIgnoreCase))
        {
            throw new FormatException($"base {text} is not a block such as 10.112.0.0/12 (with no bits behind the prefix)");
        }

        var longest = network.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6 ? 126 : 30;
        return number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var size) && size >= network.PrefixLength && size <= longest
            ? new AddressPool(network, size)
            : throw new FormatException($"size {number}: a prefix length from {network.PrefixLength} (the base's) to {longest} is due");
    }

    private static string Mirror(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Query.Length == 0 && url.UserInfo.Length == 0
            ? text.TrimEnd('/')
            : throw new FormatException($"{text} is not a URL such as https://mirror.example.org");

    private static string Registry(string text)
    {
        if (text.Contains("://", StringComparison.Ordinal))
        {
            throw new FormatException($"{text}: a host, host:port or block of addresses is due, without http://");
        }

        return text.Contains('/') && !IPNetwork.TryParse(text, out _) ? throw new FormatException($"{text} is not a block of addresses such as 10.0.0.0/8") : text;
    }

    private static LogLevel Level(string text) => text switch
    {
        "debug" => LogLevel.Debug,
        "info" => LogLevel.Information,
        "warn" => LogLevel.Warning,
        "error" => LogLevel.Error,
        "fatal" => LogLevel.Critical,
        _ => throw new FormatException("debug, info, warn, error or fatal is due"),
    };

    private static IPEndPoint? MetricsAddress(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String && value.GetString() == "")
        {
            return null;
        }

        return IPEndPoint.TryParse(Text(value), out var address) && address.Port != 0
            ? address
            : throw new FormatException("an address with its port, such as 127.0.0.1:41002, is due, or \"\" for none");
    }

    private static string Absolute(string path) => Path.IsPathRooted(path) ? path : throw new FormatException("an absolute path is due");
}
