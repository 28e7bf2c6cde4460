using System.Text.Json;
using Hypr.Api.Client;
using Hypr.Api.Contracts;
using Hypr.Cli.Arguments;
using Hypr.Cli.Commands.Images;
using Hypr.Cli.Output;
using Hypr.Primitives;

namespace Hypr.Cli.Commands.Machines;

/// <summary>Creates a VM, and pulls its image first where it is missing or asked for.</summary>
internal static class Creating
{
    /// <returns>The VM's id.</returns>
    /// <exception cref="HyprException">The daemon refuses.</exception>
    public static string Create(CommandLine line, Session session, CreateContainerRequest request, Undo undo)
    {
        string pull = line.Text("pull") ?? "missing";
        if (pull is not ("always" or "missing" or "never"))
            throw line.Bad("pull", "it is one of always, missing, never");
        if (line.Has("name") && line.Text("name") is "")
            throw line.Bad("name", "a name cannot be empty");
        string? file = line.Text("cidfile");
        if (file is not null && File.Exists(file))
            throw new UsageException(line, $"--cidfile {file}: the file exists already. Remove it, or name another");
        if (pull == "always")
            Pull(line, session, request.Image!);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(request, HyprJson.Wire.CreateContainerRequest);
        JsonElement answer;
        try
        {
            answer = undo.Creating(() => session.Api.Post(Path(line), json));
        }
        catch (HyprException e) when (e.Kind == ErrorKind.NotFound && pull == "missing")
        {
            session.Io.WriteError($"Unable to find image '{Tagged(request.Image!)}' locally");
            Pull(line, session, request.Image!);
            answer = undo.Creating(() => session.Api.Post(Path(line), json));
        }
        string id = answer.Text("Id");
        undo.Created(id);
        foreach (var warning in answer.Items("Warnings"))
            session.Warn(warning.GetString()!);
        if (file is not null)
            File.WriteAllText(file, id);
        return id;
    }

    private static Query Path(CommandLine line) =>
        new Query("containers", "create").Add("name", line.Text("name")).Add("platform", line.Text("platform"));

    private static string Tagged(string image) => ImageName.Split(image).Tag.Length > 0 ? image : image + ":latest";

    private static void Pull(CommandLine line, Session session, string image) =>
        PullCommand.Pull(session, image, line.Text("platform"), line.On("quiet") ? null : PullProgress.OnError(session));
}
