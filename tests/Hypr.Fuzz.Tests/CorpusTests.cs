using System.Reflection;

namespace Hypr.Fuzz.Tests;

/// <summary>Every target over its corpus, which holds what once failed too, and over changes of it.</summary>
public sealed class CorpusTests
{
    private const int Changes = 5000;
    private static readonly string Corpus =
        typeof(CorpusTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Corpus").Value!;

    public static TheoryData<string> Names => [.. Targets.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_input_is_read_or_refused_as_meant(string target)
    {
        var read = Targets.Find(target);
        var inputs = Directory.GetFiles(Path.Combine(Corpus, target)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes).ToList();
        Assert.NotEmpty(inputs);
        inputs.ForEach(i => Try(read, i));
        var random = new Random(1);
        for (var i = 0; i < Changes; i++)
        {
            Try(read, Change(inputs[i % inputs.Count], random));
        }
    }

    private static void Try(Action<byte[]> read, byte[] input)
    {
        try
        {
            read(input);
        }
        catch (Exception e)
        {
            Assert.Fail($"{Convert.ToBase64String(input)}: {e}");
        }
    }

    private static byte[] Change(byte[] input, Random random)
    {
        var changed = input.ToList();
        for (var times = 1 << random.Next(4); times > 0 && changed.Count > 0; times--)
        {
            var at = random.Next(changed.Count);
            switch (random.Next(4))
            {
                case 0:
                    changed[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    changed[at] = (byte)random.Next(256);
                    break;
                case 2:
                    changed.RemoveRange(at, Math.Min(changed.Count - at, random.Next(1, 9)));
                    break;
                default:
                    changed.Insert(at, changed[random.Next(changed.Count)]);
                    break;
            }
        }

        return [.. changed];
    }
}
