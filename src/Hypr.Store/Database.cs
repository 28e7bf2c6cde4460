using Hypr.Primitives;
using Hypr.Store.Schema;
using Microsoft.Data.Sqlite;

namespace Hypr.Store;

/// <summary>
/// The desired state of everything: one SQLite file, one writer (hyprd). Every committed change is on the disk when the call returns
/// (WAL with synchronous=FULL: one sync a commit), but for those whose name says otherwise. Calls are synchronous and short; one at a time runs, callers may be many.
/// </summary>
public sealed class Database : IDisposable
{
    private const int Busy = 5; // SQLITE_BUSY
    private const int Full = 13; // SQLITE_FULL
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private readonly SqliteConnection _connection;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SqliteCommand> _commands = [];
    private readonly string _path;
    private readonly Faults? _faults;
    private readonly Queue<(Action Body, bool Synced)> _owed = [];
    private readonly Timer _later;
    private bool _isDisposed;
    private SqliteTransaction? _transaction;
    private bool _isSynced = true;

    private Database(SqliteConnection connection, string path, Faults? faults)
    {
        (_connection, _path, _faults) = (connection, path, faults);
        _later = new Timer(_ => TryPay());
    }

    /// <summary>Opens the file, makes it when missing and brings an older schema up to date. A newer one than this program's is refused.</summary>
    /// <param name="faults">Failures on purpose; null: none.</param>
    public static Database Open(string path, Faults? faults = null)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, ForeignKeys = true }.ToString());
        try
        {
            connection.Open();
            var database = new Database(connection, path, faults);
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
    /// <exception cref="HyprException">Unavailable: the disk is full, or another program holds the file.</exception>
    public T Transact<T>(Func<T> body) => Transact(body, synced: true);

    public void Transact(Action body) => Transact(Nothing(body), synced: true);

    /// <summary>
    /// As <see cref="Transact(Action)"/>, for what means nothing once this host has fallen, such as a running machine's links. It is in the log when the call returns
    /// and outlives hyprd; nobody waits for the disk, where it comes with the next change that is waited for.
    /// </summary>
    public void TransactUnsynced(Action body) => Transact(Nothing(body), synced: false);

    /// <summary>
    /// For what has happened already and cannot be taken back: written now or, while the disk is full or the file is locked, before the next change and each second,
    /// in the order of the calls; the body knows values, not where they stand at that moment. What is owed when hyprd dies its next start finds out by looking.
    /// </summary>
    public void Insist(Action body) => Insist(body, synced: true);

    /// <summary>As <see cref="Insist(Action)"/>, for what <see cref="TransactUnsynced"/> is for.</summary>
    public void InsistUnsynced(Action body) => Insist(body, synced: false);

    /// <summary>How many changes wait for room on the disk.</summary>
    public int Owed
    {
        get
        {
            lock (_gate)
            {
                return _owed.Count;
            }
        }
    }

    /// <summary>Runs a statement; gives the number of rows changed.</summary>
    internal int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        lock (_gate)
        {
            if (_transaction is null)
            {
                Pay();
            }

            try
            {
                Pass(Seam.StoreFull);
                if (_transaction is null)
                {
                    Pass(Seam.StoreBusy);
                    Sync(true);
                }

                return Prepare(sql, parameters).ExecuteNonQuery();
            }
            catch (SqliteException e) when (_transaction is null && Reason(e) is { } reason)
            {
                throw InWords(reason, e);
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
            _isDisposed = true;
            _later.Dispose();
            _connection.Dispose();
        }
    }

    private static Func<int> Nothing(Action body) => () =>
    {
        body();
        return 0;
    };

    private T Transact<T>(Func<T> body, bool synced)
    {
        lock (_gate)
        {
            if (_transaction is not null)
            {
                return synced && !_isSynced ? throw new InvalidOperationException("what must be on the disk is in a transaction that nobody waits for") : body();
            }

            Pay();
            return Run(body, synced);
        }
    }

    private void Insist(Action body, bool synced)
    {
        lock (_gate)
        {
            if (_transaction is not null)
            {
                body();
                return;
            }

            _owed.Enqueue((body, synced));
            TryPay();
        }
    }

    private T Run<T>(Func<T> body, bool synced)
    {
        try
        {
            // BEGIN IMMEDIATE: the write lock is taken here, not at the first write half-way.
            Pass(Seam.StoreBusy);
            Sync(synced);
            using var transaction = _connection.BeginTransaction(deferred: false);
            _transaction = transaction;
            var result = body();
            Pass(Seam.StoreFull);
            transaction.Commit();
            return result;
        }
        catch (SqliteException e) when (Reason(e) is { } reason)
        {
            throw InWords(reason, e);
        }
        finally
        {
            _transaction = null;
            try
            {
                Sync(true);
            }
            catch (SqliteException)
            {
                // SQLite could not roll back. The next write tries it again, and what went wrong is told first.
            }
        }
    }

    /// <summary>SQLite obeys this one while it compiles it, so it is compiled each time; within a transaction it cannot be changed.</summary>
    private void Sync(bool wait)
    {
        if (wait == _isSynced)
        {
            return;
        }

        using var pragma = _connection.CreateCommand();
        pragma.CommandText = wait ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL";
        pragma.ExecuteNonQuery();
        _isSynced = wait;
    }

    private void Pay()
    {
        while (_owed.TryPeek(out var owed))
        {
            Run(Nothing(owed.Body), owed.Synced);
            _owed.Dequeue();
        }
    }

    private void TryPay()
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            try
            {
                Pay();
            }
            catch (HyprException e) when (e.Kind == ErrorKind.Unavailable)
            {
                _later.Change(Again, Timeout.InfiniteTimeSpan);
            }
        }
    }

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

    /// <summary>What a person can do something about; null: a bug of ours, told as it is.</summary>
    private static string? Reason(SqliteException e) => e.SqliteErrorCode switch
    {
        Busy or 6 => "another program holds it locked. Close that one",
        8 => "it may not be written. See who owns it, and whether its file system is mounted read-only",
        10 => $"the disk fails ({e.Message}). See dmesg",
        11 or 26 => "it is damaged. Restore it from a copy, or move it away to begin anew",
        Full => "no space left on device. Make room",
        _ => null,
    };

    private HyprException InWords(string reason, SqliteException e) => HyprException.Unavailable($"cannot write {_path}: {reason}", e);

    private void Pass(Seam seam)
    {
        if (_faults is not null && _faults.Fails(seam))
        {
            throw seam == Seam.StoreBusy ? new SqliteException("database is locked", Busy) : new SqliteException("database or disk is full", Full);
        }
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
