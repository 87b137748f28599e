using System.Runtime.InteropServices;
using System.Text;

namespace Peregrine.Storage.Sqlite;

/// <summary>A prepared statement. Parameters count from 1, columns from 0, as in SQLite. Binding and stepping allocate nothing.</summary>
internal sealed unsafe class Statement(Database database, nint handle) : IDisposable
{
    /// <summary>Tells SQLite to copy what it is given, because the memory may move.</summary>
    private const nint Transient = -1;

    private nint _handle = handle;

    internal void Bind(int index, long value) => Check(SqliteNative.BindInt64(_handle, index, value));
    internal void BindReal(int index, double value) => Check(SqliteNative.BindDouble(_handle, index, value));
    internal void BindNull(int index) => Check(SqliteNative.BindNull(_handle, index));

    internal void BindText(int index, ReadOnlySpan<byte> utf8)
    {
        fixed (byte* start = utf8)
        {
            byte nothing = 0;
            Check(SqliteNative.BindText(_handle, index, start is null ? &nothing : start, utf8.Length, Transient));
        }
    }

    internal void BindText(int index, string text) => BindText(index, Encoding.UTF8.GetBytes(text));

    internal void BindBlob(int index, ReadOnlySpan<byte> value)
    {
        fixed (byte* start = value)
        {
            byte nothing = 0;
            Check(SqliteNative.BindBlob(_handle, index, start is null ? &nothing : start, value.Length, Transient));
        }
    }

    /// <summary>Binds memory that does not move (a pinned array) and stays as it is until the statement has run: no copy.</summary>
    internal void BindPinned(int index, byte* value, int length) => Check(SqliteNative.BindBlob(_handle, index, value, length, 0));

    /// <summary>Binds what a column of another statement holds, whatever its type.</summary>
    internal void BindColumn(int index, Statement row, int column) => Check(SqliteNative.BindValue(_handle, index, SqliteNative.ColumnValue(row._handle, column)));

    /// <summary>True when there is a row to read.</summary>
    internal bool Step()
    {
        int result = SqliteNative.Step(_handle);
        if (result == SqliteNative.Row) return true;
        if (result == SqliteNative.Done) return false;
        StorageException error = database.Error(result);
        _ = SqliteNative.Reset(_handle);
        throw error;
    }

    /// <summary>Runs to the end and makes ready for the next time.</summary>
    internal void Run()
    {
        while (Step())
        {
        }
        _ = SqliteNative.Reset(_handle);
    }

    internal void Reset() => _ = SqliteNative.Reset(_handle);

    internal bool IsNull(int column) => SqliteNative.ColumnType(_handle, column) == 5;
    internal long Int64(int column) => SqliteNative.ColumnInt64(_handle, column);
    internal double Real(int column) => SqliteNative.ColumnDouble(_handle, column);

    /// <summary>The bytes of a blob; valid until the next step.</summary>
    internal ReadOnlySpan<byte> Blob(int column)
    {
        byte* start = SqliteNative.ColumnBlob(_handle, column);
        return start is null ? default : new ReadOnlySpan<byte>(start, SqliteNative.ColumnBytes(_handle, column));
    }

    /// <summary>The bytes of a text; valid until the next step.</summary>
    internal ReadOnlySpan<byte> Utf8(int column)
    {
        byte* start = SqliteNative.ColumnText(_handle, column);
        return start is null ? default : new ReadOnlySpan<byte>(start, SqliteNative.ColumnBytes(_handle, column));
    }

    internal string Text(int column) => Encoding.UTF8.GetString(Utf8(column));

    private void Check(int result)
    {
        if (result != SqliteNative.Ok) throw database.Error(result);
    }

    public void Dispose()
    {
        if (_handle == 0) return;
        _ = SqliteNative.Finalize(_handle);
        _handle = 0;
    }
}
