using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Recovery;

/// <summary>
/// Reads the rows of a damaged table as far as they can be reached: from the front until a page that cannot be read, from the back likewise, and then from
/// the middle of what lies between, and so on.
/// </summary>
internal sealed class TolerantScan(Database database, string select, string key)
{
    /// <summary>Attempts at one table; each costs a few page reads. A table that is broken more often than this is read as far as they last.</summary>
    private const int AttemptsMax = 4_096;

    private int _attempts;

    /// <summary>Hands over every row that can be read; one in the middle of damage may come twice.</summary>
    /// <param name="from">No key is lower.</param>
    /// <param name="to">No key is higher.</param>
    /// <param name="row">Gets the statement on a row.</param>
    internal void Run(long from, long to, Action<Statement> row)
    {
        Queue<(long From, long To)> open = []; // Large holes first.
        open.Enqueue((from, to));
        while (open.TryDequeue(out (long From, long To) range))
        {
            if (range.From > range.To || ++_attempts > AttemptsMax) continue;
            long? front = Scan(range.From, range.To, ascending: true, row);
            if (front is not { } brokenAfter) continue; // All of it was read.
            long? back = Scan(brokenAfter, range.To, ascending: false, row);
            if (back is not { } brokenBefore || brokenAfter >= brokenBefore) continue;
            long middle = brokenAfter + (long)((ulong)(brokenBefore - brokenAfter) / 2);
            if (brokenAfter < middle) open.Enqueue((brokenAfter, middle - 1));
            open.Enqueue((middle, brokenBefore));
        }
    }

    /// <summary>Null when the range was read to its end; else the first key that was not reached.</summary>
    private long? Scan(long from, long to, bool ascending, Action<Statement> row)
    {
        long reached = ascending ? from : to;
        try
        {
            using Statement statement = database.Prepare($"{select} WHERE {key} BETWEEN ? AND ? ORDER BY {key}{(ascending ? "" : " DESC")}");
            statement.Bind(1, from);
            statement.Bind(2, to);
            while (statement.Step())
            {
                long at = statement.Int64(0);
                row(statement);
                if (ascending ? at == to : at == from) return null;
                reached = ascending ? at + 1 : at - 1;
            }
            return null;
        }
        catch (StorageException error) when (error.IsCorruption || error.IsDiskError)
        {
            return reached;
        }
    }
}
