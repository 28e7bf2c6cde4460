using Hypr.Compose.Model;

namespace Hypr.Compose.Load;

/// <param name="Files">In order, each over the one before; <c>-</c> is standard input; empty: searched for from <paramref name="Folder"/>.</param>
/// <param name="ProjectName">By <c>-p</c>; null: COMPOSE_PROJECT_NAME, the file's <c>name</c>, else the folder's.</param>
/// <param name="EnvFiles">By <c>--env-file</c>; empty: <c>.env</c> in the project's folder.</param>
/// <param name="Profiles">By <c>--profile</c>, beside COMPOSE_PROFILES.</param>
/// <param name="Shell">The shell's variables; null: not set.</param>
/// <param name="ProjectDirectory">By <c>--project-directory</c>: what relative paths start from; null: the first file's folder.</param>
/// <param name="Enabled">Services that a person named: active whatever their profiles.</param>
/// <param name="Input">Reads standard input to its end; null: there is none.</param>
public sealed record LoadRequest(
    string Folder,
    IReadOnlyList<string> Files,
    string? ProjectName,
    IReadOnlyList<string> EnvFiles,
    IReadOnlyList<string> Profiles,
    Func<string, string?> Shell,
    string? ProjectDirectory = null,
    IReadOnlyList<string>? Enabled = null,
    Func<string>? Input = null);

/// <summary>A stack as loaded, with what was not honoured.</summary>
public sealed record Loaded(ComposeProject Project, IReadOnlyList<Problem> Warnings, IReadOnlyList<string> Notes);

/// <summary>
/// From files to a project: read, interpolate, bring to canonical form, follow includes and extends, merge, bind. Errors are collected, so that a person sees all
/// of them at once.
/// </summary>
public sealed class Loader
{
    private const string StandardInput = "-";
    private readonly LoadRequest _request;
    private readonly Problems _problems = new();
    private readonly List<string> _notes = [];
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal);

    private Loader(LoadRequest request) => _request = request;

    /// <exception cref="ComposeException">With every error found.</exception>
    public static Loaded Load(LoadRequest request) => new Loader(request).Run();

    private Loaded Run()
    {
        // 1. Which files, and the variables that they may use.
        var files = Files();
        var folder = _request.ProjectDirectory is { } given ? Path.GetFullPath(Path.Combine(_request.Folder, given))
            : files[0] == StandardInput ? Path.GetFullPath(_request.Folder)
            : Path.GetDirectoryName(files[0])!;
        ReadEnvironment(folder);

        // 2. Each file to its tree, merged in order.
        var trees = files.Select(f => ReadFile(f, folder, Variable, [])).OfType<Mapping>().ToList();
        if (trees.Count == 0)
        {
            throw new ComposeException(new Location(files[0], 0, 0), "empty: a compose file needs services");
        }

        var root = trees.Aggregate(Merge.Files);

        // 3. The tree to the project.
        var binder = new ProjectBinder(_problems, folder, Variable);
        var profiles = _request.Profiles.Concat((Variable("COMPOSE_PROFILES") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        var project = binder.Bind(root, ProjectName(root, folder), files, [.. profiles], _request.Enabled ?? []);
        ProjectCheck.Run(project, _problems);
        _problems.ThrowIfAny();
        return new Loaded(project, _problems.Warnings, _notes);
    }

    private string? Variable(string name) => _request.Shell(name) ?? _environment.GetValueOrDefault(name);

    private IReadOnlyList<string> Files()
    {
        var named = _request.Files.Count > 0 ? _request.Files
            : _request.Shell("COMPOSE_FILE") is { Length: > 0 } variable
                ? variable.Split(_request.Shell("COMPOSE_PATH_SEPARATOR") ?? ":")
            : [];
        if (named.Count > 0)
        {
            return named.Count(f => f == StandardInput) < 2
                ? [.. named.Select(f => f == StandardInput ? f : Path.GetFullPath(Path.Combine(_request.Folder, f)))]
                : throw new ComposeException(new Location(StandardInput, 0, 0), "standard input can be read once only, and is given as several files");
        }

        var found = ComposeFiles.Find(Path.GetFullPath(Path.Combine(_request.Folder, _request.ProjectDirectory ?? "")));
        if (found.Note is not null)
        {
            _notes.Add(found.Note);
        }

        return [.. found.Files.Select(Path.GetFullPath)];
    }

    private void ReadEnvironment(string folder)
    {
        var named = _request.EnvFiles.Count > 0;
        foreach (var file in named ? _request.EnvFiles.Select(f => Path.Combine(_request.Folder, f)) : [Path.Combine(folder, ".env")])
        {
            if (!File.Exists(file))
            {
                if (named)
                {
                    throw new ComposeException(new Location(file, 0, 0), "no such file (--env-file)");
                }

                continue;
            }

            foreach (var (key, value) in EnvFile.Parse(file, File.ReadAllText(file), Variable, _problems))
            {
                if (value is not null)
                {
                    _environment[key] = value;
                }
            }
        }
    }

    private string ProjectName(Mapping root, string folder)
    {
        var asked = _request.ProjectName ?? Variable("COMPOSE_PROJECT_NAME");
        if (!string.IsNullOrEmpty(asked))
        {
            return Model.ProjectName.IsValid(asked)
                ? asked
                : throw new ComposeException(new Location(folder, 0, 0), $"the stack's name '{asked}' is not allowed: lower-case letters, digits, - and _, a letter or digit first");
        }

        if (root["name"] is Scalar { IsNull: false } name)
        {
            if (!Model.ProjectName.IsValid(name.Value))
            {
                _problems.Error(name.At, $"the stack's name '{name.Value}' is not allowed: lower-case letters, digits, - and _, a letter or digit first");
            }

            return name.Value;
        }

        return Model.ProjectName.FromFolder(folder) is { Length: > 0 } own
            ? own
            : throw new ComposeException(new Location(folder, 0, 0), "the folder's name makes no name for the stack: give one with -p");
    }

    /// <summary>One file with all that it includes and extends, in canonical form, its paths made absolute by <paramref name="folder"/>.</summary>
    private Mapping? ReadFile(string file, string folder, Func<string, string?> variable, IReadOnlyList<string> chain)
    {
        if (chain.Contains(file))
        {
            throw new ComposeException(new Location(file, 0, 0), $"includes itself: {string.Join(" -> ", chain.Append(file))}");
        }

        if (ReadTree(file, variable) is not { } root)
        {
            return null;
        }

        root = new Extends(f => ReadTree(f, variable), _problems).Resolve(root, file);
        root = Paths.MakeAbsolute(root, folder);
        if (root["include"] is Sequence includes)
        {
            var below = includes.Items.OfType<Mapping>().Select(i => Include(i, folder, variable, [.. chain, file])).OfType<Mapping>().ToList();
            root = root.Without("include");
            root = below.Count == 0 ? root : Merge.Files(below.Aggregate(Merge.Files), root);
        }

        return root;
    }

    private Mapping? Include(Mapping include, string folder, Func<string, string?> variable, IReadOnlyList<string> chain)
    {
        var paths = include["path"] switch
        {
            Sequence s => s.Items.OfType<Scalar>().ToList(),
            Scalar s => [s],
            _ => [],
        };
        if (paths.Count == 0)
        {
            _problems.Error(include.At, "include needs a path");
            return null;
        }

        var first = Path.GetFullPath(Path.Combine(folder, paths[0].Value));
        var own = include["project_directory"] is Scalar given ? Path.GetFullPath(Path.Combine(folder, given.Value)) : Path.GetDirectoryName(first)!;
        var local = new Dictionary<string, string>(StringComparer.Ordinal);
        var envFile = include["env_file"] is Scalar e ? Path.GetFullPath(Path.Combine(folder, e.Value)) : Path.Combine(own, ".env");
        if (File.Exists(envFile))
        {
            foreach (var (key, value) in EnvFile.Parse(envFile, File.ReadAllText(envFile), variable, _problems))
            {
                if (value is not null)
                {
                    local[key] = value;
                }
            }
        }

        return paths.Select(p => ReadFile(Path.GetFullPath(Path.Combine(folder, p.Value)), own, name => variable(name) ?? local.GetValueOrDefault(name), chain))
            .OfType<Mapping>().ToList() is { Count: > 0 } trees ? trees.Aggregate(Merge.Files) : null;
    }

    private Mapping? ReadTree(string file, Func<string, string?> variable)
    {
        string text;
        try
        {
            text = file == StandardInput ? (_request.Input ?? (() => ""))() : File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ComposeException(new Location(file, 0, 0), e is FileNotFoundException or DirectoryNotFoundException ? "no such file" : e.Message);
        }

        return YamlFile.Parse(file, text) switch
        {
            null => null,
            Mapping root => new Canonical(_problems).File((Mapping)new Interpolation(variable, _problems).Apply(root)),
            var other => throw new ComposeException(other.At, $"a compose file is a mapping with services; this is {other.Kind}"),
        };
    }
}
