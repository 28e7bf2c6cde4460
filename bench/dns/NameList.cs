using System.Net;

namespace Hypr.Dns.Bench;

/// <summary>The names that all servers are given: hN.hypr at 10.88.x.y.</summary>
internal static class NameList
{
    public static string Name(int i) => $"h{i}";

    public static IPAddress Address(int i) => new([10, 88, (byte)((i + 2) >> 8), (byte)(i + 2)]);

    public static int Write(string form, int count)
    {
        using var output = new StreamWriter(Console.OpenStandardOutput());
        if (form == "zone")
        {
            output.WriteLine("$ORIGIN hypr.\n$TTL 1\n@ SOA host hostmaster 1 60 10 60 1\n@ NS host\nhost A 10.88.0.1");
        }

        if (form == "aardvark")
        {
            // It answers only whom it knows: the load's own address is a container's.
            output.WriteLine($"127.0.0.1\n{"c".PadLeft(64, 'f')} 127.0.0.1  client");
        }

        for (var i = 0; i < count; i++)
        {
            output.WriteLine(form switch
            {
                "hosts" => $"{Address(i)} {Name(i)}.hypr",
                "zone" => $"{Name(i)} A {Address(i)}",
                "unbound" => $"local-data: \"{Name(i)}.hypr. 1 A {Address(i)}\"",
                "aardvark" => $"{i:x64} {Address(i)}  {Name(i)}",
                "queries" => $"{Name(i)}.hypr A",
                _ => throw new ArgumentException(form),
            });
        }

        return 0;
    }
}
