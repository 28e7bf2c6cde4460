using System.Buffers.Binary;
using System.Text;

namespace Hypr.Machines.Vmm;

/// <summary>What can be said of a kernel's file.</summary>
internal static class GuestKernel
{
    private const int HeaderBytes = 0x8000;

    /// <summary>
    /// The version in a bzImage's header (Documentation/arch/x86/boot.rst: kernel_version at 0x20e is the text's place less 0x200); else what
    /// the manifest beside it says (guest/build writes one), for an ELF kernel has no such place; else the file's name.
    /// </summary>
    public static string Version(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            var header = new byte[HeaderBytes];
            var count = RandomAccess.Read(file, header, 0);
            if (count > 0x210 && header.AsSpan(0x202, 4).SequenceEqual("HdrS"u8))
            {
                var at = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(0x20e)) + 0x200;
                var text = at < count ? header.AsSpan(at, Math.Min(64, count - at)) : default;
                var end = text.IndexOfAny((byte)' ', (byte)0);
                if (end > 0)
                    return Encoding.ASCII.GetString(text[..end]);
            }

            const string Key = "kernel=";
            var manifest = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "manifest");
            if (File.Exists(manifest) && File.ReadLines(manifest).FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal)) is { Length: > 7 } line)
                return line[Key.Length..];
        }
        catch (IOException)
        {
            return $"{path} (missing)";
        }

        return Path.GetFileName(path);
    }
}
