-- What a hyprd of schema 2 wrote: two VMs, one of them running, a network, an image.
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
INSERT INTO "endpoints" VALUES('227fa455c5deb3d29e7ae563fcbf6ee6706e9c8f2eee475048c07238af85eab4','002b492d68c6ba6e590669292311e6d20cec43ecf6e808f4f705b0a68202d451','48ffeb6f169f801be9da20c7023d035e90a48cdc282bc34dbbfd52b7558cf9bb',0,NULL,NULL,NULL,'{"Aliases":[],"GatewayPriority":0,"DriverOptions":{}}');
INSERT INTO "endpoints" VALUES('b59ae17b2884f8a865d1cbd5c0ffcf2dbf4ec6beaa322bbce8b93cab4a91b480','2a494d314bebe582bddf2982c1beea4d44781e8ab7b349cedd7062713e5b5f76','71386fb0b056fdb9c04f20df8403e629db903583cf5266f3f31e5aaa82764048',0,'02:42:0a:5a:00:07','tap0','eth0','{"StaticIPv4":"10.90.0.7","StaticIPv6":"fd00:90::7","StaticMac":"02:42:0a:5a:00:07","Aliases":["www"],"GatewayPriority":0,"DriverOptions":{}}');
INSERT INTO "endpoints" VALUES('d31b325b4c8d623f92dfab875e6efbc06a4cbc1e650590752ff586991a06f0cd','2a494d314bebe582bddf2982c1beea4d44781e8ab7b349cedd7062713e5b5f76','48ffeb6f169f801be9da20c7023d035e90a48cdc282bc34dbbfd52b7558cf9bb',1,'02:42:0a:5a:00:09',NULL,NULL,'{"StaticIPv4":"10.90.0.9","Aliases":[],"GatewayPriority":0,"DriverOptions":{}}');
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
INSERT INTO "leases" VALUES('2a494d314bebe582bddf2982c1beea4d44781e8ab7b349cedd7062713e5b5f76',X'0A5A0007','b59ae17b2884f8a865d1cbd5c0ffcf2dbf4ec6beaa322bbce8b93cab4a91b480');
INSERT INTO "leases" VALUES('2a494d314bebe582bddf2982c1beea4d44781e8ab7b349cedd7062713e5b5f76',X'FD000090000000000000000000000007','b59ae17b2884f8a865d1cbd5c0ffcf2dbf4ec6beaa322bbce8b93cab4a91b480');
INSERT INTO "leases" VALUES('2a494d314bebe582bddf2982c1beea4d44781e8ab7b349cedd7062713e5b5f76',X'0A5A0009','d31b325b4c8d623f92dfab875e6efbc06a4cbc1e650590752ff586991a06f0cd');
CREATE TABLE machines (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    created  INTEGER NOT NULL,
    image_id TEXT NOT NULL,
    config   TEXT NOT NULL,
    state    TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "machines" VALUES('48ffeb6f169f801be9da20c7023d035e90a48cdc282bc34dbbfd52b7558cf9bb','db',1795532865578,'sha256:b9f7d94d28876bc2cd695a7dfe815298f9dc98f29f8ab4b7fd8debd34fafcf03','{"Image":"tiny:1","User":"","WorkingDir":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":[],"Cmd":["sleep","1"],"Labels":{},"ExposedPorts":[],"NetworkMode":"bridge","Networks":[],"PortBindings":[],"PublishAllPorts":false,"Dns":[],"DnsSearch":[],"DnsOptions":[],"ExtraHosts":[],"AutoRemove":false,"Restart":{"Name":"no","MaximumRetryCount":0},"NanoCpus":0,"Memory":0,"ReadonlyRootfs":false,"Privileged":false,"Tmpfs":{},"Sysctls":{},"CapAdd":[],"CapDrop":[],"SecurityOpt":[]}','{"Status":"Created","Pid":0,"PidStartTime":0,"BootId":"","ExitCode":0,"Error":"","OomKilled":false,"RestartCount":0,"StoppedByHand":false,"PendingNetworks":[]}');
INSERT INTO "machines" VALUES('71386fb0b056fdb9c04f20df8403e629db903583cf5266f3f31e5aaa82764048','web',1795532864900,'sha256:b9f7d94d28876bc2cd695a7dfe815298f9dc98f29f8ab4b7fd8debd34fafcf03','{"Image":"tiny:1","User":"","WorkingDir":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":[],"Labels":{"a":"b"},"ExposedPorts":["80/tcp"],"NetworkMode":"shop","Networks":[{"Network":"shop","IPv4":"10.90.0.7","IPv6":"fd00:90::7","MacAddress":"02:42:0a:5a:00:07","Aliases":["www"],"GwPriority":0,"DriverOpts":{}}],"PortBindings":[{"GuestPort":"80/tcp","HostIp":"","HostPort":"8080"}],"PublishAllPorts":false,"Dns":[],"DnsSearch":[],"DnsOptions":[],"ExtraHosts":[],"AutoRemove":false,"Restart":{"Name":"unless-stopped","MaximumRetryCount":0},"NanoCpus":0,"Memory":268435456,"ReadonlyRootfs":false,"Privileged":false,"Tmpfs":{},"Sysctls":{},"CapAdd":[],"CapDrop":[],"SecurityOpt":[]}','{"Status":"Running","Pid":4711,"PidStartTime":815,"BootId":"00000000-0000-0000-0000-000000000000","ExitCode":0,"Error":"","OomKilled":false,"RestartCount":0,"StoppedByHand":false,"PendingNetworks":[],"StartedAt":"2026-11-24T09:00:00+00:00"}');
CREATE TABLE networks (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    bridge  TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    config  TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "networks" VALUES('002b492d68c6ba6e590669292311e6d20cec43ecf6e808f4f705b0a68202d451','bridge','vbr0',1795532858197,'{"IPv4":true,"IPv6":false,"Internal":false,"Attachable":false,"Mtu":1500,"Subnets":[{"Subnet":"10.88.0.0/16","Gateway":"10.88.0.1","Auxiliary":{}}],"Options":{"com.docker.network.bridge.name":"vbr0"},"IpamOptions":{},"Labels":{}}');
INSERT INTO "networks" VALUES('2a494d314bebe582bddf2982c1beea4d44781e8ab7b349cedd7062713e5b5f76','shop','vbr1',1795532863692,'{"IPv4":true,"IPv6":true,"Internal":false,"Attachable":false,"Mtu":1400,"Subnets":[{"Subnet":"10.90.0.0/24","Gateway":"10.90.0.1","Range":"10.90.0.128/25","Auxiliary":{"printer":"10.90.0.200"}},{"Subnet":"fd00:90::/64","Gateway":"fd00:90::1","Auxiliary":{}}],"Options":{"com.docker.network.driver.mtu":"1400","com.docker.network.bridge.name":"vbr1"},"IpamOptions":{},"Labels":{"team":"a"}}');
CREATE TABLE "ports" (
    machine_id TEXT NOT NULL REFERENCES machines(id) ON DELETE CASCADE,
    protocol   TEXT NOT NULL,
    host_port  INTEGER NOT NULL,
    host_ip    TEXT NOT NULL,
    guest_port INTEGER NOT NULL,
    PRIMARY KEY (machine_id, protocol, host_port, host_ip, guest_port)
) WITHOUT ROWID;
INSERT INTO "ports" VALUES('71386fb0b056fdb9c04f20df8403e629db903583cf5266f3f31e5aaa82764048','tcp',8080,'0.0.0.0',80);
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "settings" VALUES('ula-prefix','fd39:4741:2218::/48');
CREATE INDEX endpoints_by_network ON endpoints(network_id);
CREATE INDEX leases_by_endpoint ON leases(endpoint_id);
CREATE INDEX image_names_by_image ON image_names(image_id);
CREATE UNIQUE INDEX ports_once ON ports(protocol, host_port, host_ip) WHERE host_port > 0;
COMMIT;
PRAGMA user_version=2;
