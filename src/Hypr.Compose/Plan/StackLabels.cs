namespace Hypr.Compose.Plan;

/// <summary>Docker's labels (docker/compose, pkg/api/labels.go): they are all that makes VMs and networks a stack, and Docker's tools read them too.</summary>
public static class StackLabels
{
    public const string Project = "com.docker.compose.project";
    public const string Service = "com.docker.compose.service";
    public const string Number = "com.docker.compose.container-number";
    public const string OneOff = "com.docker.compose.oneoff";
    public const string Slug = "com.docker.compose.slug";
    public const string ConfigHash = "com.docker.compose.config-hash";
    public const string ConfigFiles = "com.docker.compose.project.config_files";
    public const string WorkingDir = "com.docker.compose.project.working_dir";
    public const string Version = "com.docker.compose.version";
    public const string DependsOn = "com.docker.compose.depends_on";
    public const string Image = "com.docker.compose.image";
    public const string Network = "com.docker.compose.network";
    public const string Volume = "com.docker.compose.volume";

    /// <summary>What <see cref="Version"/> says: HYPR's.</summary>
    public static string ThisVersion { get; } = typeof(StackLabels).Assembly.GetName().Version?.ToString(3) ?? "0";
}
