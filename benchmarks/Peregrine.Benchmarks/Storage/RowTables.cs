using System.Diagnostics;

using Microsoft.Data.Sqlite;

using Peregrine.Storage.Sqlite;

using SQLitePCL;

namespace Peregrine.Benchmarks.Storage;

/// <summary>
/// One table of ten integers, written and read in every way that C# has. Each does what the C program does: the same statements and settings, and
/// only the loop is measured.
/// </summary>
internal static class RowTables
{
    internal const int Columns = 10;
    internal const int Batch = 1_000;

    private const string Create =
        "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" +
        "CREATE TABLE event(a INTEGER PRIMARY KEY, b INTEGER, c INTEGER, d INTEGER, e INTEGER, f INTEGER, g INTEGER, h INTEGER, i INTEGER, j INTEGER)";

    private const string Insert = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    private const string Select = "SELECT a, b, c, d, e, f, g, h, i, j FROM event ORDER BY a";

    /// <summary>What a loop took and how many rows it saw; <paramref name="Sum"/> is of all integers, wrapping, and proves that the work was done.</summary>
    internal readonly record struct Loop(double Nanos, long Rows, long Sum, long Allocated)
    {
        internal Sample PerRow => new(Nanos / Rows, (double)Allocated / Rows);
    }

    internal static Loop WriteOurs(string path, long[] rows)
    {
        using Database database = Database.OpenReadWrite(path, create: true);
        database.Execute(Create);
        using Statement insert = database.Prepare(Insert);
        using Statement begin = database.Prepare("BEGIN IMMEDIATE");
        using Statement commit = database.Prepare("COMMIT");
        long sum = 0;
        Meter meter = Meter.Start();
        for (int at = 0; at < rows.Length;)
        {
            begin.Run();
            for (int end = Math.Min(at + (Batch * Columns), rows.Length); at < end; at += Columns)
            {
                ReadOnlySpan<long> row = rows.AsSpan(at, Columns);
                for (int column = 0; column < row.Length; column++)
                {
                    insert.Bind(column + 1, row[column]);
                    sum += row[column];
                }
                insert.Run();
            }
            commit.Run();
        }
        return meter.Stop(rows.Length / Columns, sum);
    }

    internal static Loop ReadOurs(string path)
    {
        using Database database = Database.OpenReadOnly(path);
        using Statement select = database.Prepare(Select);
        long sum = 0;
        long count = 0;
        Meter meter = Meter.Start();
        while (select.Step())
        {
            for (int column = 0; column < Columns; column++) sum += select.Int64(column);
            count++;
        }
        return meter.Stop(count, sum);
    }

    internal static Loop WriteRaw(string path, long[] rows)
    {
        Batteries_V2.Init();
        _ = raw.sqlite3_open_v2(path, out sqlite3 database, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX, null);
        using (database)
        {
            _ = raw.sqlite3_exec(database, Create);
            _ = raw.sqlite3_prepare_v2(database, Insert, out sqlite3_stmt insert);
            _ = raw.sqlite3_prepare_v2(database, "BEGIN IMMEDIATE", out sqlite3_stmt begin);
            _ = raw.sqlite3_prepare_v2(database, "COMMIT", out sqlite3_stmt commit);
            using (insert)
            using (begin)
            using (commit)
            {
                long sum = 0;
                Meter meter = Meter.Start();
                for (int at = 0; at < rows.Length;)
                {
                    Step(begin);
                    for (int end = Math.Min(at + (Batch * Columns), rows.Length); at < end; at += Columns)
                    {
                        for (int column = 0; column < Columns; column++)
                        {
                            if (raw.sqlite3_bind_int64(insert, column + 1, rows[at + column]) != raw.SQLITE_OK) throw new InvalidOperationException("bind");
                            sum += rows[at + column];
                        }
                        Step(insert);
                    }
                    Step(commit);
                }
                return meter.Stop(rows.Length / Columns, sum);
            }
        }
    }

    internal static Loop ReadRaw(string path)
    {
        Batteries_V2.Init();
        _ = raw.sqlite3_open_v2(path, out sqlite3 database, raw.SQLITE_OPEN_READONLY | raw.SQLITE_OPEN_NOMUTEX, null);
        using (database)
        {
            _ = raw.sqlite3_prepare_v2(database, Select, out sqlite3_stmt select);
            using (select)
            {
                long sum = 0;
                long count = 0;
                Meter meter = Meter.Start();
                while (raw.sqlite3_step(select) == raw.SQLITE_ROW)
                {
                    for (int column = 0; column < Columns; column++) sum += raw.sqlite3_column_int64(select, column);
                    count++;
                }
                return meter.Stop(count, sum);
            }
        }
    }

    internal static Loop WriteAdo(string path, long[] rows)
    {
        using SqliteConnection connection = OpenAdo(path);
        Run(connection, Create);
        using SqliteCommand insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO event VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9)";
        SqliteParameter[] parameters = [.. Enumerable.Range(0, Columns).Select(column => insert.Parameters.Add(new SqliteParameter { ParameterName = $"${column}", SqliteType = SqliteType.Integer }))];
        long sum = 0;
        Meter meter = Meter.Start();
        for (int at = 0; at < rows.Length;)
        {
            using SqliteTransaction batch = connection.BeginTransaction();
            insert.Transaction = batch;
            for (int end = Math.Min(at + (Batch * Columns), rows.Length); at < end; at += Columns)
            {
                for (int column = 0; column < Columns; column++)
                {
                    parameters[column].Value = rows[at + column];
                    sum += rows[at + column];
                }
                insert.ExecuteNonQuery();
            }
            batch.Commit();
        }
        return meter.Stop(rows.Length / Columns, sum);
    }

    internal static Loop ReadAdo(string path)
    {
        using SqliteConnection connection = OpenAdo(path);
        using SqliteCommand select = connection.CreateCommand();
        select.CommandText = Select;
        using SqliteDataReader reader = select.ExecuteReader();
        long sum = 0;
        long count = 0;
        Meter meter = Meter.Start();
        while (reader.Read())
        {
            for (int column = 0; column < Columns; column++) sum += reader.GetInt64(column);
            count++;
        }
        return meter.Stop(count, sum);
    }

    private static SqliteConnection OpenAdo(string path)
    {
        Batteries_V2.Init();
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // A constant of this class.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private static void Step(sqlite3_stmt statement)
    {
        if (raw.sqlite3_step(statement) != raw.SQLITE_DONE) throw new InvalidOperationException("step");
        _ = raw.sqlite3_reset(statement);
    }

    private readonly struct Meter
    {
        private readonly long _allocated;
        private readonly long _began;

        private Meter(long allocated, long began)
        {
            _allocated = allocated;
            _began = began;
        }

        internal static Meter Start() => new(GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());

        internal Loop Stop(long rows, long sum) =>
            new(Stopwatch.GetElapsedTime(_began).TotalNanoseconds, rows, sum, GC.GetAllocatedBytesForCurrentThread() - _allocated);
    }
}
