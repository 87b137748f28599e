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

    /// <summary>Whether the file itself is damaged (SQLITE_CORRUPT, SQLITE_NOTADB) rather than busy, full or out of reach.</summary>
    public bool IsCorruption => (SqliteCode & 0xFF) is 11 or 26;
}
