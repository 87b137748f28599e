using Peregrine.Benchmarks.Storage;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Tests;

/// <summary>The yardsticks of the benchmarks do the same work as ours, or the ratios would mean nothing.</summary>
public sealed class YardstickTests
{
    [Fact]
    public void The_c_program_and_our_writer_leave_the_same_rows()
    {
        CRows? c = CRows.Find();
        Assert.SkipWhen(c is null, "there is no C compiler here");
        using TestFolder folder = new();
        Random random = new(9);
        long[] rows = TickerStream.AsRows(new TickerStream(seed: 9).Take(2_500));
        for (int i = 0; i < rows.Length; i++)
            if (i % RowTables.Columns > 0 && random.Next(3) == 0) rows[i] = random.NextInt64(long.MinValue, long.MaxValue); // The first column is the key.
        CRows.Save(folder.File("rows.bin"), rows);
        RowTables.Loop theirs = c.Write(folder.File("c.db"), folder.File("rows.bin"));
        RowTables.Loop ours = RowTables.WriteOurs(folder.File("ours.db"), rows);
        Assert.Equal((ours.Rows, ours.Sum), (theirs.Rows, theirs.Sum));
        Peregrine.Testing.Allocation.AssertNone(ours.Allocated);
        Assert.Equal(rows, Content(folder.File("ours.db")));
        Assert.Equal(rows, Content(folder.File("c.db")));
        RowTables.WriteRaw(folder.File("raw.db"), rows);
        RowTables.WriteAdo(folder.File("ado.db"), rows);
        Assert.Equal(rows, Content(folder.File("raw.db")));
        Assert.Equal(rows, Content(folder.File("ado.db")));
        Assert.All([c.Read(folder.File("c.db")), RowTables.ReadOurs(folder.File("c.db")), RowTables.ReadRaw(folder.File("c.db")), RowTables.ReadAdo(folder.File("c.db"))], read => Assert.Equal((ours.Rows, ours.Sum), (read.Rows, read.Sum)));
    }

    private static long[] Content(string path)
    {
        using Database database = Database.OpenReadOnly(path);
        using Statement select = database.Prepare("SELECT * FROM event ORDER BY a");
        List<long> content = [];
        while (select.Step())
            for (int column = 0; column < RowTables.Columns; column++) content.Add(select.Int64(column));
        return [.. content];
    }
}
