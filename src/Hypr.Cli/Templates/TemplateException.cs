namespace Hypr.Cli.Templates;

/// <summary>A template that a person wrote is wrong, or asks for what is not there. The message is for them.</summary>
internal sealed class TemplateException(string message) : Exception(message);
