using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Peregrine.Storage.Sqlite;

/// <summary>
/// One connection, for one thread. Of a file there is at most one that may write in this process (a second is refused), any number that read.
/// </summary>
internal sealed unsafe class Database : IDisposable
{
    private static readonly Lock WritersLock = new();
    private static readonly HashSet<string> Writers = new(StringComparer.Ordinal);

    private readonly bool _writes;
    private nint _handle;
    private GCHandle _progress;

    private Database(nint handle, string path, bool writes)
    {
        _handle = handle;
        Path = path;
        _writes = writes;
    }

    internal string Path { get; }

    /// <summary>Opens the only connection that may write the file.</summary>
    /// <exception cref="StorageException">There is one already, or SQLite cannot open it.</exception>
    internal static Database OpenReadWrite(string path, bool create = false)
    {
        string full = Files.Posix.RealPath(path); // Two names of one file are one file.
        lock (WritersLock)
        {
            if (!Writers.Add(full))
                throw new StorageException($"{full} already has its one read-write connection; a second could corrupt it (SQLite {SqliteVersion.Text}).");
        }
        try
        {
            int flags = SqliteNative.OpenReadWrite | (create ? SqliteNative.OpenCreate : 0);
            return new Database(OpenHandle(full, flags), full, writes: true);
        }
        catch
        {
            lock (WritersLock) Writers.Remove(full);
            throw;
        }
    }

    /// <summary>Opens a connection that cannot write; the file may be live.</summary>
    internal static Database OpenReadOnly(string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        Database database = new(OpenHandle(full, SqliteNative.OpenReadOnly), full, writes: false);
        try
        {
            database.Execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA query_only = ON");
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>An empty database that lives as long as the connection.</summary>
    internal static Database OpenMemory() => new(OpenHandle(":memory:", SqliteNative.OpenReadWrite | SqliteNative.OpenCreate), ":memory:", writes: false);

    private static nint OpenHandle(string path, int flags)
    {
        int result = SqliteNative.Open(path, out nint handle, flags | SqliteNative.OpenNoMutex | SqliteNative.OpenExtendedCodes, 0);
        if (result == SqliteNative.Ok)
        {
            _ = SqliteNative.BusyTimeout(handle, 5_000);
            return handle;
        }
        string message = handle == 0 ? "out of memory" : MessageOf(handle);
        _ = SqliteNative.Close(handle);
        throw new StorageException($"{path}: {message} (SQLite code {result}).", result);
    }

    /// <summary>Whether a transaction is open.</summary>
    internal bool InTransaction => SqliteNative.GetAutoCommit(_handle) == 0;

    /// <summary>Rows that the last insert, update or delete touched.</summary>
    internal int Changes => SqliteNative.Changes(_handle);

    internal void Execute(string sql)
    {
        int result = SqliteNative.Execute(_handle, sql, 0, 0, 0);
        if (result != SqliteNative.Ok) throw Error(result);
    }

    internal Statement Prepare(string sql)
    {
        int result = SqliteNative.Prepare(_handle, sql, -1, out nint statement, 0);
        if (result != SqliteNative.Ok) throw Error(result);
        return new Statement(this, statement);
    }

    /// <summary>The first column of the first row as text; empty where there is none.</summary>
    internal string QueryText(string sql)
    {
        using Statement statement = Prepare(sql);
        return statement.Step() ? statement.Text(0) : "";
    }

    /// <summary>The first column of the first row; 0 where there is none or it is NULL.</summary>
    internal long QueryInt64(string sql)
    {
        using Statement statement = Prepare(sql);
        return statement.Step() ? statement.Int64(0) : 0;
    }

    /// <summary>How long a statement waits for other connections before it gives up.</summary>
    internal void WaitAtMost(TimeSpan wait) => _ = SqliteNative.BusyTimeout(_handle, (int)wait.TotalMilliseconds);

    /// <summary>Moves WAL frames into the file; a busy PASSIVE checkpoint simply does less. Returns the frames that the WAL holds.</summary>
    internal int Checkpoint(bool truncate)
    {
        int mode = truncate ? SqliteNative.CheckpointTruncate : SqliteNative.CheckpointPassive;
        int result = SqliteNative.Checkpoint(_handle, 0, mode, out int frames, out _);
        if (result != SqliteNative.Ok && (truncate || (result & 0xFF) != 5)) throw Error(result);
        return frames;
    }

    /// <summary>Moves WAL frames into the file in a mode of SQLite's. Readers may keep it from being done whole; that is no error.</summary>
    internal WalState Checkpoint(int mode)
    {
        int result = SqliteNative.Checkpoint(_handle, 0, mode, out int frames, out int broughtHome);
        if (result != SqliteNative.Ok && (result & 0xFF) != 5) throw Error(result);
        return new WalState(frames, broughtHome);
    }

    /// <summary>Ends statements of this connection with SQLITE_INTERRUPT once <paramref name="isOver"/> says so; null lets them run.</summary>
    internal void InterruptWhen(Func<bool>? isOver)
    {
        SqliteNative.ProgressHandler(_handle, 0, null, 0);
        if (_progress.IsAllocated) _progress.Free();
        if (isOver is null) return;
        _progress = GCHandle.Alloc(isOver);
        SqliteNative.ProgressHandler(_handle, 10_000, &OnProgress, GCHandle.ToIntPtr(_progress));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnProgress(nint argument) => ((Func<bool>)GCHandle.FromIntPtr(argument).Target!)() ? 1 : 0;

    internal StorageException Error(int result) => new($"{Path}: {MessageOf(_handle)} (SQLite code {result}).", result);

    private static string MessageOf(nint handle) => Marshal.PtrToStringUTF8((nint)SqliteNative.ErrorMessage(handle)) ?? "unknown error";

    public void Dispose()
    {
        if (_handle == 0) return;
        InterruptWhen(null);
        _ = SqliteNative.Close(_handle);
        _handle = 0;
        if (!_writes) return;
        lock (WritersLock) Writers.Remove(Path);
    }
}
