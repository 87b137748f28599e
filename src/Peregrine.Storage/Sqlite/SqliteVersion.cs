using System.Globalization;

namespace Peregrine.Storage.Sqlite;

/// <summary>The native SQLite that is loaded.</summary>
public static class SqliteVersion
{
    /// <summary>As SQLite counts: 3050004 for 3.50.4.</summary>
    public static int Number => SqliteNative.LibraryVersion();

    public static string Text => string.Create(CultureInfo.InvariantCulture, $"{Number / 1_000_000}.{Number / 1_000 % 1_000}.{Number % 1_000}");

    /// <summary>
    /// Whether two connections that write or checkpoint one WAL file at the same instant can corrupt it (sqlite.org/wal.html#walresetbug: 3.7.0 to
    /// 3.51.2, mended in 3.50.7 and 3.51.3). There is only ever one read-write connection to a file here, which takes the trigger away.
    /// </summary>
    public static bool HasWalResetBug => IsAffected(Number);

    internal static bool IsAffected(int number) => number is >= 3_007_000 and <= 3_051_002 && number is not (>= 3_050_007 and < 3_051_000);
}
