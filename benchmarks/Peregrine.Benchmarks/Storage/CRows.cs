using System.Globalization;
using System.Runtime.InteropServices;

using Peregrine.Storage.Sqlite;

namespace Peregrine.Benchmarks.Storage;

/// <summary>The C yardstick: the same table through SQLite's C API, in the same library file that this process has loaded.</summary>
internal sealed class CRows
{
    private readonly YardstickProgram _program;
    private readonly string _library;

    private CRows(YardstickProgram program, string library)
    {
        _program = program;
        _library = library;
    }

    /// <summary>Null where there is no C compiler.</summary>
    internal static CRows? Find()
    {
        _ = SqliteVersion.Number; // Loads the library, if nothing has yet.
        string? library = File.ReadLines("/proc/self/maps").Select(static line => line[(line.IndexOf('/', StringComparison.Ordinal) is >= 0 and var at ? at : line.Length)..])
            .FirstOrDefault(static path => Path.GetFileName(path).StartsWith("libe_sqlite3", StringComparison.Ordinal));
        return library is not null && YardstickProgram.Find("sqlite_rows.c") is { } program ? new CRows(program, library) : null;
    }

    /// <summary>Leaves the rows where <see cref="Write"/> reads them.</summary>
    internal static void Save(string file, long[] rows) => File.WriteAllBytes(file, MemoryMarshal.AsBytes(rows.AsSpan()));

    internal RowTables.Loop Write(string database, string rowsFile) =>
        Parse(_program.Run(_library, "write", database, rowsFile, RowTables.Batch.ToString(CultureInfo.InvariantCulture)));

    internal RowTables.Loop Read(string database) => Parse(_program.Run(_library, "read", database));

    private static RowTables.Loop Parse(string printed)
    {
        string[] numbers = printed.Split(' ', StringSplitOptions.TrimEntries);
        return new RowTables.Loop(
            double.Parse(numbers[0], CultureInfo.InvariantCulture), long.Parse(numbers[1], CultureInfo.InvariantCulture),
            unchecked((long)ulong.Parse(numbers[2], CultureInfo.InvariantCulture)), 0);
    }
}
