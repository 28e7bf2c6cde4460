using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests.Verbs;

/// <summary>Keys on a terminal that let go of a VM, and forms of time on a command line: by hypr and by every docker CLI.</summary>
public sealed class DetachTests(OneVm vm) : IClassFixture<OneVm>
{
    public static TheoryData<string> Clients => OneVm.Clients;

    [Theory]
    [MemberData(nameof(Clients))]
    public void Detach_keys_let_go_of_attach_and_exec_and_the_vm_runs_on(string client)
    {
        var name = "held-" + Path.GetFileName(vm.Scratch())[..6];
        vm.MustHypr("run", "-dit", "--name", name, "tools", "sh", "-c", "while true; do echo tick; sleep 0.2; done");
        foreach (var line in (string[])[$"attach --detach-keys ctrl-x,q {name}", $"exec -it --detach-keys ctrl-x,q {name} sh -c 'while true; do echo tick; sleep 0.2; done'"])
        {
            using var terminal = OnTerminal(client, line);
            Assert.True(Probe.Until(() => terminal.Output.Contains("tick", StringComparison.Ordinal), TimeSpan.FromSeconds(60)), terminal.Output);
            // The default's keys are the program's now.
            terminal.Write("\u0010\u0011");
            terminal.Write("\u0018q");
            var end = terminal.WaitForEnd();
            Assert.True(end.ExitCode is 0 or 1, $"{line}: {end.ExitCode} {end.Output}");
            Assert.Equal("running\n", vm.MustHypr("inspect", "-f", "{{.State.Status}}", name));
        }

        vm.MustHypr("rm", "-f", name);
    }

    /// <summary>Relative, RFC 3339 with and without a zone, and seconds since 1970 with and without a fraction.</summary>
    [Theory]
    [MemberData(nameof(Clients))]
    public void Since_and_until_take_every_form_of_time(string client)
    {
        var name = "timed-" + Path.GetFileName(vm.Scratch())[..6];
        vm.MustHypr("run", "-d", "--name", name, "tools", "sh", "-c", "echo first; sleep 3; echo second; exec sleep 600");
        Assert.True(Probe.Until(() => vm.MustHypr("logs", name) == "first\nsecond\n", TimeSpan.FromSeconds(60)));
        var stamp = vm.Ok(client, "logs", "-t", "--tail", "1", name).Split(' ')[0];
        var second = DateTimeOffset.Parse(stamp, System.Globalization.CultureInfo.InvariantCulture);
        var between = second.AddSeconds(-1);
        var unix = between.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach (var form in (string[])[unix, unix + ".5", between.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"), between.ToOffset(TimeSpan.FromHours(2)).ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz")])
        {
            Assert.Equal((form, "second\n"), (form, vm.Ok(client, "logs", "--since", form, name)));
            Assert.Equal((form, "first\n"), (form, vm.Ok(client, "logs", "--until", form, name)));
        }

        Assert.Equal("first\nsecond\n", vm.Ok(client, "logs", "--since", "10m", name));
        Assert.Equal("", vm.Ok(client, "logs", "--until", "1h30m", name));
        var nonsense = vm.Run(client, "logs", "--since", "yesterday", name);
        Assert.True(nonsense.ExitCode is 1 or 125, nonsense.Error);
        Assert.Contains("yesterday", nonsense.Error, StringComparison.Ordinal);

        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        string[] events = ["events", "--since", "10m", "--until", now, "--filter", $"container={name}", "--filter", "type=container", "--format"];
        Assert.Equal("create\nstart\n", vm.Ok(client, [.. events, "{{.Action}}"]));
        Assert.Equal($"{name} container\n{name} container\n", vm.Ok(client, [.. events, "{{index .Actor.Attributes \"name\"}} {{.Type}}"]));
        Assert.StartsWith("{\"", vm.Ok(client, [.. events, "{{json .}}"]), StringComparison.Ordinal);
        vm.MustHypr("rm", "-f", name);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void Templates_have_the_functions_that_people_write(string client)
    {
        const string Ports = "{{range $p, $c := .NetworkSettings.Ports}}{{$p}}={{(index $c 0).HostPort}} {{end}}";
        Assert.StartsWith("80/tcp=8080 ", vm.Ok(client, "inspect", "-f", Ports, "web"), StringComparison.Ordinal);
        Assert.Equal("WEB: running, y\n", vm.Ok(client, "inspect", "-f", "{{upper (slice .Name 1)}}: {{printf \"%s\" .State.Status}}, {{if .State.Running}}y{{else}}n{{end}}", "web"));
        Assert.Equal("/web|0\n", vm.Ok(client, "inspect", "-f", "{{join (split .Name \",\") \"|\"}}|{{len .HostConfig.Dns}}", "web"));
        Assert.Matches("^NAMES +STATUS\nweb +Up ", vm.Ok(client, "ps", "--filter", "name=^web$", "--format", "table {{.Names}}\t{{.Status}}"));
        Assert.Matches("^NAME +DRIVER\nbridge +bridge\n$", vm.Ok(client, "network", "ls", "--filter", "name=^bridge$", "--format", "table {{.Name}}\t{{.Driver}}"));
        var wrong = vm.Run(client, "inspect", "-f", "{{.Nme}}", "web");
        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains("Nme", wrong.Error, StringComparison.Ordinal);
    }

    private TestProgram OnTerminal(string client, string line)
    {
        var program = client == "hypr" ? $"HYPR_RUNTIME_DIR={vm.RuntimeDir} exec {Repository.Hypr}" : $"DOCKER_HOST=unix://{vm.Socket} exec {client}";
        return vm.Space.Start("env", "SHELL=/bin/sh", "script", "-qefc", $"{program} {line}", "/dev/null");
    }
}
