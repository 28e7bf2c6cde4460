namespace Hypr.Store.Schema;

/// <summary>The schema, one step a version; <c>PRAGMA user_version</c> says how many are applied. A step that was released never changes.</summary>
internal static class Migrations
{
    public static readonly IReadOnlyList<string> Steps = [Version1, Version2, Version3];

    /// <summary>
    /// Addresses are stored as 4 or 16 bytes in network order, so that they compare as numbers. Times are Unix milliseconds. JSON columns hold what is
    /// read and written whole; what is searched or must be unique has a column.
    /// </summary>
    private const string Version1 = """
        CREATE TABLE settings (
            key   TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE networks (
            id      TEXT PRIMARY KEY,
            name    TEXT NOT NULL UNIQUE,
            bridge  TEXT NOT NULL UNIQUE,
            created INTEGER NOT NULL,
            config  TEXT NOT NULL
        ) WITHOUT ROWID;

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
        CREATE INDEX endpoints_by_network ON endpoints(network_id);

        CREATE TABLE leases (
            network_id  TEXT NOT NULL REFERENCES networks(id),
            address     BLOB NOT NULL,
            endpoint_id TEXT NOT NULL REFERENCES endpoints(id) ON DELETE CASCADE,
            PRIMARY KEY (network_id, address)
        ) WITHOUT ROWID;
        CREATE INDEX leases_by_endpoint ON leases(endpoint_id);

        -- What a running machine has published: a row is a port that is really bound.
        CREATE TABLE ports (
            host_ip    TEXT NOT NULL,
            protocol   TEXT NOT NULL,
            host_port  INTEGER NOT NULL,
            machine_id TEXT NOT NULL REFERENCES machines(id) ON DELETE CASCADE,
            guest_port INTEGER NOT NULL,
            PRIMARY KEY (protocol, host_port, host_ip)
        ) WITHOUT ROWID;
        CREATE INDEX ports_by_machine ON ports(machine_id);

        CREATE TABLE machines (
            id       TEXT PRIMARY KEY,
            name     TEXT NOT NULL UNIQUE,
            created  INTEGER NOT NULL,
            image_id TEXT NOT NULL,
            config   TEXT NOT NULL,
            state    TEXT NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE images (
            id      TEXT PRIMARY KEY,
            created INTEGER,
            size    INTEGER NOT NULL,
            config  TEXT NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE image_names (
            name     TEXT PRIMARY KEY,
            image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE
        ) WITHOUT ROWID;
        CREATE INDEX image_names_by_image ON image_names(image_id);
        """;

    /// <summary>Ports of routed networks have host port 0, any number of them.</summary>
    private const string Version2 = """
        CREATE TABLE published (
            machine_id TEXT NOT NULL REFERENCES machines(id) ON DELETE CASCADE,
            protocol   TEXT NOT NULL,
            host_port  INTEGER NOT NULL,
            host_ip    TEXT NOT NULL,
            guest_port INTEGER NOT NULL,
            PRIMARY KEY (machine_id, protocol, host_port, host_ip, guest_port)
        ) WITHOUT ROWID;
        INSERT INTO published SELECT machine_id, protocol, host_port, host_ip, guest_port FROM ports;
        DROP TABLE ports;
        ALTER TABLE published RENAME TO ports;
        CREATE UNIQUE INDEX ports_once ON ports(protocol, host_port, host_ip) WHERE host_port > 0;
        """;

    /// <summary>What a volume is has its row, what it holds is a file beside the database.</summary>
    private const string Version3 = """
        CREATE TABLE volumes (
            name    TEXT PRIMARY KEY,
            created INTEGER NOT NULL,
            config  TEXT NOT NULL
        ) WITHOUT ROWID;
        """;
}
