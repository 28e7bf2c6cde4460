using System.Text.RegularExpressions;
using Hypr.Primitives;

namespace Hypr.Engine.Machines;

/// <summary>Names of machines: Docker's grammar, and names such as <c>eager-fox</c> where none is given.</summary>
internal static partial class MachineName
{
    private static readonly string[] Adjectives =
    [
        "able", "agile", "amber", "bold", "brave", "bright", "brisk", "calm", "clever", "cosy", "crisp", "daring", "eager", "early", "fair", "fancy",
        "fleet", "fond", "fresh", "gentle", "glad", "golden", "grand", "happy", "hardy", "honest", "humble", "jolly", "keen", "kind", "lively", "lucky",
        "mellow", "merry", "mighty", "neat", "nimble", "noble", "patient", "plucky", "polite", "proud", "quick", "quiet", "rapid", "ready", "rosy", "sharp",
        "shiny", "silent", "smart", "snug", "solid", "spry", "steady", "sunny", "swift", "tidy", "trusty", "vivid", "warm", "wise", "witty", "zesty",
    ];

    private static readonly string[] Animals =
    [
        "ant", "badger", "bat", "bear", "beaver", "bee", "bison", "boar", "cat", "crab", "crane", "crow", "deer", "dingo", "dove", "duck",
        "eagle", "eel", "elk", "falcon", "ferret", "finch", "fox", "frog", "gecko", "goat", "goose", "hare", "hawk", "hen", "heron", "ibex",
        "jay", "koala", "lark", "lemur", "lion", "lynx", "mole", "moose", "mouse", "newt", "otter", "owl", "panda", "pony", "puffin", "quail",
        "raven", "robin", "seal", "shrew", "skunk", "sloth", "snail", "stork", "swan", "tapir", "tiger", "toad", "trout", "vole", "wolf", "wren",
    ];

    /// <summary>A free name; numbered when the draw hits a taken one too often.</summary>
    public static string Free(Func<string, bool> taken)
    {
        for (var attempt = 0; ; attempt++)
        {
            var name = $"{Adjectives[Random.Shared.Next(Adjectives.Length)]}-{Animals[Random.Shared.Next(Animals.Length)]}";
            name = attempt < 8 ? name : $"{name}-{Random.Shared.Next(1000, 1_000_000)}";
            if (!taken(name))
            {
                return name;
            }
        }
    }

    public static string Checked(string name)
    {
        var bare = name.StartsWith('/') ? name[1..] : name;
        if (!Allowed().IsMatch(bare))
        {
            throw HyprException.Invalid(
                $"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
        }

        // Both are names of the zone: host.hypr and gateway.hypr are the host in every VM.
        return bare is "host" or "gateway"
            ? throw HyprException.Invalid($"the name {bare} is taken by the DNS zone ({bare}.hypr is the host): choose another")
            : bare;
    }

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]+$")]
    private static partial Regex Allowed();
}
