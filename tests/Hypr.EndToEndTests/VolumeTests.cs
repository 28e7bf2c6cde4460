using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>Volumes in real VMs: what is written is there for the next VM, and nothing of it is the host's.</summary>
public sealed class VolumeTests(HyprHost host) : IClassFixture<HyprHost>
{
    [Fact]
    public void What_one_vm_wrote_the_next_one_reads_also_after_a_hard_end()
    {
        // What is PID 1 and has no handler takes no SIGTERM: the stop is one with its time run out.
        Sleeper("writer", "-v", "kept:/data", "--stop-timeout", "1");
        host.MustHypr("exec", "writer", "sh", "-c", "head -c 3000000 /dev/urandom > /data/file; md5sum /data/file | cut -d' ' -f1 > /data/sum; ln -s file /data/link");
        host.MustHypr("stop", "writer");
        Assert.Equal("same\n", host.MustHypr(
            "run", "--rm", "-v", "kept:/data", "tools", "sh", "-c", "test $(md5sum /data/link | cut -d' ' -f1) = $(cat /data/sum) && echo same; echo more > /data/synced; sync"));

        // Killed under it: what was synced is there, the journal is replayed.
        host.MustHypr("start", "writer");
        host.MustHypr("exec", "writer", "sh", "-c", "echo safe > /data/synced; sync; echo lost > /data/unsynced");
        host.MustHypr("kill", "writer");
        Assert.Equal("safe\n", host.MustHypr("run", "--rm", "-v", "kept:/data:ro", "tools", "cat", "/data/synced"));
        host.MustHypr("rm", "writer");
        Assert.Contains("kept", host.MustHypr("volume", "ls"), StringComparison.Ordinal);
        host.MustHypr("volume", "rm", "kept");
        Assert.Empty(Directory.GetFiles(Path.Combine(host.DataDir, "volumes"), "kept*"));
    }

    [Fact]
    public void A_new_volume_has_the_images_content_and_no_program_finds_a_lost_and_found()
    {
        // A folder's size and links are its file system's own.
        const string List = "cd /etc/nginx && ls -lAnR --time-style=+%s | grep -v ^total | sed 's/^\\(d[^ ]* *\\)[0-9]* \\([0-9]* [0-9]*\\) *[0-9]*/\\1\\2/'";
        var image = host.MustHypr("run", "--rm", "nginx", "sh", "-c", List);
        Assert.Contains("nginx.conf", image, StringComparison.Ordinal);
        Assert.Equal(image, host.MustHypr(
            "run", "--rm", "-v", "conf:/etc/nginx", "nginx", "sh", "-c", List + "; rm -r /etc/nginx/*; touch mine"));
        Assert.Equal("mine\n", host.MustHypr("run", "--rm", "-v", "conf:/etc/nginx", "tools", "ls", "-A", "/etc/nginx"));
        Assert.Equal("", host.MustHypr("run", "--rm", "-v", "conf2:/etc/nginx:nocopy", "nginx", "ls", "-A", "/etc/nginx"));
        host.MustHypr("volume", "rm", "conf", "conf2");
    }

    [Fact]
    public void Readers_share_a_volume_and_a_writer_has_it_alone()
    {
        host.MustHypr("run", "--rm", "-v", "shared:/data", "tools", "sh", "-c", "echo hello > /data/file");
        Sleeper("reader", "-v", "shared:/data:ro");
        var read = host.Hypr("run", "--rm", "-v", "shared:/other:ro", "tools", "sh", "-c", "cat /other/file; touch /other/new");
        Assert.Equal("hello\n", read.Output);
        Assert.Contains("Read-only file system", read.Error, StringComparison.Ordinal);
        var before = host.Traces();
        var refused = host.Hypr("run", "--rm", "--name", "second", "-v", "shared:/data", "tools", "true");
        Assert.Equal(125, refused.ExitCode);
        Assert.Contains("the volume shared is in use by the running VM reader (read-only)", refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, host.Traces());
        Assert.Contains("volume is in use", host.Hypr("volume", "rm", "shared").Error, StringComparison.Ordinal);
        host.MustHypr("rm", "-f", "reader");
        host.MustHypr("volume", "rm", "shared");
    }

    [Fact]
    public void A_full_volume_is_its_writers_error_alone()
    {
        host.MustHypr("volume", "create", "-o", "size=32m", "small");
        var full = host.Hypr("run", "--rm", "-v", "small:/data", "tools", "sh", "-c", "head -c 64000000 /dev/zero > /data/file; echo $? > /root/code; echo still > /root/own && cat /root/own; rm /data/file; echo again > /data/file && cat /data/file");
        Assert.Equal("still\nagain\n", full.Output);
        Assert.Contains("No space left on device", full.Error, StringComparison.Ordinal);
        Assert.Equal("again\n", host.MustHypr("run", "--rm", "-v", "small:/data", "tools", "cat", "/data/file"));
        host.MustHypr("volume", "rm", "small");
    }

    [Theory, MemberData(nameof(DockerCli.All), MemberType = typeof(DockerCli))]
    public void Dockers_volumes_are_hyprs_and_anonymous_ones_go_with_their_vm(string docker)
    {
        Assert.Equal("two\n", host.MustDocker(docker, "volume", "create", "--label", "a=b", "two"));
        Assert.Equal("x\n", host.MustDocker(docker, "run", "--rm", "--mount", "type=volume,src=two,dst=/data", "-v", "/anonymous", "tools", "sh", "-c", "echo x > /data/f; echo y > /anonymous/f; cat /data/f"));
        Assert.Equal("local two\n", host.MustDocker(docker, "volume", "ls", "--format", "{{.Driver}} {{.Name}}"));
        Assert.Equal("two\n", host.MustHypr("volume", "ls", "-q", "--filter", "label=a=b"));
        Assert.Contains("two", host.MustDocker(docker, "system", "df", "-v"), StringComparison.Ordinal);
        Assert.Equal("two\n", host.MustDocker(docker, "volume", "rm", "two"));
    }

    [Fact]
    public void A_stacks_volume_outlives_it_and_its_vms_find_configs_and_secrets()
    {
        var folder = Path.Combine(host.Folder, "vault");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "key.txt"), "hush\n");
        File.WriteAllText(Path.Combine(folder, "compose.yaml"), """
            services:
              db:
                image: tools
                command: sleep 1000
                stop_grace_period: 1s
                read_only: true
                volumes: ["data:/data"]
                configs: [{ source: site, target: /etc/app/site.conf, uid: "33", gid: "33", mode: 0440 }]
                secrets: [key]
            volumes: { data: { driver_opts: { size: 64m } } }
            configs: { site: { content: "port ${PORT:-80}" } }
            secrets: { key: { file: ./key.txt } }
            """);
        string[] compose = ["compose", "-f", Path.Combine(folder, "compose.yaml")];
        host.MustHypr([.. compose, "up", "-d"]);
        Assert.Equal("hush\nport 80\n440 33 33\n", host.MustHypr(
            "exec", "vault-db-1", "sh", "-c", "cat /run/secrets/key /etc/app/site.conf; echo; stat -c '%a %u %g' /etc/app/site.conf"));
        Assert.Contains("Read-only file system", host.Hypr("exec", "vault-db-1", "sh", "-c", "echo x > /run/secrets/key").Error, StringComparison.Ordinal);
        Assert.DoesNotContain("aHVzaA", host.MustHypr("inspect", "vault-db-1"), StringComparison.Ordinal);
        host.MustHypr("exec", "vault-db-1", "sh", "-c", "echo kept > /data/file");
        host.MustHypr([.. compose, "down"]);
        Assert.Equal("vault_data\n", host.MustHypr("volume", "ls", "-q", "--filter", "label=com.docker.compose.volume=data"));
        host.MustHypr([.. compose, "up", "-d"]);
        Assert.Equal("kept\n", host.MustHypr("exec", "vault-db-1", "cat", "/data/file"));
        host.MustHypr([.. compose, "down", "-v"]);
        Assert.Equal("", host.MustHypr("volume", "ls", "-q", "--filter", "name=vault"));
    }

    private void Sleeper(string name, params string[] options) => host.MustHypr(["run", "-d", "--name", name, .. options, "tools", "sleep", "1000"]);
}
