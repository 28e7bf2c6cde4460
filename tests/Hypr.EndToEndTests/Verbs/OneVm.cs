using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Verbs;

/// <summary>A host with one VM that runs, for verbs that look into it; and the clients, which must all get the same.</summary>
public sealed class OneVm : HyprHost
{
    public const string Name = "web";

    public OneVm()
    {
        try
        {
            RunVm("nginx", Name, "-p", "8080:80");
            Page(Space, "http://127.0.0.1:8080/");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary><c>hypr</c> and every docker CLI.</summary>
    public static TheoryData<string> Clients { get; } = ["hypr", .. DockerCli.Paths];

    /// <summary>A folder of the host's for one test.</summary>
    public string Scratch() => Directory.CreateDirectory(Path.Combine(Folder, Guid.NewGuid().ToString("n"))).FullName;

    public ProgramResult Run(string client, params string[] arguments) => client == "hypr" ? Hypr(arguments) : Docker(client, arguments);

    public TestProgram Begin(string client, params string[] arguments) => client == "hypr" ? Start(arguments) : StartDocker(client, arguments);

    public string Ok(string client, params string[] arguments) => client == "hypr" ? MustHypr(arguments) : MustDocker(client, arguments);

    /// <summary>A shell command in the VM; its output.</summary>
    public string Shell(string command) => MustHypr("exec", Name, "sh", "-c", command);
}
