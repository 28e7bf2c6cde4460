-- What a hyprd of schema 3 wrote: two VMs, one of them running, a network, an image.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE endpoints (
    id         TEXT PRIMARY KEY,
    network_id TEXT NOT NULL REFERENCES networks(id),
    machine_id TEXT NOT NULL REFERENCES machines(id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    mac        TEXT,
    tap        TEXT,
    nic        TEXT,
    config     TEXT NOT NULL,
    UNIQUE (machine_id, network_id)
) WITHOUT ROWID;
INSERT INTO "endpoints" VALUES('2b978bf2542097ff85957886e2bfd752eae1cd969ba843ae36da3303876bc8d7','bebd63d1c488e0e6001feb8f9a2c6fa6be6ecd57c10c92ebe0a2eaea4d8e5c84','505e046540fd16178bf9e3c99d50b3e81e2535d2873ba5377b5755db877e3971',1,'02:42:0a:5a:00:09',NULL,NULL,'{"StaticIPv4":"10.90.0.9","Aliases":[],"GatewayPriority":0,"DriverOptions":{}}');
INSERT INTO "endpoints" VALUES('4b61d773df7dc8e1016410d80cd9982e85c3fc826d1029a80110288d39f54225','5526150350c0bcf8ed9de7fc961a3426d6e165335ba28d377f23badfe27259e2','6605036b7f63794b6ed2802e2ade3c300845c67bcb62e1d829516af55a379b0c',0,NULL,NULL,NULL,'{"Aliases":[],"GatewayPriority":0,"DriverOptions":{}}');
INSERT INTO "endpoints" VALUES('65c7ebd0853719a8f2bb079c2c6fbcc099cd1cf1103aa54f44d6672e5d8970e7','5526150350c0bcf8ed9de7fc961a3426d6e165335ba28d377f23badfe27259e2','505e046540fd16178bf9e3c99d50b3e81e2535d2873ba5377b5755db877e3971',0,NULL,NULL,NULL,'{"Aliases":[],"GatewayPriority":0,"DriverOptions":{}}');
INSERT INTO "endpoints" VALUES('79d1616cfc3289ef5cbe704c715d0af65be957577dfb2642ac65606e4f3f9aa1','bebd63d1c488e0e6001feb8f9a2c6fa6be6ecd57c10c92ebe0a2eaea4d8e5c84','83ba20f9fcbc52271170db53c0fa6c7537e3c4bfaf19c8a581ea95f428ad4141',0,'02:42:0a:5a:00:07','tap0','eth0','{"StaticIPv4":"10.90.0.7","StaticIPv6":"fd00:90::7","StaticMac":"02:42:0a:5a:00:07","Aliases":["www"],"GatewayPriority":0,"DriverOptions":{}}');
CREATE TABLE image_names (
    name     TEXT PRIMARY KEY,
    image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE
) WITHOUT ROWID;
INSERT INTO "image_names" VALUES('docker.io/library/tiny:1','sha256:b9f7d94d28876bc2cd695a7dfe815298f9dc98f29f8ab4b7fd8debd34fafcf03');
CREATE TABLE images (
    id      TEXT PRIMARY KEY,
    created INTEGER,
    size    INTEGER NOT NULL,
    config  TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "images" VALUES('sha256:b9f7d94d28876bc2cd695a7dfe815298f9dc98f29f8ab4b7fd8debd34fafcf03',1795507200000,10240,'{"created":"2026-11-24T08:00:00Z","architecture":"amd64","os":"linux","config":{"user":"","env":["A=b"],"cmd":["/hello"],"workingDir":"","labels":{},"exposedPorts":["80/tcp"],"volumes":[]},"diffIds":["sha256:c0f596b17711a7dc975e9a8cac636f668fa66788181052818bd748ce2959c934"],"chainId":"c0f596b17711a7dc975e9a8cac636f668fa66788181052818bd748ce2959c934","layers":[{"digest":"sha256:c0f596b17711a7dc975e9a8cac636f668fa66788181052818bd748ce2959c934","size":10240,"unpackedSize":10240}]}');
CREATE TABLE leases (
    network_id  TEXT NOT NULL REFERENCES networks(id),
    address     BLOB NOT NULL,
    endpoint_id TEXT NOT NULL REFERENCES endpoints(id) ON DELETE CASCADE,
    PRIMARY KEY (network_id, address)
) WITHOUT ROWID;
INSERT INTO "leases" VALUES('bebd63d1c488e0e6001feb8f9a2c6fa6be6ecd57c10c92ebe0a2eaea4d8e5c84',X'0A5A0009','2b978bf2542097ff85957886e2bfd752eae1cd969ba843ae36da3303876bc8d7');
INSERT INTO "leases" VALUES('bebd63d1c488e0e6001feb8f9a2c6fa6be6ecd57c10c92ebe0a2eaea4d8e5c84',X'0A5A0007','79d1616cfc3289ef5cbe704c715d0af65be957577dfb2642ac65606e4f3f9aa1');
INSERT INTO "leases" VALUES('bebd63d1c488e0e6001feb8f9a2c6fa6be6ecd57c10c92ebe0a2eaea4d8e5c84',X'FD000090000000000000000000000007','79d1616cfc3289ef5cbe704c715d0af65be957577dfb2642ac65606e4f3f9aa1');
CREATE TABLE machines (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    created  INTEGER NOT NULL,
    image_id TEXT NOT NULL,
    config   TEXT NOT NULL,
    state    TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "machines" VALUES('505e046540fd16178bf9e3c99d50b3e81e2535d2873ba5377b5755db877e3971','db',1795533079482,'sha256:b9f7d94d28876bc2cd695a7dfe815298f9dc98f29f8ab4b7fd8debd34fafcf03','{"Image":"tiny:1","User":"","WorkingDir":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":[],"Cmd":["sleep","1"],"Labels":{},"ExposedPorts":[],"NetworkMode":"bridge","Networks":[],"PortBindings":[],"PublishAllPorts":false,"Dns":[],"DnsSearch":[],"DnsOptions":[],"ExtraHosts":[],"AutoRemove":false,"Restart":{"Name":"no","MaximumRetryCount":0},"NanoCpus":0,"Memory":0,"ReadonlyRootfs":false,"Privileged":false,"Tmpfs":{},"Binds":[],"Mounts":[],"AnonymousVolumes":[],"VolumesFrom":[],"VolumeDriver":"","Volumes":[],"Files":[],"Sysctls":{},"CapAdd":[],"CapDrop":[],"SecurityOpt":[]}','{"Status":"Created","Pid":0,"PidStartTime":0,"BootId":"","ExitCode":0,"Error":"","OomKilled":false,"RestartCount":0,"StoppedByHand":false,"PendingNetworks":[],"WrittenVolumes":[]}');
INSERT INTO "machines" VALUES('6605036b7f63794b6ed2802e2ade3c300845c67bcb62e1d829516af55a379b0c','store',1795533080057,'sha256:b9f7d94d28876bc2cd695a7dfe815298f9dc98f29f8ab4b7fd8debd34fafcf03','{"Image":"tiny:1","User":"","WorkingDir":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":[],"Labels":{},"ExposedPorts":[],"NetworkMode":"bridge","Networks":[],"PortBindings":[],"PublishAllPorts":false,"Dns":[],"DnsSearch":[],"DnsOptions":[],"ExtraHosts":[],"AutoRemove":false,"Restart":{"Name":"no","MaximumRetryCount":0},"NanoCpus":0,"Memory":0,"ReadonlyRootfs":false,"Privileged":false,"Tmpfs":{},"Binds":["data:/data"],"Mounts":[],"AnonymousVolumes":[],"VolumesFrom":[],"VolumeDriver":"","Volumes":[{"Volume":"data","Target":"/data","ReadOnly":false,"NoCopy":false,"Anonymous":false}],"Files":[],"Sysctls":{},"CapAdd":[],"CapDrop":[],"SecurityOpt":[]}','{"Status":"Created","Pid":0,"PidStartTime":0,"BootId":"","ExitCode":0,"Error":"","OomKilled":false,"RestartCount":0,"StoppedByHand":false,"PendingNetworks":[],"WrittenVolumes":[]}');
INSERT INTO "machines" VALUES('83ba20f9fcbc52271170db53c0fa6c7537e3c4bfaf19c8a581ea95f428ad4141','web',1795533078967,'sha256:b9f7d94d28876bc2cd695a7dfe815298f9dc98f29f8ab4b7fd8debd34fafcf03','{"Image":"tiny:1","User":"","WorkingDir":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":[],"Labels":{"a":"b"},"ExposedPorts":["80/tcp"],"NetworkMode":"shop","Networks":[{"Network":"shop","IPv4":"10.90.0.7","IPv6":"fd00:90::7","MacAddress":"02:42:0a:5a:00:07","Aliases":["www"],"GwPriority":0,"DriverOpts":{}}],"PortBindings":[{"GuestPort":"80/tcp","HostIp":"","HostPort":"8080"}],"PublishAllPorts":false,"Dns":[],"DnsSearch":[],"DnsOptions":[],"ExtraHosts":[],"AutoRemove":false,"Restart":{"Name":"unless-stopped","MaximumRetryCount":0},"NanoCpus":0,"Memory":268435456,"ReadonlyRootfs":false,"Privileged":false,"Tmpfs":{},"Binds":[],"Mounts":[],"AnonymousVolumes":[],"VolumesFrom":[],"VolumeDriver":"","Volumes":[],"Files":[],"Sysctls":{},"CapAdd":[],"CapDrop":[],"SecurityOpt":[]}','{"Status":"Running","Pid":4711,"PidStartTime":815,"BootId":"00000000-0000-0000-0000-000000000000","ExitCode":0,"Error":"","OomKilled":false,"RestartCount":0,"StoppedByHand":false,"PendingNetworks":[],"WrittenVolumes":[],"StartedAt":"2026-11-24T09:00:00+00:00"}');
CREATE TABLE networks (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    bridge  TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    config  TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "networks" VALUES('5526150350c0bcf8ed9de7fc961a3426d6e165335ba28d377f23badfe27259e2','bridge','vbr0',1795533075862,'{"IPv4":true,"IPv6":false,"Internal":false,"Attachable":false,"Mtu":1500,"Subnets":[{"Subnet":"10.88.0.0/16","Gateway":"10.88.0.1","Auxiliary":{}}],"Options":{"com.docker.network.bridge.name":"vbr0"},"IpamOptions":{},"Labels":{}}');
INSERT INTO "networks" VALUES('bebd63d1c488e0e6001feb8f9a2c6fa6be6ecd57c10c92ebe0a2eaea4d8e5c84','shop','vbr1',1795533078555,'{"IPv4":true,"IPv6":true,"Internal":false,"Attachable":false,"Mtu":1400,"Subnets":[{"Subnet":"10.90.0.0/24","Gateway":"10.90.0.1","Range":"10.90.0.128/25","Auxiliary":{"printer":"10.90.0.200"}},{"Subnet":"fd00:90::/64","Gateway":"fd00:90::1","Auxiliary":{}}],"Options":{"com.docker.network.driver.mtu":"1400","com.docker.network.bridge.name":"vbr1"},"IpamOptions":{},"Labels":{"team":"a"}}');
CREATE TABLE "ports" (
    machine_id TEXT NOT NULL REFERENCES machines(id) ON DELETE CASCADE,
    protocol   TEXT NOT NULL,
    host_port  INTEGER NOT NULL,
    host_ip    TEXT NOT NULL,
    guest_port INTEGER NOT NULL,
    PRIMARY KEY (machine_id, protocol, host_port, host_ip, guest_port)
) WITHOUT ROWID;
INSERT INTO "ports" VALUES('83ba20f9fcbc52271170db53c0fa6c7537e3c4bfaf19c8a581ea95f428ad4141','tcp',8080,'0.0.0.0',80);
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "settings" VALUES('ula-prefix','fdf8:1818:3ab::/48');
CREATE TABLE volumes (
    name    TEXT PRIMARY KEY,
    created INTEGER NOT NULL,
    config  TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "volumes" VALUES('data',1795533079861,'{"Stage":"Ready","SizeBytes":33554432,"Options":{"size":"32m"},"Labels":{"x":"y"}}');
CREATE INDEX endpoints_by_network ON endpoints(network_id);
CREATE INDEX leases_by_endpoint ON leases(endpoint_id);
CREATE INDEX image_names_by_image ON image_names(image_id);
CREATE UNIQUE INDEX ports_once ON ports(protocol, host_port, host_ip) WHERE host_port > 0;
COMMIT;
PRAGMA user_version=3;
