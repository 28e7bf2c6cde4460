namespace Hypr.Cli.Commands.Images;

/// <summary>An image's name as a person writes it, cut for the API.</summary>
internal static class ImageName
{
    /// <summary>Name and tag or digest: <c>nginx</c> is nginx and latest, <c>localhost:5000/a</c> has a port and no tag.</summary>
    public static (string Name, string Tag) Split(string image)
    {
        int digest = image.IndexOf('@', StringComparison.Ordinal);
        if (digest > 0)
            return (image[..digest], image[(digest + 1)..]);
        int tag = image.LastIndexOf(':');
        return tag > image.LastIndexOf('/') ? (image[..tag], image[(tag + 1)..]) : (image, "");
    }

    /// <summary>With registry and tag, as docker prints it after a pull: <c>docker.io/library/nginx:latest</c>.</summary>
    public static string Full(string image)
    {
        var (name, tag) = Split(image);
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        string first = slash < 0 ? "" : name[..slash];
        if (slash < 0)
            name = "docker.io/library/" + name;
        else if (first != "localhost" && !first.Contains('.') && !first.Contains(':'))
            name = "docker.io/" + name;
        string separator = tag.Contains(':') ? "@" : ":";
        return $"{name}{separator}{(tag.Length > 0 ? tag : "latest")}";
    }
}
