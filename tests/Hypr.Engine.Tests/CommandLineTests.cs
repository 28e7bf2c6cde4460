using Hypr.Engine.Machines;
using Hypr.Images;

namespace Hypr.Engine.Tests;

public sealed class CommandLineTests
{
    private static readonly ImageConfig Image = new() { Entrypoint = ["/entry"], Cmd = ["nginx", "-g"], Env = ["PATH=/bin", "A=1", "B=2"] };

    [Fact]
    public void The_image_alone() => Assert.Equal(["/entry", "nginx", "-g"], CommandLine.Of(new MachineConfig { Image = "x" }, Image));

    [Fact]
    public void A_command_replaces_the_images() => Assert.Equal(["/entry", "sh"], CommandLine.Of(new MachineConfig { Image = "x", Cmd = ["sh"] }, Image));

    [Fact]
    public void An_entrypoint_drops_the_images_command() => Assert.Equal(["/bin/sh"], CommandLine.Of(new MachineConfig { Image = "x", Entrypoint = ["/bin/sh"] }, Image));

    [Fact]
    public void An_empty_entrypoint_resets_it() => Assert.Equal(["id"], CommandLine.Of(new MachineConfig { Image = "x", Entrypoint = [""], Cmd = ["id"] }, Image));

    [Fact]
    public void The_clients_environment_replaces_in_place_adds_behind_and_removes() =>
        Assert.Equal(["PATH=/bin", "A=9", "C="], CommandLine.Environment(new MachineConfig { Image = "x", Env = ["A=9", "B", "C="] }, Image));
}
