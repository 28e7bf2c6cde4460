namespace Hypr.Tar;

/// <summary>
/// A layer, manifest, configuration or archive that is not what it should be. Who catches it knows whose fault that is: a registry's (Unavailable) or a
/// client's (InvalidParameter).
/// </summary>
public sealed class MalformedException(string message, Exception? inner = null) : Exception(message, inner);
