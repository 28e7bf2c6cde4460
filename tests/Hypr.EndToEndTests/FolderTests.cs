using System.Net.Sockets;
using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>Folders and files of the host in real VMs: the same on both sides, and nothing beside them within a guest's reach.</summary>
public sealed class FolderTests(HyprHost host) : IClassFixture<HyprHost>
{
    [Fact]
    public void A_folder_is_the_same_on_both_sides_and_outlives_its_vm()
    {
        var folder = Folder("both");
        File.WriteAllText(Path.Combine(folder, "from-host"), "hello\n");
        Sleeper("both", "-v", $"{folder}:/data");
        Assert.Equal("hello\n", Exec("both", "cat /data/from-host"));
        Exec("both", "head -c 3000000 /dev/urandom > /data/big; md5sum /data/big | cut -d' ' -f1 > /data/sum; mkdir -p /data/a/b; echo x > /data/a/b/c; chown 33:44 /data/a/b/c; chmod 640 /data/a/b/c; ln -s big /data/link; mv /data/from-host /data/moved");
        Assert.Equal("33 44 640\n", host.Must("stat", "-c", "%u %g %a", Path.Combine(folder, "a/b/c")));
        Assert.Equal(File.ReadAllText(Path.Combine(folder, "sum")), host.Must("sh", "-c", $"md5sum {folder}/link | cut -d' ' -f1"));
        Assert.Equal(["a", "big", "link", "moved", "sum"], Directory.GetFileSystemEntries(folder).Select(Path.GetFileName).Order());

        // What the host changes the VM sees, soon.
        File.WriteAllText(Path.Combine(folder, "moved"), "changed\n");
        File.WriteAllText(Path.Combine(folder, "new"), "new\n");
        Assert.True(Probe.Until(() => host.Hypr("exec", "both", "cat", "/data/moved", "/data/new").Output == "changed\nnew\n"));

        // Two VMs at once, unlike a volume.
        Assert.Equal("new\n", host.MustHypr("run", "--rm", "-v", $"{folder}:/other", "tools", "cat", "/other/new"));
        var id = Id("both");
        Assert.Equal(2, Servers(id).Count);
        host.MustHypr("rm", "-f", "both");
        Assert.True(Probe.Until(() => Servers(id).Count == 0));
        Assert.True(File.Exists(Path.Combine(folder, "new")));
    }

    [Fact]
    public void Read_only_is_the_hosts_word_whatever_root_in_the_guest_does()
    {
        var folder = Folder("only");
        File.WriteAllText(Path.Combine(folder, "file"), "kept\n");
        File.Copy("/bin/busybox", Path.Combine(folder, "busybox"));
        Sleeper("only", "-v", $"{folder}:/data:ro", "--privileged");
        Assert.Contains("Read-only file system", host.Hypr("exec", "only", "sh", "-c", "echo x > /data/file").Error, StringComparison.Ordinal);

        // Root mounts it anew, writable for its own kernel: the host's is not.
        var anew = host.Hypr("exec", "only", "sh", "-c", "mkdir /anew && /data/busybox mount -t virtiofs hypr /anew && grep -c '/anew virtiofs rw' /proc/mounts; echo x > /anew/file; rm /anew/file; touch /anew/new; cat /anew/file");
        Assert.Equal("1\nkept\n", anew.Output);
        Assert.Equal(3, anew.Error.Split("Read-only file system").Length - 1);
        Assert.Equal("kept\n", File.ReadAllText(Path.Combine(folder, "file")));
        host.MustHypr("rm", "-f", "only");
    }

    [Fact]
    public void A_guest_finds_its_folders_and_files_and_nothing_else_of_the_host()
    {
        var outside = Folder("outside");
        var (folder, file) = (Path.Combine(outside, "inside"), Path.Combine(outside, "app.conf"));
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(outside, "secret"), "of the host");
        File.WriteAllText(file, "port 80\n");
        File.CreateSymbolicLink(Path.Combine(folder, "absolute"), Path.Combine(outside, "secret"));
        File.CreateSymbolicLink(Path.Combine(folder, "relative"), "../secret");
        Sleeper("inside", "-v", $"{folder}:/data", "-v", $"{file}:/etc/app/app.conf", "--privileged");
        Assert.Equal("port 80\n", Exec("inside", "cat /etc/app/app.conf"));
        Assert.Equal("app.conf\n", Exec("inside", "ls -A /etc/app"));
        Exec("inside", "echo port 81 > /etc/app/app.conf");
        Assert.Equal("port 81\n", File.ReadAllText(file));

        // Links lead through the guest's own tree.
        Assert.Equal("3\n", Exec("inside", "cat /data/absolute /data/relative /data/../secret 2>&1 | grep -c 'No such file'"));

        // Neither a device of the host's nor a program with rights there can be made.
        Assert.Contains("Operation not permitted", host.Hypr("exec", "inside", "mknod", "/data/disk", "b", "8", "0").Error, StringComparison.Ordinal);
        Assert.False(Path.Exists(Path.Combine(folder, "disk")));

        // Who serves it has a tree of the two and nothing else, which it cannot write to, a network of its own, and of root's rights those about files.
        var server = Assert.Single(Servers(Id("inside")), IsSandboxed);
        Assert.Equal("0\n1\n", host.Must("ls", "-A", $"/proc/{server}/root"));
        Assert.NotEqual(0, host.Space.Run("touch", $"/proc/{server}/root/x").ExitCode);
        Assert.NotEqual(new FileInfo($"/proc/{host.DaemonPid}/ns/net").LinkTarget, new FileInfo($"/proc/{server}/ns/net").LinkTarget);
        Assert.Contains("CapEff:\t00000000000000db", File.ReadAllText($"/proc/{server}/status"), StringComparison.Ordinal);
        host.MustHypr("rm", "-f", "inside");
    }

    [Fact]
    public void What_is_not_there_is_an_error_with_mount_and_made_with_v()
    {
        var folder = Folder("missing");
        var gone = Path.Combine(folder, "gone");
        host.Refuses(125, $"invalid mount config for type \"bind\": bind source path does not exist: {gone}", "run", "--mount", $"type=bind,src={gone},dst=/data", "tools", "true");
        host.Refuses(125, "invalid mount config for type \"bind\": field Source must not be empty", "run", "--mount", "type=bind,dst=/data", "tools", "true");
        host.Refuses(125, "the bind propagation rshared is not in HYPR", "run", "-v", $"{folder}:/data:rshared", "tools", "true");
        host.Refuses(125, "Duplicate mount point: /data", "run", "-v", $"{folder}:/data", "-v", "name:/data", "tools", "true");
        var socket = Path.Combine(folder, "socket");
        using (var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            listener.Bind(new UnixDomainSocketEndPoint(socket));
            host.Refuses(125, "this is a socket, a device or a pipe", "run", "-v", $"{socket}:/var/run/docker.sock", "tools", "true");
        }

        Assert.False(Path.Exists(gone));
        Assert.Equal("made\n", host.MustHypr("run", "--rm", "-v", $"{gone}/deep:/data", "tools", "sh", "-c", "echo made > /data/file; cat /data/file"));
        Assert.Equal("0 755\n", host.Must("stat", "-c", "%u %a", $"{gone}/deep"));

        // Gone between two starts: --mount says so, and the VM stays as it is.
        Sleeper("again", "--mount", $"type=bind,src={gone}/deep,dst=/data");
        host.MustHypr("stop", "-t", "1", "again");
        Directory.Delete(gone, recursive: true);
        Assert.Contains($"bind source path does not exist: {gone}/deep", host.Hypr("start", "again").Error, StringComparison.Ordinal);
        host.MustHypr("rm", "again");
    }

    [Fact]
    public void It_outlives_a_killed_hyprd_and_ends_with_its_vm_however_that_ends()
    {
        var folder = Folder("lives");
        Sleeper("lives", "-v", $"{folder}:/data");
        var id = Id("lives");
        var servers = Servers(id);
        host.KillDaemon();
        host.StartDaemon();
        Assert.Equal(servers, Servers(id));
        Assert.Equal("after\n", Exec("lives", "echo after > /data/file; cat /data/file"));
        Assert.Equal("after\n", File.ReadAllText(Path.Combine(folder, "file")));
        host.MustHypr("system", "check");

        // Restarted by hand, and killed.
        host.MustHypr("restart", "-t", "1", "lives");
        Assert.Equal("after\n", Exec("lives", "cat /data/file"));
        host.MustHypr("kill", "lives");
        Assert.True(Probe.Until(() => Servers(id).Count == 0));

        // Without who serves it a folder is lost to its VM; that is told, and the VM can still be ended.
        host.MustHypr("start", "lives");
        host.Must("kill", "-KILL", $"{Servers(id).First(IsSandboxed)}");
        Assert.True(Probe.Until(() => host.Hypr("system", "check").Output.Contains("are served no more: start it anew", StringComparison.Ordinal)));
        host.MustHypr("rm", "-f", "lives");
    }

    [Theory, MemberData(nameof(DockerCli.All), MemberType = typeof(DockerCli))]
    public void Dockers_binds_are_hyprs(string docker)
    {
        var folder = Folder("docker");
        File.WriteAllText(Path.Combine(folder, "file"), "x\n");
        Assert.Equal("x\nx\n", host.MustDocker(docker, "run", "--rm", "-v", $"{folder}:/one:ro", "--mount", $"type=bind,source={folder},target=/two", "tools", "cat", "/one/file", "/two/file"));
        host.MustDocker(docker, "create", "--name", "seen", "-v", $"{folder}:/one:ro", "tools");
        Assert.Equal($"bind {folder} /one ro false\n", host.MustDocker(docker, "inspect", "-f", "{{range .Mounts}}{{.Type}} {{.Source}} {{.Destination}} {{.Mode}} {{.RW}}{{end}}", "seen"));
        Assert.Equal("seen\n", host.MustDocker(docker, "ps", "-a", "--filter", $"volume={folder}", "--format", "{{.Names}}"));
        Assert.Equal("x\n", host.MustDocker(docker, "run", "--rm", "--volumes-from", "seen", "tools", "cat", "/one/file"));
        host.MustDocker(docker, "rm", "seen");
    }

    [Fact]
    public void A_stack_has_the_folders_and_files_beside_its_file()
    {
        var folder = Folder("site");
        Directory.CreateDirectory(Path.Combine(folder, "html"));
        File.WriteAllText(Path.Combine(folder, "html/index.html"), "from the host\n");
        File.WriteAllText(Path.Combine(folder, "app.conf"), "a file\n");
        var file = Path.Combine(folder, "compose.yaml");
        File.WriteAllText(file, """
            services:
              web:
                image: nginx
                ports: ["8090:80"]
                volumes:
                  - ./html:/usr/share/nginx/html:ro
                  - { type: bind, source: ./app.conf, target: /etc/app.conf, read_only: true }
                  - ./made:/made
              twin: { image: tools, command: sleep infinity, volumes_from: ["web:ro"] }
            """);
        host.MustHypr("compose", "-f", file, "up", "-d");
        Assert.Equal("from the host\n", host.Page(host.Lab.Lan, "http://192.0.2.10:8090/"));
        Assert.Equal("a file\n", host.MustHypr("compose", "-f", file, "exec", "-T", "web", "cat", "/etc/app.conf"));
        Assert.True(Directory.Exists(Path.Combine(folder, "made")));
        Assert.Equal("a file\n", host.MustHypr("compose", "-f", file, "exec", "-T", "twin", "cat", "/etc/app.conf"));
        Assert.NotEqual(0, host.Hypr("compose", "-f", file, "exec", "-T", "twin", "touch", "/made/by-twin").ExitCode);
        var id = host.MustHypr("compose", "-f", file, "ps", "-q");
        host.MustHypr("compose", "-f", file, "up", "-d");
        Assert.Equal(id, host.MustHypr("compose", "-f", file, "ps", "-q"));
        host.MustHypr("compose", "-f", file, "down");
        Assert.True(File.Exists(Path.Combine(folder, "html/index.html")));

        File.WriteAllText(file, File.ReadAllText(file).Replace("source: ./app.conf", "source: ./none.conf, bind: { create_host_path: false }", StringComparison.Ordinal));
        var failed = host.Hypr("compose", "-f", file, "up", "-d");
        Assert.Equal(1, failed.ExitCode);
        Assert.Contains($"bind source path does not exist: {folder}/none.conf", failed.Error, StringComparison.Ordinal);
        host.MustHypr("compose", "-f", file, "down");
    }

    private string Folder(string name)
    {
        var folder = Path.Combine(host.Folder, "shared", name);
        Directory.CreateDirectory(folder);
        return folder;
    }

    private string Id(string name) => host.MustHypr("inspect", "-f", "{{.Id}}", name).Trim();

    private void Sleeper(string name, params string[] options) => host.MustHypr(["run", "-d", "--name", name, .. options, "tools", "sleep", "infinity"]);

    private string Exec(string name, string line) => host.MustHypr("exec", name, "sh", "-c", line);

    /// <summary>virtiofsd: one that waits, in this host's network namespace, and its child in the sandbox.</summary>
    private List<int> Servers(string id) =>
    [
        .. Directory.GetDirectories("/proc").Select(Path.GetFileName).Select(n => int.TryParse(n, out var pid) ? pid : 0).Where(pid => pid > 0)
            .Where(pid => CommandLine(pid).Contains($"source={host.RuntimeDir}/machines/{id}/", StringComparison.Ordinal)).Order(),
    ];

    private static bool IsSandboxed(int pid) =>
        File.ReadAllLines($"/proc/{pid}/status").Any(l => l.StartsWith("NSpid:", StringComparison.Ordinal) && l.Split('\t').Length > 2);

    private static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
