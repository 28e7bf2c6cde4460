using Hypr.Primitives;
using Hypr.Store.Schema;
using Microsoft.Data.Sqlite;

namespace Hypr.Store;

/// <summary>
/// The desired state of everything: one SQLite file, one writer (hyprd). Every committed change is on the disk when the call returns
/// (WAL with synchronous=FULL: one fdatasync a commit). Calls are synchronous and short; one at a time runs, callers may be many.
/// </summary>
public sealed class Database : IDisposable
{
    /// <summary>SQLITE_FULL: what was begun is rolled back.</summary>
    private const int Full = 13;

    private readonly SqliteConnection _connection;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SqliteCommand> _commands = [];
    private SqliteTransaction? _transaction;

    private Database(SqliteConnection connection) => _connection = connection;

    /// <summary>Opens the file, makes it when missing and brings an older schema up to date. A newer one than this program's is refused.</summary>
    public static Database Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, ForeignKeys = true }.ToString());
        try
        {
            connection.Open();
            var database = new Database(connection);
            database.Execute("PRAGMA journal_mode=WAL");
            database.Execute("PRAGMA synchronous=FULL");
            database.Execute("PRAGMA busy_timeout=5000");
            database.Migrate(path);
            return database;
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw new HyprException(ErrorKind.Internal, $"cannot open the database {path}: {e.Message}", e);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static int SchemaVersion => Migrations.Steps.Count;

    /// <summary>All or nothing. Transactions nest: an inner one is a part of the outer. The body must not await.</summary>
    public T Transact<T>(Func<T> body)
    {
        lock (_gate)
        {
            if (_transaction is not null)
            {
                return body();
            }

            // BEGIN IMMEDIATE: the write lock is taken here, not at the first write half-way.
            using var transaction = _connection.BeginTransaction(deferred: false);
            _transaction = transaction;
            try
            {
                var result = body();
                transaction.Commit();
                return result;
            }
            catch (SqliteException e) when (e.SqliteErrorCode == Full)
            {
                throw IsFull(e);
            }
            finally
            {
                _transaction = null;
            }
        }
    }

    public void Transact(Action body) => Transact(() =>
    {
        body();
        return 0;
    });

    /// <summary>Runs a statement; gives the number of rows changed.</summary>
    internal int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        lock (_gate)
        {
            try
            {
                return Prepare(sql, parameters).ExecuteNonQuery();
            }
            catch (SqliteException e) when (e.SqliteErrorCode == Full)
            {
                throw IsFull(e);
            }
        }
    }

    internal List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        lock (_gate)
        {
            using var reader = Prepare(sql, parameters).ExecuteReader();
            var rows = new List<T>();
            while (reader.Read())
            {
                rows.Add(read(reader));
            }

            return rows;
        }
    }

    internal T? QueryOne<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> parameters)
        where T : class => Query(sql, read, parameters) is [var first, ..] ? first : null;

    /// <summary>A value of the settings table: decisions taken once, such as the default network's subnet.</summary>
    public string? GetSetting(string key) => QueryOne("SELECT value FROM settings WHERE key=$key", r => r.GetString(0), ("$key", key));

    public void SetSetting(string key, string value) => Execute(
        "INSERT INTO settings(key,value) VALUES($key,$value) ON CONFLICT(key) DO UPDATE SET value=excluded.value", ("$key", key), ("$value", value));

    public void DeleteSetting(string key) => Execute("DELETE FROM settings WHERE key=$key", ("$key", key));

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var command in _commands.Values)
            {
                command.Dispose();
            }

            _commands.Clear();
            _connection.Dispose();
        }
    }

    private HyprException IsFull(SqliteException e) =>
        HyprException.Unavailable($"no space left on device for the database {_connection.DataSource}: make room, and try again", e);

    private SqliteCommand Prepare(string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = _connection.CreateCommand();
            command.CommandText = sql;
            _commands.Add(sql, command);
        }

        command.Transaction = _transaction;
        command.Parameters.Clear();
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        return command;
    }

    private void Migrate(string path)
    {
        var version = Query("PRAGMA user_version", r => r.GetInt32(0))[0];
        if (version > SchemaVersion)
        {
            throw new HyprException(ErrorKind.Internal,
                $"the database {path} is of a newer HYPR (schema {version}, this hyprd knows {SchemaVersion}): install that version again or move the file away");
        }

        for (var step = version; step < SchemaVersion; step++)
        {
            var to = step + 1;
            Transact(() =>
            {
                Execute(Migrations.Steps[to - 1]);
                Execute($"PRAGMA user_version={to}");
            });
        }
    }
}
