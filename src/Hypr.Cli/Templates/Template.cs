using System.Text;

namespace Hypr.Cli.Templates;

/// <summary>
/// A Go template (pkg.go.dev/text/template) as people write them for docker's <c>--format</c>: text, pipelines, fields, variables, if,
/// range, with, and docker's functions beside Go's own. <c>define</c> and <c>template</c> are not there.
/// </summary>
internal sealed class Template
{
    private readonly Node[] _body;

    private Template(Node[] body) => _body = body;

    /// <exception cref="TemplateException">The text is not a template; the message says where.</exception>
    public static Template Parse(string text) => new(new Parser(text).Parse());

    /// <summary>Writes the template with <paramref name="data"/> as its dot: a JsonElement or <see cref="IFields"/>.</summary>
    /// <param name="headings">True for the first line of a table, where values are headings: functions leave them as they are.</param>
    /// <exception cref="TemplateException">A field is not there, or a function cannot work on what it was given.</exception>
    public string Render(object? data, bool headings = false)
    {
        var output = new StringBuilder();
        new Evaluator(output, headings).Run(_body, data);
        return output.ToString();
    }
}
