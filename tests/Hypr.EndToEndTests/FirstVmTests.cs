using Hypr.EndToEndTests.Support;
using Hypr.Testing;

namespace Hypr.EndToEndTests;

/// <summary>The specification's first page and its troubleshooting steps, with one nginx in a VM.</summary>
public sealed class FirstVmTests(FirstVmTests.OneVm host) : IClassFixture<FirstVmTests.OneVm>
{
    public sealed class OneVm : HyprHost
    {
        // The order of the words is the specification's: options after the image.
        public OneVm() => Id = MustHypr("run", "nginx", "-p", "8080:80", "-d", "--name", "myvm").Trim();

        public string Id { get; }
    }

    [Fact]
    public void Run_prints_the_whole_id() => Assert.Matches("^[0-9a-f]{64}$", host.Id);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("192.0.2.10")]
    [InlineData("203.0.113.10")]
    public void The_published_port_answers_on_the_hosts_own_addresses(string address) =>
        Assert.Contains("Welcome to nginx", host.Page(host.Space, $"http://{address}:8080/"));

    [Fact]
    public void The_published_port_answers_a_neighbour_whose_address_nginx_sees()
    {
        Assert.Contains("Welcome to nginx", host.Page(host.Lab.Lan, "http://192.0.2.10:8080/"));
        Assert.True(Probe.Until(() => host.MustHypr("logs", "myvm").Contains("192.0.2.20", StringComparison.Ordinal)), host.MustHypr("logs", "myvm"));
    }

    [Fact]
    public void The_host_reaches_the_vm_by_address_published_or_not() => Assert.Contains("Welcome to nginx", host.Page(host.Space, "http://10.88.0.2/"));

    [Fact]
    public void Ps_shows_id_name_image_status_ip_and_ports()
    {
        var lines = host.MustHypr("ps").Split('\n');
        Assert.Matches("^ID +NAME +IMAGE +STATUS +IP +PORTS *$", lines[0]);
        var line = Assert.Single(lines, l => l.Contains("myvm"));
        Assert.StartsWith(host.Id[..12], line);
        Assert.Matches("nginx +Up .* 10\\.88\\.0\\.2 +0\\.0\\.0\\.0:8080->80/tcp", line);
    }

    [Fact]
    public void Network_ls_has_the_specifications_columns()
    {
        var lines = host.MustHypr("network", "ls").Split('\n');
        Assert.Matches("^NETWORK ID +NAME +DRIVER +SCOPE *$", lines[0]);
        Assert.Matches("^[0-9a-f]{12} +bridge +bridge +local *$", lines[1]);
    }

    [Theory]
    [InlineData("+notcp", "53")]
    [InlineData("+tcp", "53")]
    [InlineData("+notcp", "41003")]
    [InlineData("+tcp", "41003")]
    public void The_vms_name_resolves_on_the_host(string transport, string port) =>
        Assert.Equal("10.88.0.2\n", host.Must("dig", "+short", "+tries=1", transport, "-p", port, "@10.88.0.1", "myvm.hypr"));

    [Fact]
    public void Step_check_ip_forwarding() => Assert.Equal("1\n", host.Must("cat", "/proc/sys/net/ipv4/ip_forward"));

    [Fact]
    public void Step_check_nat() => Assert.Matches("MASQUERADE.*10\\.88\\.0\\.0/16", host.Must("iptables", "-t", "nat", "-L", "POSTROUTING", "-n"));

    [Fact]
    public void Step_check_bridge_exists()
    {
        Assert.Contains("vbr0", host.Must("ip", "link", "show", "vbr0"));
        Assert.Contains("inet 10.88.0.1/16", host.Must("ip", "addr", "show", "vbr0"));
        Assert.Contains("master vbr0", host.Must("ip", "link", "show", "tap0"));
    }

    [Fact]
    public void Step_check_the_dns_server_runs()
    {
        var answer = host.Space.Run("nc", "-vz", "10.88.0.1", "41003");
        Assert.True(answer.Succeeded, answer.Error);
    }

    [Fact]
    public void Step_check_resolv_conf_in_the_vm() =>
        Assert.Contains("nameserver 10.88.0.1", host.MustHypr("exec", "myvm", "--", "cat", "/etc/resolv.conf"));

    [Fact]
    public void Step_check_a_service_listens_in_the_vm() => Assert.Contains(":80", host.MustHypr("exec", "myvm", "--", "ss", "-tlnp"));

    [Fact]
    public void The_vm_reaches_the_internet_with_the_hosts_address()
    {
        using var server = new EchoServer(host.Lab.Internet, "internet", LabNetwork.InternetAddress, 7000);
        Assert.Equal("internet 203.0.113.10\n", host.MustHypr("exec", "myvm", "--", "bash", "-c", "exec 3<>/dev/tcp/198.51.100.1/7000; cat <&3"));
    }

    [Fact]
    public void The_vm_knows_its_own_name_and_the_hosts()
    {
        Assert.Contains("10.88.0.2", host.MustHypr("exec", "myvm", "getent", "hosts", "myvm.hypr"));
        Assert.Contains("10.88.0.2", host.MustHypr("exec", "myvm", "getent", "ahostsv4", "myvm"));
        Assert.Contains("10.88.0.1", host.MustHypr("exec", "myvm", "getent", "hosts", "host.hypr"));
    }

    [Fact]
    public void Exec_gives_output_input_and_exit_code()
    {
        Assert.Equal("hello\n", host.MustHypr("exec", "myvm", "echo", "hello"));
        Assert.Equal(7, host.Hypr("exec", "myvm", "sh", "-c", "exit 7").ExitCode);
        var cat = host.Start("exec", "-i", "myvm", "cat");
        cat.WriteAndClose("through stdin\n");
        Assert.Equal("through stdin\n", cat.WaitForEnd().Output);
        var missing = host.Hypr("exec", "myvm", "no-such-program");
        Assert.Equal(127, missing.ExitCode);
        Assert.Contains("no-such-program", missing.Error);
    }

    [Fact]
    public void Inspect_tells_address_mac_and_ports()
    {
        Assert.Equal("10.88.0.2 02:42:0a:58:00:02\n", host.MustHypr("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}} {{.NetworkSettings.Networks.bridge.MacAddress}}", "myvm"));
        Assert.Contains("8080", host.MustHypr("inspect", "--format", "{{json .NetworkSettings.Ports}}", "myvm"));
        Assert.Contains("\"Name\": \"/myvm\"", host.MustHypr("inspect", "myvm"));
    }

    [Fact]
    public void Info_names_the_hypervisor_and_why_it_is_not_KVM()
    {
        var info = host.MustHypr("info");
        Assert.Contains("qemu", info, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("tcg", info, StringComparison.OrdinalIgnoreCase);
    }
}
