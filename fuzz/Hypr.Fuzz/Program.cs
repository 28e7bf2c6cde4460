using System.Globalization;
using Hypr.Dns.Fuzz;
using Hypr.Fuzz;
using SharpFuzz;

// instrument ASSEMBLY            rewrites it so that it tells which ways were taken
// TARGET SECONDS SEED CORPUS     feeds what it has and changes of it; inputs that take a new way are kept in CORPUS, one that fails in CORPUS/../crashes
if (args is ["instrument", var assembly])
{
    _ = Fuzzer.Instrument(assembly, static _ => true, Options.Value).Count();
    return 0;
}

if (args is not [var name, var seconds, var seed, var corpus])
{
    Console.Error.WriteLine("Hypr.Fuzz TARGET SECONDS SEED CORPUS");
    return 2;
}

return new Loop(() => Targets.Find(name), corpus, int.Parse(seed, CultureInfo.InvariantCulture)).Run(TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)));
