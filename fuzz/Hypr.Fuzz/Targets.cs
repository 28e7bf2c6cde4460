using System.Text;
using System.Text.Json;
using Hypr.Api.Contracts;
using Hypr.Compose.Load;
using Hypr.Engine.Machines;
using Hypr.Guest.Protocol.Frames;
using Hypr.Guest.Protocol.Messages;
using Hypr.Images.Registry;
using Hypr.Images.Store;
using Hypr.Linux.Netlink;
using Hypr.Linux.Nftables;
using Hypr.Machines.Vmm.Qemu;
using Hypr.Primitives;
using Hypr.Tar;
using PortBinding = Hypr.Engine.Machines.PortBinding;
using PublishedPort = Hypr.Cli.Commands.Machines.PublishedPort;

namespace Hypr.Fuzz;

/// <summary>What octets of the kernel's, a guest's, a VMM's, a registry's, a client's and a person's reach: each is read, or refused with the exception that is meant for it.</summary>
internal static class Targets
{
    public static IReadOnlyDictionary<string, Action<byte[]>> All { get; } = new Dictionary<string, Action<byte[]>>
    {
        ["netlink"] = Netlink,
        ["nftables"] = Nftables,
        ["frames"] = static octets => FrameParser.Fuzz(octets),
        ["messages"] = static octets => Message.Fuzz(octets),
        ["qmp"] = static octets => QmpMessage.Fuzz(octets),
        ["compose"] = ComposeFile,
        ["ports"] = Ports,
        ["api"] = ApiBodies,
        ["manifest"] = Manifests,
        ["tar"] = Archive,
    };

    public static Action<byte[]> Find(string name) =>
        All.TryGetValue(name, out var target) ? target : throw new ArgumentException($"there is no target {name}: {string.Join(' ', All.Keys)}");

    private static void Netlink(byte[] octets)
    {
        ReadOnlySpan<byte> datagram = octets;
        while (NetlinkMessage.TryTake(ref datagram, out var message))
        {
            _ = message.ReadError();
            _ = LinkParser.Parse(message);
            _ = AddressTable.Parse(message);
            _ = RouteTable.Parse(message);
            _ = RuleTable.Parse(message);
            _ = NeighbourTable.Parse(message);
        }
    }

    private static void Nftables(byte[] octets)
    {
        ReadOnlySpan<byte> datagram = octets;
        while (NetlinkMessage.TryTake(ref datagram, out var message))
        {
            _ = NfTables.ParseChain(message);
            _ = NfTables.ParseRule(message);
            _ = NftTraceListener.Parse(message);
        }
    }

    private static void ComposeFile(byte[] octets) => Meant<ComposeException>(() => Loader.Load(new LoadRequest(
        "/nonexistent", ["-"], "fuzz", [], [], static _ => null, Input: () => Encoding.UTF8.GetString(octets))));

    /// <summary>A person's <c>-p</c>, and what the daemon makes of a client's binding.</summary>
    private static void Ports(byte[] octets)
    {
        var text = Encoding.UTF8.GetString(octets);
        Meant<HyprException>(() => PublishedPort.Parse(text));
        var parts = text.Split('\n');
        Meant<HyprException>(() => PortPlan.Parse(new PortBinding(parts[0], parts.ElementAtOrDefault(1) ?? "", parts.ElementAtOrDefault(2) ?? "")));
    }

    private static void ApiBodies(byte[] octets)
    {
        Meant<JsonException>(() => JsonSerializer.Deserialize(octets, HyprJson.Default.CreateContainerRequest));
        Meant<JsonException>(() => JsonSerializer.Deserialize(octets, HyprJson.Default.CreateNetworkRequest));
        Meant<JsonException>(() => JsonSerializer.Deserialize(octets, HyprJson.Default.ConnectNetworkRequest));
        Meant<JsonException>(() => JsonSerializer.Deserialize(octets, HyprJson.Default.CreateExecRequest));
        Meant<JsonException>(() => JsonSerializer.Deserialize(octets, HyprJson.Default.CreateVolumeRequest));
    }

    private static void Manifests(byte[] octets)
    {
        Meant<MalformedException>(() => Json.Parse(octets, DocumentContext.Default.ManifestJson, "a manifest"));
        Meant<MalformedException>(() => Json.Parse(octets, DocumentContext.Default.ConfigJson, "a configuration"));
        Meant<MalformedException>(() => Json.Parse(octets, DocumentContext.Default.ListArchiveJson, "an archive's manifest"));
        _ = ImageReference.TryParse(Encoding.UTF8.GetString(octets), out _);
    }

    private static void Archive(byte[] octets) => Meant<MalformedException>(() =>
    {
        var reader = new TarReader(new StreamSource(new MemoryStream(octets), 1024));
        while (reader.Next() is not null)
        {
        }
    });

    private static void Meant<T>(Action read)
        where T : Exception
    {
        try
        {
            read();
        }
        catch (T)
        {
            // Said what is wrong, as it should.
        }
    }
}
