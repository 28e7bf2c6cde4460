-- What a hyprd of schema 1 wrote: two VMs, one of them running, a network, an image.
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
INSERT INTO "endpoints" VALUES('359aaa039de7fc0f9534be473929488d621085097fa3d6bace4939582d0a7a6f','981dc9207e308a9c3275495e2ef15242d64f5f0173735a516b0032e86831a78a','70e517c409569c08f22aa3b22ba00d4d76804137ce785b5900ca7e0df68cd717',0,NULL,NULL,NULL,'{"Aliases":[],"GatewayPriority":0,"DriverOptions":{}}');
INSERT INTO "endpoints" VALUES('6930c67e9b432ebcbec9a1ed73960dd1c08aaba5e4d7b79d5352c894b63a7cf3','579e6bbe6157da4263c47cfb2e781c1af3f7b8ffdc9bcb6e436632a656dbc7e9','70e517c409569c08f22aa3b22ba00d4d76804137ce785b5900ca7e0df68cd717',1,'02:42:0a:5a:00:09',NULL,NULL,'{"StaticIPv4":"10.90.0.9","Aliases":[],"GatewayPriority":0,"DriverOptions":{}}');
INSERT INTO "endpoints" VALUES('93c416d3dd37baf2bd8331e8b482076d7f8b11dc3fa64c53393016e3aca15056','579e6bbe6157da4263c47cfb2e781c1af3f7b8ffdc9bcb6e436632a656dbc7e9','8f660388bfa5c442c09b4847a0836020058c1d0c8406c4901d74279c041eae5d',0,'02:42:0a:5a:00:07','tap0','eth0','{"StaticIPv4":"10.90.0.7","StaticIPv6":"fd00:90::7","StaticMac":"02:42:0a:5a:00:07","Aliases":["www"],"GatewayPriority":0,"DriverOptions":{}}');
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
INSERT INTO "leases" VALUES('579e6bbe6157da4263c47cfb2e781c1af3f7b8ffdc9bcb6e436632a656dbc7e9',X'0A5A0009','6930c67e9b432ebcbec9a1ed73960dd1c08aaba5e4d7b79d5352c894b63a7cf3');
INSERT INTO "leases" VALUES('579e6bbe6157da4263c47cfb2e781c1af3f7b8ffdc9bcb6e436632a656dbc7e9',X'0A5A0007','93c416d3dd37baf2bd8331e8b482076d7f8b11dc3fa64c53393016e3aca15056');
INSERT INTO "leases" VALUES('579e6bbe6157da4263c47cfb2e781c1af3f7b8ffdc9bcb6e436632a656dbc7e9',X'FD000090000000000000000000000007','93c416d3dd37baf2bd8331e8b482076d7f8b11dc3fa64c53393016e3aca15056');
CREATE TABLE machines (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    created  INTEGER NOT NULL,
    image_id TEXT NOT NULL,
    config   TEXT NOT NULL,
    state    TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "machines" VALUES('70e517c409569c08f22aa3b22ba00d4d76804137ce785b5900ca7e0df68cd717','db',1795532854156,'sha256:b9f7d94d28876bc2cd695a7dfe815298f9dc98f29f8ab4b7fd8debd34fafcf03','{"Image":"tiny:1","User":"","WorkingDir":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":[],"Cmd":["sleep","1"],"Labels":{},"ExposedPorts":[],"NetworkMode":"bridge","Networks":[],"PortBindings":[],"PublishAllPorts":false,"Dns":[],"DnsSearch":[],"DnsOptions":[],"ExtraHosts":[],"AutoRemove":false,"Restart":{"Name":"no","MaximumRetryCount":0},"NanoCpus":0,"Memory":0,"ReadonlyRootfs":false,"Privileged":false,"Tmpfs":{},"Sysctls":{},"CapAdd":[],"CapDrop":[],"SecurityOpt":[]}','{"Status":"Created","Pid":0,"PidStartTime":0,"BootId":"","ExitCode":0,"Error":"","OomKilled":false,"RestartCount":0,"StoppedByHand":false,"PendingNetworks":[]}');
INSERT INTO "machines" VALUES('8f660388bfa5c442c09b4847a0836020058c1d0c8406c4901d74279c041eae5d','web',1795532853683,'sha256:b9f7d94d28876bc2cd695a7dfe815298f9dc98f29f8ab4b7fd8debd34fafcf03','{"Image":"tiny:1","User":"","WorkingDir":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":[],"Labels":{"a":"b"},"ExposedPorts":["80/tcp"],"NetworkMode":"shop","Networks":[{"Network":"shop","IPv4":"10.90.0.7","IPv6":"fd00:90::7","MacAddress":"02:42:0a:5a:00:07","Aliases":["www"],"GwPriority":0,"DriverOpts":{}}],"PortBindings":[{"GuestPort":"80/tcp","HostIp":"","HostPort":"8080"}],"PublishAllPorts":false,"Dns":[],"DnsSearch":[],"DnsOptions":[],"ExtraHosts":[],"AutoRemove":false,"Restart":{"Name":"unless-stopped","MaximumRetryCount":0},"NanoCpus":0,"Memory":268435456,"ReadonlyRootfs":false,"Privileged":false,"Tmpfs":{},"Sysctls":{},"CapAdd":[],"CapDrop":[],"SecurityOpt":[]}','{"Status":"Running","Pid":4711,"PidStartTime":815,"BootId":"00000000-0000-0000-0000-000000000000","ExitCode":0,"Error":"","OomKilled":false,"RestartCount":0,"StoppedByHand":false,"PendingNetworks":[],"StartedAt":"2026-11-24T09:00:00+00:00"}');
CREATE TABLE networks (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    bridge  TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    config  TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "networks" VALUES('579e6bbe6157da4263c47cfb2e781c1af3f7b8ffdc9bcb6e436632a656dbc7e9','shop','vbr1',1795532852658,'{"IPv4":true,"IPv6":true,"Internal":false,"Attachable":false,"Mtu":1400,"Subnets":[{"Subnet":"10.90.0.0/24","Gateway":"10.90.0.1","Range":"10.90.0.128/25","Auxiliary":{"printer":"10.90.0.200"}},{"Subnet":"fd00:90::/64","Gateway":"fd00:90::1","Auxiliary":{}}],"Options":{"com.docker.network.driver.mtu":"1400","com.docker.network.bridge.name":"vbr1"},"IpamOptions":{},"Labels":{"team":"a"}}');
INSERT INTO "networks" VALUES('981dc9207e308a9c3275495e2ef15242d64f5f0173735a516b0032e86831a78a','bridge','vbr0',1795532847557,'{"IPv4":true,"IPv6":false,"Internal":false,"Attachable":false,"Mtu":1500,"Subnets":[{"Subnet":"10.88.0.0/16","Gateway":"10.88.0.1","Auxiliary":{}}],"Options":{"com.docker.network.bridge.name":"vbr0"},"IpamOptions":{},"Labels":{}}');
CREATE TABLE ports (
    host_ip    TEXT NOT NULL,
    protocol   TEXT NOT NULL,
    host_port  INTEGER NOT NULL,
    machine_id TEXT NOT NULL REFERENCES machines(id) ON DELETE CASCADE,
    guest_port INTEGER NOT NULL,
    PRIMARY KEY (protocol, host_port, host_ip)
) WITHOUT ROWID;
INSERT INTO "ports" VALUES('0.0.0.0','tcp',8080,'8f660388bfa5c442c09b4847a0836020058c1d0c8406c4901d74279c041eae5d',80);
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "settings" VALUES('ula-prefix','fdcf:91fe:e5dd::/48');
CREATE INDEX endpoints_by_network ON endpoints(network_id);
CREATE INDEX leases_by_endpoint ON leases(endpoint_id);
CREATE INDEX ports_by_machine ON ports(machine_id);
CREATE INDEX image_names_by_image ON image_names(image_id);
COMMIT;
PRAGMA user_version=1;
