namespace Peregrine.Storage;

/// <summary>A file, the disk under it or what it holds is not what it should be.</summary>
public sealed class StorageException : IOException
{
    public StorageException(string message) : base(message)
    {
    }

    public StorageException(string message, Exception inner) : base(message, inner)
    {
    }

    internal StorageException(string message, int sqliteCode) : base(message) => SqliteCode = sqliteCode;

    /// <summary>SQLite's own (extended) result code, 0 where it was not SQLite that complained.</summary>
    public int SqliteCode { get; }

    /// <summary>Whether there was no room (SQLITE_FULL).</summary>
    public bool IsFull => (SqliteCode & 0xFF) is 13;

    /// <summary>Whether reading, writing or flushing failed (SQLITE_IOERR): what was written last may not be on the disk.</summary>
    public bool IsDiskError => (SqliteCode & 0xFF) is 10;

    /// <summary>Whether the file itself is damaged (SQLITE_CORRUPT, SQLITE_NOTADB) rather than busy, full or out of reach.</summary>
    public bool IsCorruption => (SqliteCode & 0xFF) is 11 or 26;
}
