using System.Text.Json.Nodes;
using Hypr.EndToEndTests.Support;

namespace Hypr.EndToEndTests;

/// <summary>A host whose VMs start warm, with templates of its own.</summary>
public sealed class WarmHost() : HyprHost(new JsonObject { ["warm-start"] = true })
{
    protected override string TemplateDir => Path.Combine(Folder, "templates");

    public IReadOnlyList<string> TemplateFiles =>
        Directory.Exists(TemplateDir) ? [.. Directory.GetFiles(TemplateDir).Select(f => Path.GetFileName(f)).Where(name => name != ".lock").Order()] : [];
}
