// Modes and owners are Unix's; nothing here is meant for Windows.
[assembly: System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
