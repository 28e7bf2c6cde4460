using Hypr.Testing;

namespace Hypr.EndToEndTests.Support;

/// <summary>
/// Debian packages that are unpacked into .cache and not installed, for installing them changes the machine: systemd-resolved's rewrites /etc/resolv.conf, firewalld's
/// starts a firewall that cuts who works on it off.
/// </summary>
internal static class UnpackedPackages
{
    private static readonly Lock Unpacking = new();

    /// <summary>The folder that stands for <c>/</c>.</summary>
    public static string Root(string name, params string[] packages)
    {
        lock (Unpacking)
        {
            var root = Path.Combine(Repository.Cache, name);
            if (!Directory.Exists(root))
            {
                Directory.CreateDirectory(Repository.Cache);
                var made = TestProgram.Start(null, "sh", ["-c", $"""
                    set -e; work=$(mktemp -d -p {Repository.Cache}); trap 'rm -rf "$work"' EXIT; cd "$work"
                    apt-get -q download {string.Join(' ', packages)}; for package in *.deb; do dpkg-deb -x "$package" root; done
                    chmod 755 root; mv root {root}
                    """]).WaitForEnd(TimeSpan.FromMinutes(3));
                if (!made.Succeeded)
                {
                    throw new InvalidOperationException($"{string.Join(", ", packages)} cannot be had: {made.Error}");
                }
            }

            return root;
        }
    }
}
