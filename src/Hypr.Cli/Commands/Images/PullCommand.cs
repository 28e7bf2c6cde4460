using Hypr.Api.Client;
using Hypr.Cli.Arguments;
using Hypr.Cli.Output;

namespace Hypr.Cli.Commands.Images;

/// <summary><c>hypr pull</c>, and the pull within <c>run</c> and <c>create</c>.</summary>
internal static class PullCommand
{
    public static readonly CommandSpec Command = new("pull", "Download an image from a registry")
    {
        Words = "NAME[:TAG|@DIGEST]",
        Count = (1, 1),
        Options =
        [
            Option.Switch("all-tags", 'a', "Download all tagged images in the repository"),
            Option.Text("platform", '\0', "Set platform if the image is multi-platform"),
            Option.Switch("quiet", 'q', "Suppress verbose output"),
        ],
        Examples = [("hypr pull nginx:1.27", "from Docker Hub"), ("hypr pull localhost:5000/mine", "from a registry on this host")],
        Run = Run,
    };

    private static int Run(CommandLine line, Session session)
    {
        string image = line.Words[0];
        var (name, tag) = ImageName.Split(image);
        bool allTags = line.On("all-tags");
        if (allTags && tag.Length > 0)
            throw new UsageException(line, $"--all-tags and the tag {tag} contradict each other");
        if (!allTags && tag.Length == 0 && !line.On("quiet"))
            session.Io.WriteLine("Using default tag: latest");
        Pull(session, image, line.Text("platform"), line.On("quiet") ? null : PullProgress.OnOutput(session), allTags);
        session.Io.WriteLine(ImageName.Full(image));
        return 0;
    }

    /// <summary>Begins a pull with the registry's login; its messages are read from the answer.</summary>
    public static ApiAnswer Open(Session session, string image, string? platform, bool allTags = false)
    {
        var (name, tag) = ImageName.Split(image);
        var query = new Query("images", "create").Add("fromImage", name).Add("platform", platform);
        if (!allTags)
            query.Add("tag", tag.Length > 0 ? tag : "latest");
        return session.Api.Send("POST", query, headers: RegistryLogin.Header(session, name));
    }

    /// <param name="progress">Null: quiet.</param>
    public static void Pull(Session session, string image, string? platform, PullProgress? progress, bool allTags = false)
    {
        using var answer = Open(session, image, platform, allTags);
        (progress ?? new PullProgress(Stream.Null, isLive: false, columns: 80)).Show(answer.JsonLines());
    }
}
