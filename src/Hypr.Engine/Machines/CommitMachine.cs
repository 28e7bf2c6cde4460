using System.IO.Pipelines;
using Hypr.Images;
using Hypr.Images.Import;

namespace Hypr.Engine.Machines;

/// <summary>Docker's commit: a running machine's files, taken as they are, become an image of one layer with the configuration that the machine has.</summary>
internal sealed class CommitMachine(MachineRegistry machines, IImageService images, GuestFiles files)
{
    public async Task<Image> RunAsync(string nameOrId, CommitOptions options, CancellationToken cancel)
    {
        var machine = machines.Get(nameOrId);
        var image = images.Find(machine.ImageId)?.Config ?? new ImageConfig();
        var config = ConfigChanges.Apply(Config(machine.Config, image), options.Changes);
        await using var archive = await files.ExportAsync(nameOrId, cancel);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var pipe = new Pipe();
        var sending = SendAsync(archive, pipe.Writer, both.Token);
        try
        {
            return await images.ImportAsync(
                pipe.Reader.AsStream(),
                new ImportOptions(options.Name, config) { Author = options.Author, Comment = options.Comment, CreatedBy = string.Join(' ', CommandLine.Of(machine.Config, image)) },
                cancel);
        }
        finally
        {
            await both.CancelAsync();
            await pipe.Reader.CompleteAsync();
            await sending;
        }
    }

    /// <summary>Fails on the reader's side: the import then says why.</summary>
    private static async Task SendAsync(GuestArchive archive, PipeWriter to, CancellationToken cancel)
    {
        try
        {
            await archive.CopyToAsync(to.AsStream(), cancel);
            await to.CompleteAsync();
        }
        catch (Exception e)
        {
            await to.CompleteAsync(e);
        }
    }

    private static ImageConfig Config(MachineConfig own, ImageConfig image) => image with
    {
        User = own.User.Length > 0 ? own.User : image.User,
        Env = CommandLine.Environment(own, image),
        Cmd = own.Cmd ?? (own.Entrypoint is null ? image.Cmd : null),
        Entrypoint = own.Entrypoint ?? image.Entrypoint,
        WorkingDir = own.WorkingDir.Length > 0 ? own.WorkingDir : image.WorkingDir,
        Labels = image.Labels.Concat(own.Labels).GroupBy(static l => l.Key).ToDictionary(static g => g.Key, static g => g.Last().Value),
        ExposedPorts = [.. image.ExposedPorts.Union(own.ExposedPorts)],
        StopSignal = own.StopSignal ?? image.StopSignal,
    };
}

/// <param name="Name">Null: the image gets none.</param>
public sealed record CommitOptions(string? Name, string? Author, string? Comment, IReadOnlyList<string> Changes);
